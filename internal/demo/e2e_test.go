//go:build cgo && !vapd_satellite && !vapd_nodl

package demo

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vapd/audio"
)

// vapd builds the program.
func vapd(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "vapd")
	if out, err := exec.Command("go", "build", "-o", program, "vapd/cmd/vapd").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// runDemo runs 'vapd demo' without a terminal and returns what it writes and its exit status.
func runDemo(t *testing.T, program string, args ...string) (out string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append([]string{"demo", "--timeout", "3m"}, args...)...)
	text, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

// The demo as 'make demo' runs it where there is no terminal.
func TestDemo(t *testing.T) {
	program := vapd(t)
	t.Run("script", func(t *testing.T) { wholeScript(t, program) })
	t.Run("lie", func(t *testing.T) { lie(t, program) })
	t.Run("cannot run", func(t *testing.T) { cannotRun(t, program) })
}

func wholeScript(t *testing.T, program string) {
	dir := folder(t)
	out, status := runDemo(t, program, "--dir", dir)
	if status != 0 || strings.Count(out, " ok: ") != len(Script()) || !strings.Contains(out, `wake word "jarvis"`) {
		t.Fatalf("exit status %d:\n%s", status, out)
	}
	answers, err := readWAV(filepath.Join(dir, "answer.wav"))
	if err != nil || len(trim(answers)) < audio.WakeRate.Frames(3*time.Second) {
		t.Errorf("the answers are %d samples (%v)", len(answers), err)
	}
	if info, err := os.Stat(filepath.Join(dir, "capture.pcap")); err != nil || info.Size() < 20_000 {
		t.Errorf("the capture: %v (%v)", info, err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.sock")); err != nil || len(left) > 0 {
		t.Errorf("daemons left %v (%v)", left, err)
	}
}

// What is heard is compared with what was said: here somebody lies about a recording.
func lie(t *testing.T, program string) {
	recording := filepath.Join(t.TempDir(), "hello.wav")
	voices := newVoices(t.TempDir())
	var said []int16
	for _, text := range []string{"jarvis", "what day is it"} {
		samples, err := voices.speak(t.Context(), "rms", text)
		if err != nil {
			t.Fatal(err)
		}
		said = append(append(said, samples...), silence(breath)...)
	}
	if err := writeWAV(recording, said); err != nil {
		t.Fatal(err)
	}
	out, status := runDemo(t, program, "--dir", folder(t),
		"--wav", recording+"=what day is it", "--wav", recording+"=set a timer for one hour")
	if status != 1 || strings.Count(out, " ok: ") != 1 || !strings.Contains(out, `said "set a timer for one hour", heard "what day is it"`) {
		t.Errorf("exit status %d:\n%s", status, out)
	}
}

func cannotRun(t *testing.T, program string) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.tex"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out, status := runDemo(t, program, "--dir", dir)
	if status != 2 || !strings.Contains(out, "--dir") {
		t.Errorf("exit status %d: %s", status, out)
	}
	if _, err := os.Stat(filepath.Join(dir, mark)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it took the folder (%v)", err)
	}
}
