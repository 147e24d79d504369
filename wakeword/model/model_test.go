package model

import (
	"os/exec"
	"path/filepath"
	"testing"

	"vapd/wakeword"
	"vapd/wakeword/pack"
	"vapd/wakeword/train/corpus"
	"vapd/wakeword/trial"
)

func TestDefaultIsHeard(t *testing.T) {
	p, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	heard(t, p, "service", "carve us", "what time is it in the kitchen")
}

// heard checks that a word wakes a pack when voices say it that are on every machine, and
// other words do not.
func heard(t *testing.T, p *pack.Pack, others ...string) {
	t.Helper()
	flite, err := exec.LookPath("flite")
	if err != nil {
		t.Fatal("the program flite is missing: apt-get install flite")
	}
	tr, err := trial.New([]wakeword.Word{{Pack: p}})
	if err != nil {
		t.Fatal(err)
	}
	for _, voice := range []string{"slt", "rms", "awb", "kal16"} {
		for _, text := range append(others, p.Manifest.WakeWord) {
			file := filepath.Join(t.TempDir(), "said.wav")
			if out, err := exec.Command(flite, "-voice", voice, "-t", text, "-o", file).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			pcm, err := corpus.Read(file)
			if err != nil {
				t.Fatal(err)
			}
			woke := false
			for _, e := range tr.Run(pcm) {
				woke = woke || e.Kind == wakeword.Detected
			}
			if woke != (text == p.Manifest.WakeWord) {
				t.Errorf("%s says %q: woke is %v", voice, text, woke)
			}
		}
	}
}
