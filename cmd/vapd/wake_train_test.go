//go:build !vapd_satellite && cgo

package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"vapd/wakeword/train/corpus"
)

// What can't be trained is said with what to do; package train has the rest.
func TestWakeTrainRefuses(t *testing.T) {
	dir := t.TempDir()
	said, speech, out := filepath.Join(dir, "said"), filepath.Join(dir, "speech"), filepath.Join(dir, "out")
	for i := range 3 {
		if err := saveWAV(filepath.Join(said, fmt.Sprint(i, ".wav")), loudNoise()); err != nil {
			t.Fatal(err)
		}
	}
	if err := saveWAV(filepath.Join(speech, "1.wav"), loudNoise()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"too few words":  {[]string{"--positives", said, "--negatives", speech}, `there are 3 recordings of "boom": 10 are needed`},
		"no speech":      {[]string{"--negatives", t.TempDir()}, "there is no .wav, .flac or .opus file"},
		"too much":       {[]string{"--negatives", speech, "--effort", "11"}, "must be 0.02 to 10"},
		"a broken table": {[]string{"--negatives", speech, "--labels", filepath.Join(speech, "1.wav")}, "1.wav: line 1"},
		"nothing":        {nil, "--negatives"},
	} {
		if out, err := vapdOutput(append([]string{"wake", "train", "--word", "boom", "-o", out}, c.args...)...); err == nil || !strings.Contains(out, c.want) {
			t.Errorf("%s: %v: must say %q\n%s", name, err, c.want, out)
		}
	}
}

// Whose recordings are the word's, and whose are other words.
func TestWakeTrainRecordings(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{"said/computer/1", "said/hey_computer/1", "said/athena/1", "said/athena/2", "speech/ann/1", "noise/1"} {
		if err := saveWAV(filepath.Join(dir, file+".wav"), loudNoise()); err != nil {
			t.Fatal(err)
		}
	}
	in := func(name string) []string { return []string{filepath.Join(dir, name)} }
	for word, want := range map[string]string{
		"Computer": "1 2 1 1",
		"snowboy":  "4 0 1 1", // no folder has its name
	} {
		set, err := wakeTrainCmd{Word: word, Positives: in("said"), Negatives: in("speech"), Noise: in("noise")}.recordings()
		if err != nil {
			t.Fatal(err)
		}
		count := func(clips []corpus.Clip) int { return len(clips) }
		if got := fmt.Sprint(count(set.Positives), count(set.Others), count(set.Negatives), count(set.Noise)); got != want {
			t.Errorf("%s: %s words, others, negatives and noise: must be %s", word, got, want)
		}
	}
}
