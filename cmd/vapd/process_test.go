package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"vapd/internal/netns"
	"vapd/protocol/control"
)

// daemonProcess is a daemon of its own: this test binary as vapd (see TestMain).
type daemonProcess struct {
	cmd  *exec.Cmd
	done chan error
	log  string
}

// startDaemon runs vapd with args and waits for its line "ready", which it decodes.
func startDaemon(t *testing.T, env []string, log string, ready any, args ...string) *daemonProcess {
	t.Helper()
	return startDaemonOn(t, "", env, log, ready, args...)
}

// startDaemonOn does so on another host of netns.
func startDaemonOn(t *testing.T, host string, env []string, log string, ready any, args ...string) *daemonProcess {
	t.Helper()
	return startCommand(t, netns.Args(host, append([]string{os.Args[0]}, args...)...), env, log, ready)
}

// startCommand does so with a command of its own.
func startCommand(t *testing.T, command, env []string, log string, ready any) *daemonProcess {
	t.Helper()
	p := &daemonProcess{cmd: exec.Command(command[0], command[1:]...), done: make(chan error, 1), log: log}
	p.cmd.Env = append(os.Environ(), append(env, asProgram+"=1")...)
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = file
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	file.Close()
	line := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			rest, ok := strings.CutPrefix(lines.Text(), "ready ")
			if !ok {
				continue
			}
			select {
			case line <- rest:
			default: // a satellite that starts anew says it again
			}
		}
		p.done <- p.cmd.Wait()
	}()
	select {
	case l := <-line:
		if err := json.Unmarshal([]byte(l), ready); err != nil {
			t.Fatal(err)
		}
	case err := <-p.done:
		t.Fatalf("%v ended before it was ready: %v\n%s", command, err, p.tail())
	case <-time.After(30 * time.Second):
		t.Fatalf("%v is not ready after 30 s\n%s", command, p.tail())
	}
	return p
}

func (p *daemonProcess) tail() []byte {
	b, _ := os.ReadFile(p.log)
	return b[max(0, len(b)-4000):]
}

// stop ends the process and returns what it ended with.
func (p *daemonProcess) stop(s os.Signal) error {
	_ = p.cmd.Process.Signal(s) // it may have ended
	select {
	case err := <-p.done:
		p.done <- err
		return err
	case <-time.After(10 * time.Second):
		_ = p.cmd.Process.Kill()
		return fmt.Errorf("still there 10 s after %v", s)
	}
}

// satelliteState asks the satellite of a socket how it is.
func satelliteState(ctx context.Context, socket string) (control.SatelliteState, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c, err := control.Dial(ctx, socket)
	if err != nil {
		return control.SatelliteState{}, err
	}
	defer c.Close()
	return control.Call[control.SatelliteState](ctx, c, control.MethodStatus, struct{}{})
}

// awaitSatellite waits until the satellite of a socket is as wanted, for 20 s at most.
func awaitSatellite(t *testing.T, socket, what string, wanted func(control.SatelliteState) bool) control.SatelliteState {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		s, err := satelliteState(t.Context(), socket)
		if err == nil && wanted(s) {
			return s
		}
		if time.Now().After(deadline) {
			t.Fatalf("no %s within 20 s: %+v, %v", what, s, err)
		}
	}
}

// statusOf is the exit status of a program that ended with err, -1 if it did not.
func statusOf(err error) int {
	var exit *exec.ExitError
	if err == nil {
		return 0
	}
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return -1
}
