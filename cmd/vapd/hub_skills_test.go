//go:build !vapd_satellite

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"vapd/protocol/control"
)

// dice runs the example in Python; ended is what it printed when it ended by itself, and
// stop ends it.
func dice(t *testing.T, hub, state string) (ended, stop func() string) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.Command("python3", "../../skill/python/dice.py")
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "VAP_HUB="+hub, "XDG_STATE_HOME="+state)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatalf("install the Debian package python3: %v", err)
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	ended = func() string {
		t.Helper()
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			t.Error("the skill does not end")
			_ = cmd.Process.Kill()
			<-done
		}
		return out.String()
	}
	stop = func() string {
		t.Helper()
		_ = cmd.Process.Signal(syscall.SIGTERM)
		return ended()
	}
	t.Cleanup(func() {
		if said := stop(); t.Failed() {
			t.Log(said)
		}
	})
	return ended, stop
}

// A skill that somebody else wrote answers what is said to the hub, until the owner does
// not want it any more.
func TestASkillOfAnotherProcess(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	hub, ready := startHub(t, dir)
	run := func(args ...string) (string, error) {
		t.Helper()
		return vapdOutput(append([]string{"hub", "--control", ready.Control}, args...)...)
	}
	say := func(args ...string) string {
		t.Helper()
		return vapdOK(t, append([]string{"skill", "say", "--control", ready.Control}, args...)...)
	}
	until := func(what string, want func(control.HubSkill) bool) {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			var all []control.HubSkill
			out, err := run("skills", "--json")
			if err != nil || json.Unmarshal([]byte(out), &all) != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			all = slices.DeleteFunc(all, func(s control.HubSkill) bool { return s.State == control.SkillOwn })
			if len(all) == 1 && want(all[0]) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("not %s: %s", what, out)
			}
		}
	}
	if out := say("roll the dice"); !strings.HasPrefix(out, "nobody: Sorry, I did not understand that.") {
		t.Errorf("%s", out)
	}
	ended, _ := dice(t, ready.CoAP, state)
	there := func(s control.HubSkill) bool {
		return s.ID == "org.example.dice" && s.Listening && s.State == "approved"
	}
	until("there", there)
	answered := regexp.MustCompile(`^org\.example\.dice: (\d+)\.\n$`)
	for _, sentence := range []string{"roll the dice", "Roll a twenty sided dice!", "please throw the dice"} {
		if out := say(sentence); !answered.MatchString(out) {
			t.Errorf("%s: %s", sentence, out)
		}
	}
	if out := say("roll", "a", "one", "sided", "dice"); out != "org.example.dice: With how many sides? It listens for what is said next.\n" {
		t.Errorf("%s", out)
	}
	if out := say("what time is it"); !strings.HasPrefix(out, "org.vapd.clock: It is ") {
		t.Errorf("%s", out)
	}
	if out := say("--why", "roll a twenty sided dice"); !strings.Contains(out, "exact") || !strings.Contains(out, "roll") {
		t.Errorf("%s", out)
	}

	// What it may is kept, and so is who it is.
	if out, err := run("skills", "grant", "org.example.dice", "led", "volume"); err != nil || !strings.Contains(out, "may use led, volume.") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := run("skills", "revoke", "org.example.dice", "led"); err != nil || !strings.Contains(out, "may no longer use led.") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := run("skills", "grant", "org.example.nobody", "led"); err == nil || !strings.Contains(out, "no such skill") {
		t.Errorf("%v: %s", err, out)
	}
	if err := hub.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_, ready = startHubAt(t, dir, ready.CoAP)
	until("there after a restart", there)
	if out := say("flip a coin"); out != "org.example.dice: Heads.\n" && out != "org.example.dice: Tails.\n" {
		t.Errorf("%s", out)
	}
	if out, err := run("skills"); err != nil || !strings.Contains(out, "volume") || strings.Contains(out, "led") {
		t.Errorf("%v: %s", err, out)
	}

	// Somebody who has not its token is not the skill.
	thief, _ := dice(t, ready.CoAP, t.TempDir())
	if out := thief(); !strings.Contains(out, "uniqueAuthenticationTokenErronous") {
		t.Errorf("%s", out)
	}

	if out, err := run("skills", "deny", "org.example.dice"); err != nil || !strings.Contains(out, "is kept out.") {
		t.Errorf("%v: %s", err, out)
	}
	if out := say("roll the dice"); out != "org.example.dice: Sorry, Dice is away.\n" {
		t.Errorf("%s", out)
	}
	if out := ended(); !strings.Contains(out, "connectionDenied") {
		t.Errorf("%s", out)
	}
	if out, err := run("skills", "forget", "org.example.dice"); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if out := say("roll the dice"); !strings.HasPrefix(out, "nobody: ") {
		t.Errorf("%s", out)
	}
	if out, err := run("skills"); err != nil || strings.Contains(out, "org.example.dice") ||
		!regexp.MustCompile(`(?m)^org\.vapd\.arithmetic +Arithmetic +own +now +everything$`).MatchString(out) {
		t.Errorf("%v: %s", err, out)
	}
	out := vapdOK(t, "hub", "audit", "--state", dir)
	for _, action := range []string{"skill.grant", "skill.revoke", "skill.deny", "skill.forget", "token.issue"} {
		if !strings.Contains(out, action) {
			t.Errorf("the audit log has no %s:\n%s", action, out)
		}
	}
	if _, err := os.Stat(filepath.Join(state, "vap_skill", "org.example.dice.token")); err != nil {
		t.Error(err)
	}
}

// Whoever follows the first lines of docs/skills.md has a skill that answers.
func TestANewSkill(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "greeter")
	if out := vapdOK(t, "skill", "new", "org.example.greeter", dir); !strings.Contains(out, "is made") {
		t.Errorf("%s", out)
	}
	if out := vapdOK(t, "skill", "test", dir); !strings.Contains(out, "4 sentences are understood as they should be") {
		t.Errorf("%s", out)
	}
	tests := filepath.Join(dir, "tests.tsv")
	if err := os.WriteFile(tests, []byte("say hello\tchoose\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := vapdOutput("skill", "test", dir); err == nil || !strings.Contains(out, `line 1: "say hello": greet, want choose`) {
		t.Errorf("%v: %s", err, out)
	}
	_, ready := startHub(t, t.TempDir())
	cmd := program(context.Background(), "skill", "run", dir, "--hub", ready.CoAP)
	cmd.Env = append(cmd.Env, "PYTHONDONTWRITEBYTECODE=1", "XDG_STATE_HOME="+t.TempDir())
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Errorf("%v\n%s", err, out.String())
		}
	}()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		said := vapdOK(t, "skill", "say", "--control", ready.Control, "say hello to the kids")
		if said == "org.example.greeter: Hello, the children!\n" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("it says: %s", said)
		}
	}
	if said := vapdOK(t, "skill", "say", "--control", ready.Control, "choose a number"); said != "org.example.greeter: Up to which number? It listens for what is said next.\n" {
		t.Errorf("%s", said)
	}
	if said := vapdOK(t, "skill", "say", "--control", ready.Control, "one"); said != "org.example.greeter: 1.\n" {
		t.Errorf("%s", said)
	}
}
