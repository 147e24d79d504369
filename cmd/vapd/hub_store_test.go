//go:build !vapd_satellite

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"vapd/protocol/control"
)

// startHub starts a hub without engines on a folder.
func startHub(t *testing.T, dir string) (*daemonProcess, control.HubReady) {
	t.Helper()
	return startHubAt(t, dir, "127.0.0.1:0")
}

// startHubAt starts it at an address.
func startHubAt(t *testing.T, dir, listen string) (*daemonProcess, control.HubReady) {
	t.Helper()
	var ready control.HubReady
	p := startDaemon(t, nil, filepath.Join(t.TempDir(), "log"), &ready, "hub", "--listen", listen, "--state", dir,
		"--control", filepath.Join(dir, "s"), "--set", "speech.stt=none", "--set", "speech.tts=none", "--set", "discoverable=false")
	t.Cleanup(func() { _ = p.stop(syscall.SIGKILL) }) // what a test leaves behind
	return p, ready
}

func vapdOK(t *testing.T, args ...string) string {
	t.Helper()
	out, err := vapdOutput(args...)
	if err != nil {
		t.Fatalf("vapd %v: %v\n%s", args, err, out)
	}
	return out
}

const oldClients = `{"version":1,"clients":[{"id":"org.example.hall","name":"hall","state":"denied","token_used":false,
"address":"192.0.2.7","first_seen":"2025-01-02T03:04:05Z","last_seen":"2025-01-02T03:04:05Z"}]}`

func TestHubBackupAndRestore(t *testing.T) {
	dir, files := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "clients.json"), []byte(oldClients), 0o600); err != nil {
		t.Fatal(err)
	}
	hub, ready := startHub(t, dir)
	socket := []string{"hub", "--control", ready.Control}
	if list := vapdOK(t, append(socket, "clients")...); !strings.Contains(list, "org.example.hall") {
		t.Errorf("clients of clients.json are unknown:\n%s", list)
	}
	if _, err := os.Stat(filepath.Join(dir, "clients.json.imported")); err != nil {
		t.Error(err)
	}
	running, stopped := filepath.Join(files, "running"), filepath.Join(files, "stopped")
	vapdOK(t, append(socket, "backup", running)...)
	out, err := vapdOutput(append(socket, "restore", "--state", dir, running)...)
	if err == nil || !strings.Contains(out, "stop it first") {
		t.Errorf("restored under a running hub: %v\n%s", err, out)
	}
	vapdOK(t, append(socket, "clients", "forget", "org.example.hall")...)
	if err := hub.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	vapdOK(t, append(socket, "backup", "--state", dir, stopped)...)

	// Back to when the hall was known, on another machine as well.
	elsewhere := filepath.Join(t.TempDir(), "new")
	id, err := os.ReadFile(filepath.Join(dir, "identity"))
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{dir, elsewhere} {
		out := vapdOK(t, append(socket, "restore", "--state", folder, running)...)
		if !strings.Contains(out, "1 satellites") || !strings.Contains(out, strings.TrimSpace(string(id))) {
			t.Errorf("%s", out)
		}
		hub, ready := startHub(t, folder)
		if list := vapdOK(t, "hub", "--control", ready.Control, "clients"); !strings.Contains(list, "org.example.hall") {
			t.Errorf("restored, and the hall is unknown:\n%s", list)
		}
		if again, err := os.ReadFile(filepath.Join(folder, "identity")); err != nil || strings.TrimSpace(string(again)) != strings.TrimSpace(string(id)) {
			t.Errorf("it is another hub: %s, %v", again, err)
		}
		if err := hub.stop(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	if kept, _ := filepath.Glob(filepath.Join(dir, "hub.db.before-restore-*")); len(kept) != 1 {
		t.Errorf("what was there is gone: %v", kept)
	}
	if b, err := os.ReadFile(stopped); err != nil || bytes.Contains(b, []byte("org.example.hall")) {
		t.Errorf("the backup of the stopped hub has who was forgotten: %v", err)
	}
	if err := os.WriteFile(stopped, []byte("vapd hub backup 1\nnonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := vapdOutput(append(socket, "restore", "--state", dir, stopped)...); err == nil || !strings.Contains(out, "damaged") {
		t.Errorf("nonsense was restored: %v\n%s", err, out)
	}
}

func TestADamagedStoreIsSaid(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "clients.json"), []byte(oldClients), 0o600); err != nil {
		t.Fatal(err)
	}
	hub, _ := startHub(t, dir)
	if err := hub.stop(syscall.SIGTERM); err != nil { // writes a backup
		t.Fatal(err)
	}
	db := filepath.Join(dir, "hub.db")
	data, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	for i := 2 * os.Getpagesize(); i < len(data); i += 7 {
		data[i] ^= 0x55
	}
	if err := os.WriteFile(db, data, 0o600); err != nil {
		t.Fatal(err)
	}
	_, ready := startHub(t, dir)
	if list := vapdOK(t, "hub", "--control", ready.Control, "clients"); !strings.Contains(list, "org.example.hall") {
		t.Errorf("the backup was not loaded:\n%s", list)
	}
	out := vapdOK(t, "hub", "--control", ready.Control, "status")
	if !strings.Contains(out, "damaged") || !strings.Contains(out, "loaded the backup of") {
		t.Errorf("status does not say it:\n%s", out)
	}
	var status control.HubStatus
	if err := json.Unmarshal([]byte(vapdOK(t, "hub", "--control", ready.Control, "status", "--json")), &status); err != nil || status.Store.Opened == "" {
		t.Errorf("%+v, %v", status.Store, err)
	}
	if kept, _ := filepath.Glob(db + ".damaged-*"); len(kept) != 1 {
		t.Errorf("the damaged file is gone: %v", kept)
	}
}
