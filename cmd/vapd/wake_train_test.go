//go:build !vapd_satellite && cgo

package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
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
		"another word":   {[]string{"--positives", dir, "--negatives", speech}, `no recording is of "boom", but of said, speech`},
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

func TestWakeCrossvalRefuses(t *testing.T) {
	dir := t.TempDir()
	if err := saveWAV(filepath.Join(dir, "said", "1.wav"), loudNoise()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"few folds":     {[]string{"--folds", "2"}, "must be 3 to 20"},
		"inner":         {[]string{"--inner=-1"}, "must be 0 or more"},
		"no such fold":  {[]string{"--outer", "0,5"}, "there is no fold 5"},
		"too few words": {nil, `there are 1 recordings of "said"`},
		"absent":        {[]string{"--measure"}, "not trained yet"},
	} {
		args := append([]string{"wake", "crossval", "--word", "said", "--positives", dir, "--negatives", dir, "-o", filepath.Join(dir, "out")}, c.args...)
		if out, err := vapdOutput(args...); err == nil || !strings.Contains(out, c.want) {
			t.Errorf("%s: %v: must say %q\n%s", name, err, c.want, out)
		}
	}
}
