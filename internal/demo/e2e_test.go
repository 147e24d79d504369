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
	"vapd/internal/sharedtest"
)

// builtPacks is where 'make test' puts the wake word of the demo.
const builtPacks = "../../build/packs"

// packs is a folder with okay_nabu in it.
func packs(t *testing.T) string {
	t.Helper()
	if _, err := os.Stat(filepath.Join(builtPacks, "okay_nabu.json")); err == nil {
		dir, err := filepath.Abs(builtPacks)
		if err != nil {
			t.Fatal(err)
		}
		return dir
	}
	dir := t.TempDir()
	for _, file := range []string{"okay_nabu.json", "okay_nabu.tflite"} {
		data, err := os.ReadFile(sharedtest.Path(t, "models", file))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, file), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

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
	program, packs := vapd(t), packs(t)
	t.Run("script", func(t *testing.T) { wholeScript(t, program, packs) })
	t.Run("lie", func(t *testing.T) { lie(t, program, packs) })
	t.Run("cannot run", func(t *testing.T) { cannotRun(t, program) })
}

func wholeScript(t *testing.T, program, packs string) {
	dir := folder(t)
	out, status := runDemo(t, program, "--dir", dir, "--pack", packs)
	if status != 0 || strings.Count(out, " ok: ") != len(Script()) || !strings.Contains(out, `wake word "Okay Nabu"`) {
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
func lie(t *testing.T, program, packs string) {
	recording := filepath.Join(t.TempDir(), "hello.wav")
	voices := newVoices(t.TempDir())
	var said []int16
	for _, text := range []string{"okay nabu", "what day is it"} {
		samples, err := voices.speak(t.Context(), "rms", text)
		if err != nil {
			t.Fatal(err)
		}
		said = append(append(said, samples...), silence(breath)...)
	}
	if err := writeWAV(recording, said); err != nil {
		t.Fatal(err)
	}
	out, status := runDemo(t, program, "--dir", folder(t), "--pack", packs,
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
