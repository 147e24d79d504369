//go:build !vapd_satellite

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vapd/audio"
	"vapd/audio/wav"
	"vapd/hub/speech"
	"vapd/hub/speech/flite"
)

// saidTo writes a recording of sentences in one of Flite's voices.
func saidTo(t *testing.T, path, voice string, sentences ...string) string {
	t.Helper()
	s, err := flite.New()
	if err != nil {
		t.Fatal(err)
	}
	samples := make([]int16, audio.WakeRate)
	for _, sentence := range sentences {
		if err := s.Say(sentence, voice, func(p speech.Piece) error { samples = append(samples, p.Samples...); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	err = wav.Write(&file, audio.Format{Rate: audio.WakeRate, Channels: 1}, samples)
	if err == nil {
		err = os.WriteFile(path, file.Bytes(), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// While no hub runs, people are known and forgotten by recordings.
func TestPeopleByRecordings(t *testing.T) {
	dir, files := t.TempDir(), t.TempDir()
	people := func(args ...string) (string, error) {
		return vapdOutput(append([]string{"hub", "people"}, append(args, "--state", dir)...)...)
	}
	recording := func(name, voice string, sentences ...string) string {
		return saidTo(t, filepath.Join(files, name), voice, sentences...)
	}
	long := []string{
		"turn on the light in the kitchen please", "how much time is left on my timer for the potatoes",
		"what is the weather going to be tomorrow", "set the volume to twenty five percent",
	}
	rita := recording("rita.wav", "rms", long...)
	if out, err := people("who", rita); err == nil || !strings.Contains(out, "nobody's voice is known") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := people("add", "Rita", recording("short.wav", "rms", "stop")); err == nil || !strings.Contains(out, "too little speech of one person in it") {
		t.Errorf("%v: %s", err, out)
	}
	for name, file := range map[string]string{"Rita": rita, "Slate": recording("slate.wav", "slt", long...)} {
		if out, err := people("add", name, file); err != nil || !strings.Contains(out, "The hub knows the voice of "+name) {
			t.Fatalf("%v: %s", err, out)
		}
	}
	out, err := people("who", recording("1.wav", "rms", "what time is it in the garden"), recording("2.wav", "slt", "what time is it in the garden"), recording("3.wav", "rms"))
	lines := strings.Split(out, "\n")
	if err != nil || len(lines) != 4 || !strings.Contains(lines[0], "Rita") || !strings.Contains(lines[1], "Slate") || !strings.Contains(lines[2], "less than half a second") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := people("list", "--json"); err != nil || strings.Count(out, `"stale":false`) != 2 {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := people("forget", "Rita"); err != nil || !strings.Contains(out, "forgotten") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := people("forget", "Rita"); err == nil || !strings.Contains(out, "nobody has that name") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := vapdOutput("hub", "audit", "--state", dir); err != nil || strings.Count(out, "people.add") != 2 || !strings.Contains(out, "people.forget") {
		t.Errorf("%v: %s", err, out)
	}
}
