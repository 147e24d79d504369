//go:build !vapd_satellite && cgo

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"vapd/audio"
	"vapd/audio/audiotest"
	"vapd/audio/resample"
	"vapd/audio/wav"
	"vapd/protocol/wyoming/wyomingtest"
	"vapd/wakeword/train/corpus"
)

// TestWake goes through the commands with the wake word that hears any loud noise.
func TestWake(t *testing.T) {
	packs := filepath.Join(t.TempDir(), "wake")
	run := func(args ...string) (string, error) {
		return vapdOutput(append([]string{"wake", "--packs", packs}, args...)...)
	}
	if out, err := run("list"); err != nil || !strings.Contains(out, "jarvis") {
		t.Errorf("list without packs: %v\n%s", err, out)
	}
	if out, err := run("add", "../../wakeword/testdata/loud.json"); err != nil || !strings.Contains(out, `added loud, "Any loud noise"`) ||
		!strings.Contains(out, `takes the place of "jarvis". In the satellite's settings, wake = [{file = "jarvis.json"}, {file = "loud.json"}] has both`) {
		t.Fatalf("add: %v\n%s", err, out)
	}
	if out, err := run("list"); err != nil || !strings.Contains(out, "Any loud noise") || strings.Contains(out, "jarvis") {
		t.Errorf("list: %v\n%s", err, out)
	}

	dir := t.TempDir()
	recording := filepath.Join(dir, "noise.wav")
	f, err := os.Create(recording)
	if err != nil {
		t.Fatal(err)
	}
	if err := wav.Write(f, audio.Format{Rate: audio.WakeRate, Channels: 1}, loudNoise()); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	labels := filepath.Join(dir, "labels.tsv")
	if err := os.WriteFile(labels, []byte("noise.wav\tany loud noise\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := run("test", "--labels", labels, dir)
	if err != nil || !strings.Contains(out, "detected   Any loud noise") || !strings.Contains(out, "0.0 %") {
		t.Errorf("test: %v\n%s", err, out)
	}
	out, err = run("listen", "--wav", recording)
	if err != nil || !strings.Contains(out, "Any loud noise detected") || !strings.Contains(out, "│") {
		t.Errorf("listen: %v\n%s", err, out)
	}
	if out, err := run("listen", "--word", "other", "--wav", recording); err == nil || !strings.Contains(out, "vapd wake list") {
		t.Errorf("listen for a pack that is not there: %v\n%s", err, out)
	}
}

// TestWakeBench: figures go to the standard output, and the exit status says what is wrong.
func TestWakeBench(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var noise, silence bytes.Buffer
	mono := audio.Format{Rate: audio.WakeRate, Channels: 1}
	if err := errors.Join(wav.Write(&noise, mono, loudNoise()), wav.Write(&silence, mono, make([]int16, 32000))); err != nil {
		t.Fatal(err)
	}
	write("said/any_loud_noise/1.wav", noise.Bytes())
	write("said/any_loud_noise/2.wav", silence.Bytes())
	write("said/jarvis/3.wav", noise.Bytes())
	write("else/1.wav", silence.Bytes())
	write("noise/1.wav", silence.Bytes())
	run := func(args ...string) (string, int) {
		out, err := vapdOutput(append([]string{
			"wake", "bench", "../../wakeword/testdata/loud.json",
			"--positives", filepath.Join(dir, "said"), "--negatives", filepath.Join(dir, "else"),
		}, args...)...)
		return out, statusOf(err)
	}
	out, status := run()
	if status != 0 || !strings.Contains(out, "50.0 % (9.5 to 90.5)") || !strings.Contains(out, "\nloud  jarvis") {
		t.Errorf("status %d:\n%s", status, out)
	}
	var results []struct {
		Said, Missed int
	}
	if out, status = run("--json", "--noise", filepath.Join(dir, "noise")); status != 0 || json.Unmarshal([]byte(out), &results) != nil || len(results) != 1 || results[0].Said != 2 {
		t.Errorf("status %d:\n%s", status, out)
	}
	if out, status = run("--second-look", "../../wakeword/testdata/loud.json"); status != 0 || !strings.Contains(out, "\nwith a second look\n") || !strings.Contains(out, "\nloud  1      0         0.0 % ") {
		t.Errorf("status %d:\n%s", status, out)
	}
	if out, status = run("--max-false-rejects", "40"); status != 2 || !strings.Contains(out, "loud is beyond the limits: 50.0 %") {
		t.Errorf("status %d:\n%s", status, out)
	}
	write("else/broken.wav", []byte("RIFF"))
	if out, status = run("--max-false-rejects", "60"); status != 1 || !strings.Contains(out, "broken.wav: ") || !strings.Contains(out, "1 recordings were left out") {
		t.Errorf("status %d:\n%s", status, out)
	}
}

// TestWakeConfusables: phrases that are said can be read again.
func TestWakeConfusables(t *testing.T) {
	dir := t.TempDir()
	out, err := vapdOutput("wake", "confusables", "computer", "-n", "3", "--say", dir)
	if err != nil || !strings.Contains(out, " 1.0  commuter\n") || !strings.Contains(out, "12 recordings are in ") {
		t.Fatalf("%v\n%s", err, out)
	}
	pcm, err := corpus.Read(filepath.Join(dir, "slt", "commuter.wav"))
	if err != nil || len(pcm) < 8000 || len(pcm) > 32000 {
		t.Errorf("%d samples: %v", len(pcm), err)
	}
	// A Wyoming server's voices say them too.
	out, err = vapdOutput("wake", "confusables", "computer", "-n", "3", "--say", dir, "--tts", wyomingtest.Server(t, "../../hub/speech/voices/testdata/server.py"))
	if err != nil || !strings.Contains(out, "18 recordings are in ") {
		t.Fatalf("%v\n%s", err, out)
	}
	if pcm, err := corpus.Read(filepath.Join(dir, "high", "commuter.wav")); err != nil || len(pcm) != 12800 {
		t.Errorf("%d samples: %v", len(pcm), err)
	}
	out, err = vapdOutput("wake", "confusables", "computer", "--dictionary", filepath.Join(dir, "none"))
	if err != nil || !strings.Contains(out, "bomputer") || !strings.Contains(out, "pocketsphinx-en-us") {
		t.Errorf("without a dictionary: %v\n%s", err, out)
	}
}

// loudNoise is two seconds of silence with a noise of a quarter of a second in it.
func loudNoise() []int16 {
	pcm := make([]int16, 32000)
	for i := 24000; i < 28000; i++ { // a square wave has many harmonics
		pcm[i] = int16(8000 * (i / 80 % 2))
	}
	return pcm
}

func TestWakeListensToTheMicrophone(t *testing.T) {
	card := newCard(t, audiotest.Config{Microphone: audio.Format{Rate: 48000, Channels: 2}})
	noise, err := resample.Convert(audio.WakeRate, 48000, 1, loudNoise())
	if err != nil {
		t.Fatal(err)
	}
	var stereo []int16
	for _, v := range noise {
		stereo = append(stereo, v, v)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var speaker sync.WaitGroup
	speaker.Go(func() {
		for ctx.Err() == nil {
			_ = card.Microphone.Play(ctx, stereo)
		}
	})
	defer speaker.Wait()
	defer cancel()
	out, err := vapdOutput("wake", "--packs", "../../wakeword/testdata", "listen", "--device", "default", "--seconds", "5")
	if err != nil || !strings.Contains(out, "Any loud noise detected") || !strings.Contains(out, "│") {
		t.Errorf("listen: %v\n%s", err, out)
	}
}
