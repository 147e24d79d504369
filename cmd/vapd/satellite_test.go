package main

import (
	"bufio"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"vapd/protocol/control"
)

// asVapd is vapd with its log in the test's.
func asVapd(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := program(t.Context(), args...)
	cmd.Stderr = t.Output()
	return cmd
}

// The satellite starts without a sound card and without a hub, says where it can be
// looked at, tells systemd, and ends well when it is told to.
func TestSatelliteCommand(t *testing.T) {
	dir := t.TempDir()
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer notify.Close()
	socket := filepath.Join(dir, "s.sock")
	cmd := asVapd(t, "satellite", "--profile", "sim", "--hub", "127.0.0.1:9", "--state", filepath.Join(dir, "state"),
		"--control", socket, "--set", "capture.pcm=hw:31", "--set", "playback.pcm=hw:31", "--name", "test")
	cmd.Env = append(cmd.Env, "NOTIFY_SOCKET="+filepath.Join(dir, "notify"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "ready {") {
		t.Fatalf("the first line is %q, %v", lines.Text(), lines.Err())
	}
	var ready control.SatelliteReady
	if err := json.Unmarshal([]byte(strings.TrimPrefix(lines.Text(), "ready ")), &ready); err != nil {
		t.Fatal(err)
	}
	if ready.Control != socket || ready.PID != cmd.Process.Pid || !strings.HasPrefix(ready.ID, "org.vapd.satellite.") {
		t.Errorf("ready %+v", ready)
	}
	if err := notify.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	told := make([]byte, 100)
	if n, err := notify.Read(told); err != nil || string(told[:n]) != "READY=1" {
		t.Errorf("systemd was told %q, %v", told[:n], err)
	}
	c, err := control.Dial(t.Context(), socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	v, err := control.Call[control.SatelliteState](t.Context(), c, control.MethodStatus, nil)
	if err != nil || v.Name != "test" || len(v.LEDs) != 12 || v.Link.State == "up" {
		t.Errorf("%+v, %v", v, err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
	if _, err := os.Stat(socket); !os.IsNotExist(err) {
		t.Errorf("the socket is left behind: %v", err)
	}
	if mode, err := os.Stat(filepath.Join(dir, "state")); err != nil || mode.Mode().Perm() != 0o700 {
		t.Errorf("the state folder is %v, %v", mode, err)
	}
}

func TestSatelliteCommandRefuses(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ set, want string }{
		"board":  {"board=toaster", "respeaker-2mic-v1"},
		"key":    {"captur.pcm=hw:1", "capture.pcm"},
		"wake":   {`wake=[{file = "nothing.json"}]`, "nothing.json"},
		"name":   {"capture.pcm=hw:1,2,3,4", "capture.pcm"},
		"two":    {"playback.pcm=default", "can't be one device"},
		"socket": {"control_socket=/" + strings.Repeat("x", 120), "choose a shorter control_socket"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := asVapd(t, "satellite", "--state", dir, "--set", "control_socket="+filepath.Join(dir, "s"), "--set", "capture.pcm=hw:31", "--set", "playback.pcm=none", "--set", c.set)
			var stderr strings.Builder
			cmd.Stderr = &stderr
			if err := cmd.Run(); statusOf(err) != exitConfig || !strings.Contains(stderr.String(), c.want) {
				t.Errorf("%v: %s\nwant exit status %d, and that it names %s", err, stderr.String(), exitConfig, c.want)
			}
		})
	}
}
