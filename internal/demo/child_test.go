package demo

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vapd/protocol/control"
)

func startDaemon(t *testing.T, ctx context.Context, ready any, args ...string) (*child, error) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return start(ctx, "daemon", filepath.Join(t.TempDir(), "log"), []string{asDaemon + "=1"}, ready, program, args...)
}

func TestChildIsReadyAndStops(t *testing.T) {
	var ready control.HubReady
	c, err := startDaemon(t, soon(t), &ready, "hub", "--control", folder(t), "--listen", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if ready.PID != c.cmd.Process.Pid || !strings.HasPrefix(ready.CoAP, "127.0.0.1:") {
		t.Errorf("ready: %+v", ready)
	}
	if c.resident() < 1<<20 {
		t.Errorf("a process of %d bytes", c.resident())
	}
	if err := c.stop(); err != nil {
		t.Error(err)
	}
	if c.ended() == nil || c.resident() != 0 || c.processor() != 0 {
		t.Errorf("after its end: %v, %d bytes, %v", c.ended(), c.resident(), c.processor())
	}
}

func TestChildThatDoesNotStopIsKilled(t *testing.T) {
	var ready control.HubReady
	c, err := startDaemon(t, soon(t), &ready, "sulk")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.stop(); err == nil || !strings.Contains(err.Error(), "did not end") {
		t.Errorf("stop: %v", err)
	}
	select {
	case <-c.done:
	default:
		t.Error("it runs on")
	}
}

func TestChildThatIsNotReady(t *testing.T) {
	var ready control.HubReady
	if _, err := startDaemon(t, soon(t), &ready, "fail"); err == nil ||
		!strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "two\nthree") {
		t.Errorf("a daemon that fails: %v", err)
	}
	if _, err := startDaemon(t, soon(t), &ready, "mumble"); err == nil || !strings.Contains(err.Error(), `"{broken"`) {
		t.Errorf("a daemon that says nonsense: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := startDaemon(t, ctx, &ready, "mumble"); err == nil {
		t.Error("nothing went wrong")
	}
}

func TestTail(t *testing.T) {
	c := &child{log: filepath.Join(t.TempDir(), "log")}
	if err := os.WriteFile(c.log, []byte("a\nb\nc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]string{1: "c", 2: "b\nc", 9: "a\nb\nc"} {
		if got := c.tail(n); got != want {
			t.Errorf("the last %d lines are %q", n, got)
		}
	}
}
