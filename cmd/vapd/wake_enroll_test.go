//go:build !vapd_satellite && cgo

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vapd/audio"
	"vapd/audio/audiotest"
	"vapd/audio/resample"
	"vapd/audio/wav"
	"vapd/internal/config"
	"vapd/internal/sharedtest"
	"vapd/wakeword/enroll"
	"vapd/wakeword/pack"
	"vapd/wakeword/train/corpus"
)

// phrases are n times "seven zero", as one speaker said the digits.
func phrases(t *testing.T, n int) [][]int16 {
	t.Helper()
	set, err := corpus.Load(sharedtest.Path(t, "audio", "wake"))
	if err != nil {
		t.Fatal(err)
	}
	words := make(map[string][][]int16)
	for _, c := range set.Negatives {
		if c.Speaker != "fsdd_jackson" || c.Word != "seven" && c.Word != "zero" || len(words[c.Word]) == n {
			continue
		}
		pcm, err := corpus.Read(c.Path)
		if err != nil {
			t.Fatal(err)
		}
		words[c.Word] = append(words[c.Word], pcm)
	}
	all := make([][]int16, n)
	for i := range all {
		all[i] = slices.Concat(words["seven"][i], words["zero"][i])
	}
	return all
}

// writeWAVs writes mono recordings and returns their names.
func writeWAVs(t *testing.T, recordings [][]int16) (files []string) {
	t.Helper()
	dir := t.TempDir()
	for i, pcm := range recordings {
		var b bytes.Buffer
		if err := wav.Write(&b, audio.Format{Rate: audio.WakeRate, Channels: 1}, pcm); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, fmt.Sprintf("%d.wav", i))
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// TestWakeEnrollRecordings: a word of recordings is a pack as others are, until it is
// forgotten.
func TestWakeEnrollRecordings(t *testing.T) {
	files := writeWAVs(t, phrases(t, 5))
	packs := filepath.Join(t.TempDir(), "wake")
	run := func(args ...string) (string, error) {
		return vapdOutput(append([]string{"wake", "--packs", packs}, args...)...)
	}
	enroll := func(more ...string) (string, error) {
		args := []string{"enroll", "Seven Zero", "--cutoff", "0.6"}
		for _, f := range files[:4] {
			args = append(args, "--wav", f)
		}
		return run(append(args, more...)...)
	}
	if out, err := enroll("--keep", "yes"); err != nil || !strings.Contains(out, "seven_zero is in "+packs) || !strings.Contains(out, "vapd-satellite") {
		t.Fatalf("%v\n%s", err, out)
	}
	kept, err := filepath.Glob(filepath.Join(packs, "seven_zero.*"))
	if err != nil || len(kept) != 5 {
		t.Fatalf("%v: %v", kept, err)
	}
	for _, file := range kept {
		if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", file, info, err)
		}
	}
	if out, err := run("list"); err != nil || !strings.Contains(out, "Seven Zero") || !strings.Contains(out, "enrolled on ") || !strings.Contains(out, "4 recordings kept") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := run("test", files[4]); err != nil || !strings.Contains(out, "detected   Seven Zero") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := run("bench", filepath.Join(packs, "seven_zero.json"), "--positives", filepath.Dir(files[0])); err != nil || !strings.Contains(out, "seven_zero") || !strings.Contains(out, "0.60") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := enroll(); err == nil || !strings.Contains(out, "--replace") {
		t.Errorf("twice: %v\n%s", err, out)
	}
	if out, err := enroll("--replace"); err != nil {
		t.Errorf("replaced: %v\n%s", err, out)
	}
	if kept, _ = filepath.Glob(filepath.Join(packs, "seven_zero.*")); len(kept) != 1 {
		t.Errorf("recordings stay that nobody wanted: %v", kept)
	}
	if out, err := enroll("--replace", "--keep", "yes"); err != nil {
		t.Errorf("replaced: %v\n%s", err, out)
	}
	if out, err := run("enroll", "--again"); err != nil || !strings.Contains(out, "learnt anew from 4 recordings") {
		t.Errorf("%v\n%s", err, out)
	}
	elsewhere := filepath.Join(t.TempDir(), "wake")
	if out, err := vapdOutput("wake", "--packs", elsewhere, "add", filepath.Join(packs, "seven_zero.json")); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if info, err := os.Stat(filepath.Join(elsewhere, "seven_zero.json")); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if out, err := run("forget", "seven_zero"); err != nil || !strings.Contains(out, "are deleted") {
		t.Errorf("%v\n%s", err, out)
	}
	if left, _ := os.ReadDir(packs); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
}

