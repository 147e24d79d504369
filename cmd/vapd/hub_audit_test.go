//go:build !vapd_satellite

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestHubAudit(t *testing.T) {
	dir := t.TempDir()
	hub, ready := startHub(t, dir)
	audit := func(args ...string) (string, error) {
		return vapdOutput(append([]string{"hub", "--control", ready.Control, "audit"}, args...)...)
	}
	key := filepath.Join(dir, "key")
	vapdOK(t, "hub", "--control", ready.Control, "pair", "--export", key, "--id", "org.example.attic")
	vapdOK(t, "hub", "--control", ready.Control, "clients", "deny", "org.example.attic")
	out, err := audit()
	for _, want := range []string{"hub.start", "pairing.export", "pairing.offered", "client.deny"} {
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("no %s: %v\n%s", want, err, out)
		}
	}
	if out, err := audit("--since", "2999-01-01"); err != nil || out != "" {
		t.Errorf("newer than the future: %v\n%s", err, out)
	}
	if out, err := audit("--since", "yesterday"); err == nil || !strings.Contains(out, "is no time") {
		t.Errorf("%v\n%s", err, out)
	}
	if err := hub.stop(syscall.SIGKILL); err == nil {
		t.Error("it survived")
	}
	if out, err := audit("--verify", "--state", dir); err != nil || !strings.Contains(out, "right hash") {
		t.Errorf("a killed hub's log: %v\n%s", err, out)
	}
	path := filepath.Join(dir, "audit.jsonl")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(data, []byte("pairing.export"), []byte("pairing.expert"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	_, ready = startHub(t, dir) // adds an entry
	if out, err := audit("--verify"); err == nil || !strings.Contains(out, "can't be trusted") {
		t.Errorf("a changed log: %v\n%s", err, out)
	}
}

func TestSince(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"": {}, "90m": now.Add(-90 * time.Minute), "7d": now.AddDate(0, 0, -7), "1.5d": now.Add(-36 * time.Hour),
		"2026-03-01": time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), "2026-03-01 18:30": time.Date(2026, 3, 1, 18, 30, 0, 0, time.UTC),
	} {
		if got, err := parseSince(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"d", "-1d", "1e300d", "now", "99999999d"} {
		if got, err := parseSince(text, now); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}
