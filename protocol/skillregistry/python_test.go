package skillregistry

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vapd/internal/sharedtest"
	"vapd/protocol/vap"
)

// Requirement is what the reference skill needs beside aiocoap; scripts/peers.sh reads it.
const Requirement = "msgpack==1.1.2"

// referenceSkill is the folder of the public reference skill in Python, of which nothing
// is committed: within $VAPD_VAP_REFERENCE, a checkout of
// github.com/secretsauceai/voice-assistant-protocol, or one beside the reference data.
func referenceSkill(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("VAPD_VAP_REFERENCE")
	if shared, ok := sharedtest.Dir(); dir == "" && ok {
		dir = filepath.Join(shared, "voice-assistant-protocol")
	}
	dir = filepath.Join(dir, "vap-python-skill")
	if _, err := os.Stat(filepath.Join(dir, "main.py")); err != nil {
		t.Skip("set VAPD_VAP_REFERENCE to a checkout of github.com/secretsauceai/voice-assistant-protocol")
	}
	return dir
}

// The reference skill, unchanged but for the hub's port, connects, registers, notifies,
// queries, observes and answers.
func TestReferenceSkillInPython(t *testing.T) {
	skill := referenceSkill(t)
	packages, err := filepath.Abs("../../build/python")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(packages, "msgpack")); err != nil {
		t.Fatalf("the Python packages are not there: run scripts/peers.sh build/python (or make test)")
	}
	const id = "com.example.test"
	policy := &hub{
		notified: func(i vap.NotificationItem) error {
			if i.ClientID != "123456789a" || i.Capabilities[0].Fields["text"] != "hello there" {
				t.Errorf("it said %+v", i)
			}
			return notFound(i.ClientID) // there is no such client, and it does not mind
		},
		queried: func(q vap.ClientQuery) []vap.QueryResult {
			if q.ClientID != vap.System || q.Capabilities[0].Fields["what"] != "color" {
				t.Errorf("it asked %+v", q)
			}
			return []vap.QueryResult{vap.QueryContent(vap.Capability{Name: "preferences", Fields: map[string]any{"color": "red"}})}
		},
		registered: func(r vap.RegisterIntents) error {
			if len(r.NLU) != 2 || r.NLU[1].Language.String() != "en-ES" || r.NLU[1].Intents[0].Utterances[0] != "hola, soy dora!" {
				t.Errorf("it registered %+v", r)
			}
			return nil
		},
		late: true,
	}
	server, end := overUDP(t, policy, func(c *ServerConfig) {
		c.Form = func(skill string) vap.Form {
			if skill == id {
				return vap.ReferencePython
			}
			return vap.Named
		}
	})
	const run = "import asyncio, sys, main; main.registry_address = sys.argv[1]; asyncio.run(main.main())"
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, "python3", "-u", "-c", run, end.LocalAddr().String())
	cmd.Env = append(os.Environ(), "PYTHONPATH="+packages+":"+skill, "PYTHONDONTWRITEBYTECODE=1")
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 100)
	read := make(chan struct{})
	go func() {
		defer close(read)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	}()
	defer func() {
		cancel()
		<-read
		_ = cmd.Wait()
	}()
	says := func(want string) {
		t.Helper()
		select {
		case got := <-lines:
			if !strings.HasPrefix(got, want) {
				t.Fatalf("it says %q, want %q", got, want)
			}
		case <-read:
			t.Fatalf("it ended before it said %q: %s", want, complaints.String())
		case <-time.After(20 * time.Second):
			t.Fatalf("it does not say %q", want)
		}
	}
	says("Languages available: en-US")
	says("Preferred color: red")
	says(id)
	says("Waiting for request...")
	for !server.Skills()[0].Listening {
		time.Sleep(10 * time.Millisecond)
	}
	for range 2 {
		a, err := server.Ask(within(t, 10*time.Second), id, intent("hello"))
		if err != nil || len(a.Capabilities) != 1 || a.Capabilities[0].Fields["text"] != "hello there" {
			t.Errorf("answer %+v, %v", a, err)
		}
		says("Got an intent from registry: ")
		says("[") // the request
		// It has no answer to this one, and prints it.
		if _, err := server.Ask(within(t, time.Second), id, canAnswer("hello")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("canYouAnswer: %v", err)
		}
		says("[")
	}
	if complaints.Len() > 0 {
		t.Errorf("it complains: %s", complaints.String())
	}
}
