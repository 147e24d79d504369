//go:build !vapd_satellite && cgo && !race

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vapd/internal/netns"
	"vapd/protocol/control"
)

const oracleID = "org.example.oracle"

// skillLAN has hubs in the far namespace and in the test's own, where skills are.
type skillLAN struct {
	t        *testing.T
	dir      string
	hub      *daemonProcess // at 10.77.0.2
	hubReady control.HubReady
}

func newSkillLAN(t *testing.T) *skillLAN {
	h := &skillLAN{t: t, dir: t.TempDir()}
	h.startHub()
	t.Cleanup(func() {
		_ = h.hub.stop(syscall.SIGTERM)
		if t.Failed() {
			t.Logf("hub:\n%s", h.hub.tail())
		}
	})
	return h
}

func (h *skillLAN) startHub() {
	h.t.Helper()
	h.hub = h.start("far", "far", "10.77.0.2:5683", &h.hubReady)
}

func (h *skillLAN) start(host, name, listen string, ready *control.HubReady) *daemonProcess {
	h.t.Helper()
	if host == "near" {
		host = ""
	}
	return startDaemonOn(h.t, host, nil, filepath.Join(h.dir, name+".log"), ready,
		"hub", "--control", filepath.Join(h.dir, name+".sock"), "run", "--listen", listen, "--state", filepath.Join(h.dir, name), "--set", "name="+name)
}

// command runs a command of the far hub.
func (h *skillLAN) command(args ...string) string {
	h.t.Helper()
	return vapdOK(h.t, append([]string{"hub", "--control", h.hubReady.Control}, args...)...)
}

// skill is what the hub says of the oracle.
func (h *skillLAN) skill() control.HubSkill {
	h.t.Helper()
	var all []control.HubSkill
	out := h.command("skills", "--json")
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		h.t.Fatalf("%v\n%s", err, out)
	}
	for _, s := range all {
		if s.ID == oracleID {
			return s
		}
	}
	return control.HubSkill{}
}

// answers waits until the far hub's oracle answers, encrypted, and says how long that took.
func (h *skillLAN) answers() time.Duration {
	h.t.Helper()
	began := time.Now()
	for {
		s := h.skill()
		said := vapdOK(h.t, "skill", "say", "--control", h.hubReady.Control, "ask the oracle")
		if said == oracleID+": Perhaps.\n" && s.Listening && s.Encrypted {
			return time.Since(began)
		}
		if time.Since(began) > time.Minute {
			h.t.Fatalf("it is said %q of %+v", said, s)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// env is that of a skill that runs in the test's namespace, or of a command about it.
func (h *skillLAN) env(hub string) []string {
	return append(os.Environ(), "XDG_STATE_HOME="+filepath.Join(h.dir, "skills"), "VAP_HUB="+hub)
}

// output is what a program prints, for several goroutines.
type output struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

// until waits for a text.
func (o *output) until(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(o.String(), text); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it does not say %q:\n%s", text, o)
		}
	}
}

// run runs the test binary as a skill until the test ends.
func (h *skillLAN) run(id, hub string) *output {
	h.t.Helper()
	out := new(output)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(h.env(hub), asSkill+"="+id)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		_ = cmd.Wait()
		if h.t.Failed() {
			h.t.Logf("skill %s:\n%s", id, out)
		}
	})
	return out
}

