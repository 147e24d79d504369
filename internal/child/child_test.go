package child

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// asServer is the variable that makes this program a server; it says of what kind.
const asServer = "CHILD_TEST_SERVER"

func TestMain(m *testing.M) {
	switch os.Getenv(asServer) {
	case "":
		goleak.VerifyTestMain(m)
		return
	case "good":
		fmt.Printf("starting\nready {\"pid\": %d}\nready twice\n", os.Getpid())
	case "sulk": // ready, but does not end when asked to
		signal.Ignore(syscall.SIGTERM)
		fmt.Println(`ready {"pid": 1}`)
	case "mumble":
		fmt.Println("hello\nready {broken")
	case "fail":
		fmt.Fprintln(os.Stderr, "one\ntwo\nthree")
		os.Exit(3)
	}
	time.Sleep(time.Minute)
}

// ready is what a server says when it is.
type ready struct{ PID int }

func run(t *testing.T, ctx context.Context, kind string) (*Process, ready, error) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), asServer+"="+kind)
	var said ready
	p, err := Start(ctx, cmd, filepath.Join(t.TempDir(), "log"), func(rest []byte) error { return json.Unmarshal(rest, &said) })
	return p, said, err
}

func TestIsReadyAndStops(t *testing.T) {
	p, said, err := run(t, t.Context(), "good")
	if err != nil {
		t.Fatal(err)
	}
	if said.PID != p.PID() || p.Alive() != nil || p.ExitCode() != -1 {
		t.Errorf("process %d says %+v; %v, exit code %d", p.PID(), said, p.Alive(), p.ExitCode())
	}
	if p.Resident() < 1<<20 {
		t.Errorf("a process of %d bytes", p.Resident())
	}
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
	if p.Alive() == nil || p.Resident() != 0 || p.Processor() != 0 {
		t.Errorf("after its end: %v, %d bytes, %v", p.Alive(), p.Resident(), p.Processor())
	}
}

func TestWhoDoesNotStopIsKilled(t *testing.T) {
	p, _, err := run(t, t.Context(), "sulk")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(); err == nil || !strings.Contains(err.Error(), "did not end") {
		t.Errorf("stop: %v", err)
	}
	select {
	case <-p.Done():
	default:
		t.Error("it runs on")
	}
}

func TestWhoIsNotReady(t *testing.T) {
	for kind, wants := range map[string][]string{"fail": {"exit status 3", "two\nthree"}, "mumble": {`"{broken"`}} {
		_, _, err := run(t, t.Context(), kind)
		for _, want := range wants {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", kind, err, want)
			}
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, _, err := run(t, ctx, "silent"); err == nil || !strings.Contains(err.Error(), "deadline") {
		t.Errorf("nothing is said: %v", err)
	}
}

func TestTail(t *testing.T) {
	p := &Process{log: filepath.Join(t.TempDir(), "log")}
	if err := os.WriteFile(p.log, []byte("a\nb\nc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]string{1: "c", 2: "b\nc", 9: "a\nb\nc"} {
		if got := p.Tail(n); got != want {
			t.Errorf("the last %d lines are %q", n, got)
		}
	}
}
