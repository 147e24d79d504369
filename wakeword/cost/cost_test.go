package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const guestOutput = "\r\ncount loop 20000316\r\ncount detector 20000\r\ncount detector 20001\r\ncount frontend 600\r\n"

func TestParseCounts(t *testing.T) {
	c, err := parseCounts([]byte(guestOutput))
	if err != nil {
		t.Fatal(err)
	}
	if mean, spread := c.detector(); mean != 20000 || spread != 0.00005 || c["frontend"][0] != 600 {
		t.Errorf("mean %d, spread %v of %v", mean, spread, c)
	}
	for name, change := range map[string][2]string{
		"a counter that misses half": {"20000316", "10000316"},
		"a counter that counts more": {"20000316", "20100000"},
		"no number":                  {"600", "many"},
		"repetitions that differ":    {"20001", "20100"},
		"an end before the end":      {"count frontend 600\r\n", "failed: no more memory"},
	} {
		out := strings.Replace(guestOutput, change[0], change[1], 1)
		if c, err := parseCounts([]byte(out)); err == nil {
			t.Errorf("%s: %v was taken", name, c)
		}
	}
}

func TestParsePeers(t *testing.T) {
	out := "cpu microfrontend 3\noutput microfrontend ab\ncpu tflm 5000\noutput tflm 00ff\ncpu xnnpack 4000\noutput xnnpack 01fe\n"
	peers, err := parsePeers([]byte(out))
	if err != nil {
		t.Fatal(err)
	}
	if want := (peer{5 * time.Microsecond, "00ff"}); peers["tflm"] != want {
		t.Errorf("got %v, want %v", peers["tflm"], want)
	}
	for name, change := range map[string][2]string{
		"no time":          {"cpu tflm 5000\n", ""},
		"a time below 0":   {"5000", "-5000"},
		"no number":        {"5000", "5 ms"},
		"nothing computed": {"output xnnpack 01fe\n", ""},
	} {
		out := strings.Replace(out, change[0], change[1], 1)
		if peers, err := parsePeers([]byte(out)); err == nil {
			t.Errorf("%s: %v was taken", name, peers)
		}
	}
}

func TestNear(t *testing.T) {
	for _, c := range []struct {
		other     string
		tolerance int
		want      bool
	}{
		{"0aff", 0, true},
		{"0bff", 0, false},
		{"0bf0", 15, true},
		{"0bf0", 14, false},
		{"0a", 255, false},
		{"0aff00", 255, false},
		{"xx", 255, false},
	} {
		if err := near([]byte{10, 255}, c.other, c.tolerance); (err == nil) != c.want {
			t.Errorf("%s within %d: %v", c.other, c.tolerance, err)
		}
	}
}

// What the kernel unpacks is what cpio does.
func TestArchiveIsCpio(t *testing.T) {
	if _, err := exec.LookPath("cpio"); err != nil {
		t.Fatalf("%v: install the package cpio", err)
	}
	var a archive
	files := map[string]string{"init": "#!/bin/sh\n", "wake/a": "12345", "empty": ""}
	a.folder("wake")
	for name, text := range files {
		a.add(name, 0o755, []byte(text))
	}
	dir := t.TempDir()
	cmd := exec.Command("cpio", "-i", "--quiet")
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(a.bytes())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, text := range files {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != text {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != 0o755 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

func TestSpeechRefusesAFolderWithoutRecordings(t *testing.T) {
	if _, err := speech(t.TempDir(), 1); err == nil {
		t.Error("an empty folder was enough")
	}
}