// pairs runs "vapd skill pair" where the skill is.
func (h *skillLAN) pairs(hub string, args ...string) (string, error) {
	cmd := program(h.t.Context(), append([]string{"skill", "pair"}, args...)...)
	cmd.Env = append(h.env(hub), asProgram+"=1")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

const remedy = "run 'vapd hub skills pair' there, then 'vapd skill pair " + oracleID + " --code DIGITS' here"

// A skill on another machine is told what to do, is paired by a code, finds its hub, and is
// back after the hub was killed, after it got another key, and no more when it was shut out.
func TestASkillOnALAN(t *testing.T) {
	if !netns.Inside(t, netns.Cable) {
		return
	}
	h := newSkillLAN(t)
	for _, hub := range []string{"10.77.0.2", ""} {
		h.run(oracleID, hub).until(t, remedy)
	}
	if s := h.skill(); s.ID != "" {
		t.Errorf("a stranger is known: %+v", s)
	}
	owner := dialogOf(t, "hub", "--control", h.hubReady.Control, "skills", "pair")
	code := owner.until(`skill pair ID --code (\d{8})`)
	if out, err := h.pairs("", oracleID, "--code", wrong(code)); err == nil || !strings.Contains(out, "the code is wrong") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := h.pairs("", oracleID, "--code", code, "--name", "Oracle"); err != nil || !strings.Contains(out, "is paired with hub far.") {
		t.Fatalf("%v: %s", err, out)
	}
	owner.until("is paired")
	keys := filepath.Join(h.dir, "skills", "vap_skill", oracleID, "pairings.json")
	if info, err := os.Stat(keys); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("pairings.json: %v, %v", info, err)
	}
	h.run(oracleID, "")
	h.answers()
	if out := h.command("skills"); !strings.Contains(out, "paired") {
		t.Error(out)
	}

	_ = h.hub.stop(syscall.SIGKILL)
	h.startHub()
	t.Logf("back %v after the hub was killed and is there again", h.answers())

	if out := h.command("skills", "rotate", oracleID); !strings.Contains(out, "has a new key.") {
		t.Error(out)
	}
	h.until("paired under the new key", func(s control.HubSkill) bool { return s.Key == "paired" })
	h.answers()

	// Its key, taken by a skill of another id, is of no use.
	other := filepath.Join(h.dir, "skills", "vap_skill", "org.example.thief")
	if err := os.MkdirAll(other, 0o700); err != nil {
		t.Fatal(err)
	}
	stolen, err := os.ReadFile(keys)
	if err == nil {
		err = os.WriteFile(filepath.Join(other, "pairings.json"), stolen, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	h.run("org.example.thief", "").until(t, "pairingRequired")
	h.answers()

	h.command("skills", "unpair", oracleID)
	h.until("gone", func(s control.HubSkill) bool { return !s.Connected && s.Key == "" })
	h.run(oracleID, "").until(t, "refuses identity or key")
	out := vapdOK(t, "hub", "audit", "--state", filepath.Join(h.dir, "far"))
	for _, entry := range []string{"skill.pair", "pairing.paired", "skill.rotate", "pairing.rotated", "skill.unpair", "skill " + oracleID} {
		if !strings.Contains(out, entry) {
			t.Errorf("the audit log has no %s:\n%s", entry, out)
		}
	}
}

func (h *skillLAN) until(what string, want func(control.HubSkill) bool) {
	h.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		s := h.skill()
		if want(s) {
			return
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("not %s: %+v", what, s)
		}
	}
}

// wrong is another code than that.
func wrong(code string) string {
	if code[0] == '1' {
		return "2" + code[1:]
	}
	return "1" + code[1:]
}

// Of several hubs a skill goes to the one that it is paired with, or asks which. The hub of
// its own machine comes first, and takes it as it is.
func TestWhichOfSeveralHubs(t *testing.T) {
	if !netns.Inside(t, netns.Cable) {
		return
	}
	h := newSkillLAN(t)
	var nearReady control.HubReady
	near := h.start("near", "near", "10.77.0.1:5683", &nearReady)
	t.Cleanup(func() { _ = near.stop(syscall.SIGTERM) })
	out := h.run(oracleID, "")
	out.until(t, "there are several hubs")
	for _, want := range []string{`\"near\" at 10.77.0.1:5683`, `\"far\" at 10.77.0.2:5683`, "VAP_HUB"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not name %s: %s", want, out)
		}
	}
	file := filepath.Join(h.dir, "key.toml")
	h.command("skills", "pair", "--export", file, "--id", oracleID)
	if out, err := h.pairs("", "--key", file); err != nil || !strings.Contains(out, "has the key of hub far.") {
		t.Fatalf("%v: %s", err, out)
	}
	h.answers() // the one that asked which looks at its keys again

	// What is paired elsewhere goes to no other hub without encryption.
	h.run(oracleID, "10.77.0.1").until(t, "is not the one that it is paired with")

	// The skill of the near hub's machine needs no key.
	h.run("org.example.local", "10.77.0.1").until(t, "encrypted=false")
	if err := near.stop(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	near = h.start("near", "near", "[::]:5683", &nearReady)
	h.run("org.example.other", "").until(t, "127.0.0.1:5683 encrypted=false")
}

// A skill in Python, which knows no encryption, is on another machine than its hub, and comes
// back when that was killed.
func TestAPythonSkillOnALAN(t *testing.T) {
	if !netns.Inside(t, netns.Cable) {
		return
	}
	h := newSkillLAN(t)
	const id = "org.example.dice"
	dir := filepath.Join(h.dir, "dice")
	for _, name := range []string{"dice.py", "vap_skill.py"} {
		text, err := os.ReadFile(filepath.Join("../../skill/python", name))
		if err == nil {
			err = os.MkdirAll(dir, 0o700)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(h.dir, "key.toml")
	h.command("skills", "pair", "--export", file, "--id", id)
	run := func(args ...string) *exec.Cmd {
		cmd := program(t.Context(), append([]string{"skill", "run", dir}, args...)...)
		cmd.Env = append(h.env("10.77.0.2"), asProgram+"=1", "PYTHONDONTWRITEBYTECODE=1")
		return cmd
	}
	if out, err := run("--id", id).CombinedOutput(); err == nil || !strings.Contains(string(out), "vapd skill pair "+id) {
		t.Errorf("without a key: %v: %s", err, out)
	}
	if out, err := h.pairs("", "--key", file); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out := new(output)
	cmd := run("--id", id)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	flips := func() time.Duration {
		t.Helper()
		for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
			said := vapdOK(t, "skill", "say", "--control", h.hubReady.Control, "flip a coin")
			if said == id+": Heads.\n" || said == id+": Tails.\n" {
				return time.Since(began)
			}
			if time.Since(began) > time.Minute {
				t.Fatalf("it says %q: %s", said, out)
			}
		}
	}
	flips()
	_ = h.hub.stop(syscall.SIGKILL) // it can't say goodbye
	h.startHub()
	t.Logf("back %v after the hub was killed and is there again", flips())
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("its end: %v: %s", err, out)
	}
}
