package skill_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/vap"
)

// start starts a program in Python; stop ends it and returns what it printed.
func start(t *testing.T, args ...string) (stop func() string) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal("python3 is missing: install the Debian package python3")
	}
	cmd := exec.Command(python, args...)
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceValue(func() string {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v\n%s", args, err, out.String())
		}
		return out.String()
	})
	t.Cleanup(func() {
		if said := stop(); t.Failed() {
			t.Log(said)
		}
	})
	return stop
}

func words(value string) vap.SkillRequest {
	return vap.SkillRequest{Type: vap.RequestIntent, Intent: "repeat", Input: "say it", Slots: []vap.SlotValue{{Name: "words", Value: &value}}}
}

func TestASkillInPython(t *testing.T) {
	const parrot = "org.example.parrot"
	state := filepath.Join(t.TempDir(), "state", "parrot.token")
	h := newHouse(t, newHub(), loopback())
	stop := start(t, "testdata/parrot.py", h.addr.String(), state)
	await(t, "skill", h.listens)

	h.mu.Lock()
	r := h.registered[0]
	h.mu.Unlock()
	if len(r.NLU) != 1 || len(r.NLU[0].Intents) != 2 || len(r.NLU[0].Intents[0].Utterances) != 1000 || len(r.Events) != 1 {
		t.Fatalf("registered: %.300v", r)
	}
	slot := vap.Slot{Name: "words", Entity: "words", Required: true, Prompt: "What?", Reprompt: "Say it again?"}
	if got := r.NLU[0].Intents[0].Slots; len(got) != 1 || got[0] != slot {
		t.Errorf("slots %+v", got)
	}
	if e := r.NLU[0].Entities; len(e) != 1 || !e[0].Strict || len(e[0].Values) != 2 || strings.Join(e[0].Values[1].Synonyms, " ") != "bye farewell" {
		t.Errorf("entities %+v", e)
	}
	if info, err := os.Stat(state); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the token: %v, %v", info, err)
	}

	long := strings.Repeat("long ", 1000)
	for said, want := range map[string]string{
		"hello": "olleh", "grüße": "eßürg", "colour": "red 404", "elsewhere": "204", "who": "None 0.0 ['voice']",
		long: reverse(long), // in blocks, both ways
	} {
		if a, err := h.ask(t, parrot, words(said)); err != nil || voice(a) != want {
			t.Errorf("%.20q: %.40q, want %.40q, %v", said, voice(a), want, err)
		}
	}
	a, err := h.ask(t, parrot, words("hello"))
	led, ok := vap.Find(a.Capabilities, vap.CapLED)
	if data, _ := led.Fields["data"].([]byte); err != nil || !ok || !bytes.Equal(data, []byte{0, 255}) {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := h.ask(t, parrot, words("colour")); err != nil || a.Code != codes.Content {
		t.Errorf("what is cacheable has %v, %v", a.Code, err)
	}
	req := words("who")
	req.Capabilities = []vap.Capability{{Name: "speaker", Fields: map[string]any{"speaker": "Anna", "confidence": 0.9}}}
	if a, err := h.ask(t, parrot, req); err != nil || voice(a) != "Anna 0.9 ['voice']" {
		t.Errorf("%q, %v", voice(a), err)
	}
	h.mu.Lock()
	if i := h.said[0]; i.ClientID != "org.example.hall" || len(i.Capabilities) != 1 {
		t.Errorf("it said %+v", i)
	}
	h.mu.Unlock()
	nothing := vap.SkillRequest{Type: vap.RequestIntent, Intent: "repeat", Slots: []vap.SlotValue{{Name: "words"}}}
	if a, err := h.ask(t, parrot, nothing); err != nil || voice(a) != "What?" || !a.KeepOpen {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := h.ask(t, parrot, vap.SkillRequest{Type: vap.RequestIntent, Intent: "fail"}); err == nil && a.Code != codes.InternalServerError {
		t.Errorf("a handler that fails answers %+v", a)
	}
	if a, err := h.ask(t, parrot, vap.SkillRequest{Type: vap.RequestEvent, Event: "client_joined"}); err != nil || voice(a) != "client_joined org.example.kitchen" {
		t.Errorf("%+v, %v", a, err)
	}
	for said, want := range map[string]float32{"hello": 0.75, "what": 0} {
		req := words(said)
		req.Type = vap.RequestCanYouAnswer
		if a, err := h.ask(t, parrot, req); err != nil || a.Confidence != want {
			t.Errorf("%s: %v, %v", said, a.Confidence, err)
		}
	}

	// The hub is started again: the skill comes back, with its token.
	h.close()
	<-h.left
	h = newHouse(t, h.hub, h.addr)
	await(t, "skill after a restart of the hub", h.listens)
	h.mu.Lock()
	if last := h.tokens[len(h.tokens)-1]; last != h.token {
		t.Errorf("it came back with the token %q", last)
	}
	h.mu.Unlock()
	if a, err := h.ask(t, parrot, words("hello")); err != nil || voice(a) != "olleh" {
		t.Errorf("after the restart: %q, %v", voice(a), err)
	}
	stop()
	if why := await(t, "goodbye", h.left); why != nil {
		t.Errorf("it left without a goodbye: %v", why)
	}
}

// A hub that vanished without a word, and knows nothing of the skill when it is there again,
// is noticed by a skill that has nothing to say, which comes back with its token.
func TestAHubVanishesFromASkillInPython(t *testing.T) {
	h := newHouse(t, newHub(), loopback())
	start(t, "testdata/parrot.py", h.addr.String(), filepath.Join(t.TempDir(), "token"), "0.5")
	await(t, "skill", h.listens)
	h.vanish()
	<-h.left
	h = newHouse(t, h.hub, h.addr)
	await(t, "skill after the hub had vanished", h.listens)
	h.mu.Lock()
	if last := h.tokens[len(h.tokens)-1]; last != h.token {
		t.Errorf("it came back with the token %q", last)
	}
	h.mu.Unlock()
	if a, err := h.ask(t, "org.example.parrot", words("hello")); err != nil || voice(a) != "olleh" {
		t.Errorf("%q, %v", voice(a), err)
	}
}

func reverse(s string) string {
	r := []rune(s)
	for i, k := 0, len(r)-1; i < k; i, k = i+1, k-1 {
		r[i], r[k] = r[k], r[i]
	}
	return string(r)
}

func TestTheExample(t *testing.T) {
	h := newHouse(t, newHub(), loopback())
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	t.Setenv("VAP_HUB", h.addr.String())
	start(t, "python/dice.py")
	await(t, "skill", h.listens)
	sides := "20"
	a, err := h.ask(t, "org.example.dice", vap.SkillRequest{Type: vap.RequestIntent, Intent: "roll", Slots: []vap.SlotValue{{Name: "sides", Value: &sides}}})
	var n int
	if _, scan := fmt.Sscanf(voice(a), "%d.", &n); err != nil || scan != nil || n < 1 || n > 20 {
		t.Errorf("%q, %v", voice(a), err)
	}
	a, err = h.ask(t, "org.example.dice", vap.SkillRequest{Type: vap.RequestIntent, Intent: "coin"})
	if v := voice(a); err != nil || v != "Heads." && v != "Tails." {
		t.Errorf("%q, %v", v, err)
	}
}

// What an author mistypes is an error that names it, before a hub is asked.
func TestMistakesInPython(t *testing.T) {
	dir := t.TempDir()
	manifest := func(text string) string {
		path := filepath.Join(dir, "en.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return "skill.manifest(" + strconv.Quote(path) + ")"
	}
	for want, program := range map[string]string{
		"nothing handles the intent roll: decorate it with @skill.intent('roll')": `skill.language("en", {"roll": ["roll"]}); skill.run()`,
		"handlers of intents: rol is not known: want one of roll": `skill.language("en", {"roll": ["roll"]})
skill.intent("roll")(print)
skill.intent("rol")(print)
skill.run()`,
		"roll has two handlers":                                          `skill.intent("roll")(print); skill.intent("roll")(print)`,
		"slots of: rol is not known: want one of roll":                   `skill.language("en", {"roll": ["roll"]}, slots={"rol": {}})`,
		"slot sides: entty is not known: want one of entity":             `skill.language("en", {"roll": ["roll {sides}"]}, slots={"roll": {"sides": {"entty": "number"}}})`,
		"entity colour: value is not known: want one of strict, values":  `skill.language("en", {}, entities={"colour": {"value": ["red"]}})`,
		"intent roll: slotz is not known: want one of slots, utterances": manifest(`{"intents": {"roll": {"utterances": ["roll"], "slotz": {}}}}`),
	} {
		cmd := exec.Command("python3", "-c", "from vap_skill import Skill; skill = Skill('org.example.dice', 'Dice')\n"+program)
		cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "PYTHONPATH=python", "VAP_HUB=127.0.0.1:9")
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "ValueError: ") || !strings.Contains(string(out), want) {
			t.Errorf("want %q: %v\n%s", want, err, out)
		}
	}
}

// A skill that somebody else is ends with an error that says so.
func TestAWrongToken(t *testing.T) {
	h := newHub()
	h.token = "somebody else's"
	house := newHouse(t, h, loopback())
	cmd := exec.Command("python3", "testdata/parrot.py", house.addr.String(), filepath.Join(t.TempDir(), "token"))
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !strings.Contains(string(out), "4.01 uniqueAuthenticationTokenErronous") {
		t.Errorf("%v\n%s", err, out)
	}
}