func TestWakeEnrollRefuses(t *testing.T) {
	word := phrases(t, 3)
	files := writeWAVs(t, append(word, make([]int16, 16000)))
	packs := filepath.Join(t.TempDir(), "wake")
	for want, args := range map[string][]string{
		"there is no word":   nil,
		"--id":               {"灯台"},
		"detector of voices": {"vad"},
		"give 3 to 5":        {"seven zero", "--wav", files[0]},
		"too quiet":          {"seven zero", "--wav", files[0], "--wav", files[3], "--wav", files[1]},
		"probability_cutoff": {"seven zero", "--cutoff", "2"},
		"was enrolled":       {"--again"},
		"seems to be short":  {"lamp", "--wav", files[0]},
	} {
		out, err := vapdOutput(append([]string{"wake", "--packs", packs, "enroll"}, args...)...)
		if err == nil || !strings.Contains(out, want) {
			t.Errorf("%v: %v, want %q in\n%s", args, err, want, out)
		}
	}
	if left, err := os.ReadDir(packs); len(left) != 0 {
		t.Errorf("%v is left: %v", left, err)
	}
}

func TestSyllables(t *testing.T) {
	for word, want := range map[string]int{"lamp": 1, "computer": 3, "hey jarvis": 3, "okay nabu": 4, "Küche": 2, "灯台": 0} {
		if got := syllables(word); got != want {
			t.Errorf("%q has %d syllables, want %d", word, got, want)
		}
	}
}

// enrolling is vapd wake enroll at a microphone, over a pipe, and who speaks into it.
type enrolling struct {
	mic    *audiotest.Microphone
	says   [][]int16
	answer string // to the question at the end
	stopAt string // what is written when somebody presses Ctrl-C
}

// run goes through it and returns what was written.
func (e *enrolling) run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := program(ctx, append([]string{"wake"}, args...)...)
	cmd.Stdin = strings.NewReader(e.answer + "\n")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var speaking sync.WaitGroup
	defer speaking.Wait()
	var written strings.Builder
	for s := bufio.NewScanner(out); s.Scan(); {
		line := s.Text()
		written.WriteString(line + "\n")
		if e.stopAt != "" && strings.Contains(line, e.stopAt) {
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
		}
		if asked := strings.HasPrefix(line, "Say ") || strings.HasPrefix(line, "Now "); !asked || len(e.says) == 0 {
			continue
		}
		pcm, err := resample.Convert(audio.WakeRate, e.mic.Format().Rate, 1, e.says[0])
		if err != nil {
			t.Fatal(err)
		}
		e.says = e.says[1:]
		speaking.Go(func() { _ = e.mic.Play(ctx, pcm) }) // it ends with ctx
	}
	return written.String(), cmd.Wait()
}

