package model

import (
	"os/exec"
	"path/filepath"
	"testing"

	"vapd/wakeword"
	"vapd/wakeword/train/corpus"
	"vapd/wakeword/trial"
)

// TestDefaultIsHeard: the word that comes with the program wakes it when voices say it that
// are on every machine, and what sounds like it does not.
func TestDefaultIsHeard(t *testing.T) {
	flite, err := exec.LookPath("flite")
	if err != nil {
		t.Fatal("the program flite is missing: apt-get install flite")
	}
	p, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	tr, err := trial.New([]wakeword.Word{{Pack: p}})
	if err != nil {
		t.Fatal(err)
	}
	for _, voice := range []string{"slt", "rms", "awb", "kal16"} {
		for text, want := range map[string]bool{
			p.Manifest.WakeWord: true, "service": false, "carve us": false, "what time is it in the kitchen": false,
		} {
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
			if woke != want {
				t.Errorf("%s says %q: woke is %v", voice, text, woke)
			}
		}
	}
}