// TestWakeEnroll: a person says a word at the satellite's microphone.
func TestWakeEnroll(t *testing.T) {
	card := newCard(t, audiotest.Config{Microphone: audio.Format{Rate: 48000, Channels: 1}, Block: blockTime})
	t.Setenv("HOME", t.TempDir()) // no settings but the environment's
	packs := filepath.Join(t.TempDir(), "wake")
	quiet := make([]int16, 24000) // of a person who reads first
	var says [][]int16
	for _, pcm := range phrases(t, 8) {
		says = append(says, slices.Concat(quiet, pcm))
	}
	stopped := &enrolling{mic: card.Microphone, says: says, stopAt: "(3 of 3)"}
	if out, err := stopped.run(t, "--packs", packs, "enroll", "seven zero"); err == nil || strings.Count(out, "  good") != 2 {
		t.Errorf("stopped: %v\n%s", err, out)
	}
	if left, _ := os.ReadDir(packs); len(left) != 0 {
		t.Errorf("stopped, it left %v", left)
	}
	e := &enrolling{mic: card.Microphone, says: says, answer: "yes"}
	out, err := e.run(t, "--packs", packs, "enroll", "seven zero", "--cutoff", "0.6")
	if err != nil || !strings.Contains(out, "  heard, with ") || !strings.Contains(out, "seven_zero is in ") {
		t.Fatalf("%v\n%s", err, out)
	}
	kept, _ := filepath.Glob(filepath.Join(packs, "seven_zero.*.wav"))
	if len(kept) < 3 {
		t.Errorf("the recordings kept are %v", kept)
	}
	if out, err := vapdOutput("wake", "--packs", packs, "test", writeWAVs(t, phrases(t, 8)[7:])[0]); err != nil || !strings.Contains(out, "detected   seven zero") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestWakeEnrollAtTerminal: the level moves, and Ctrl-C leaves nothing.
func TestWakeEnrollAtTerminal(t *testing.T) {
	newCard(t, audiotest.Config{Microphone: audio.Format{Rate: audio.WakeRate, Channels: 1}, Block: blockTime})
	packs := filepath.Join(t.TempDir(), "wake")
	p := atTerminal(t, "wake", "--packs", packs, "enroll", "seven zero", "--device", "default")
	p.await(`\(1 of 3\)(?s:.*)\r\x1b\[K  ·+ -100 dB`)
	p.press("\x03")
	if status := p.status(); status != 1 {
		t.Errorf("status %d", status)
	}
	p.await("stopped: nothing was saved")
	if _, err := os.Stat(packs); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a folder of packs: %v", err)
	}
}

// TestSatelliteTakesEnrolledWords: by their names, with a cutoff, and with all others; one
// of another version is no reason not to start.
func TestSatelliteTakesEnrolledWords(t *testing.T) {
	folder := t.TempDir()
	enrolled := func(id string) {
		t.Helper()
		n, err := enroll.Default()
		if err != nil {
			t.Fatal(err)
		}
		example := make(enroll.Template, 20)
		for i := range example {
			example[i][i], example[i][enroll.Values+i] = 1, 1
		}
		w, err := n.NewWord([]enroll.Template{example})
		if err != nil {
			t.Fatal(err)
		}
		p, err := pack.NewEnrolled(id, pack.Enrolled{WakeWord: id}, w)
		if err == nil {
			_, err = pack.Enroll(folder, p, nil, savePrivate)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	enrolled("lamp")
	enrolled("other")
	damaged, err := os.ReadFile(filepath.Join(folder, "lamp.json"))
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "old.json"), bytes.Replace(damaged, []byte(`"templates": "`), []byte(`"templates": "AAAA`), 1), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	var chosen config.Satellite
	chosen.Wake = []config.WakePack{{File: "other.json", Cutoff: 0.7}, {File: "old.json"}}
	for want, cfg := range map[string]config.Satellite{
		"lamp 0.97, other 0.97": {},
		"other 0.7":             chosen,
	} {
		d, err := satelliteDetector(cfg, folder, logger)
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		for _, l := range d.Levels(nil) {
			words = append(words, fmt.Sprintf("%s %v", l.Word, l.Cutoff))
		}
		if got := strings.Join(words, ", "); got != want {
			t.Errorf("it listens for %q, want %q", got, want)
		}
	}
	if n := strings.Count(log.String(), "vapd wake enroll --replace"); n != 2 {
		t.Errorf("the log says %d times what to do:\n%s", n, log.String())
	}
}
