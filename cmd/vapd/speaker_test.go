//go:build !vapd_satellite && cgo

package main

import (
	"slices"
	"testing"
)

// Who says a word that nobody has recorded: eSpeak NG too, where it is installed. Beside
// recordings it has no part, so that what is trained on them is the same everywhere.
func TestSpeakers(t *testing.T) {
	few, err := newSpeaker("")
	if err != nil {
		t.Fatalf("Flite (package libflite1): %v", err)
	}
	many, err := newSpeakers("")
	if err != nil {
		t.Fatal(err)
	}
	for _, voice := range []string{"slt", "en-us+m1"} {
		if !slices.Contains(many.Voices(), voice) {
			t.Fatalf("no %s (packages libflite1 and espeak-ng) of %v", voice, many.Voices())
		}
		if pcm, err := many.Say(t.Context(), "computer", voice); err != nil || len(pcm) < 4000 {
			t.Errorf("%s: %d samples, %v", voice, len(pcm), err)
		}
	}
	if slices.Contains(few.Voices(), "en-us+m1") {
		t.Errorf("beside recordings speak %v", few.Voices())
	}
	t.Setenv("PATH", t.TempDir())
	if rest, err := newSpeakers(""); err != nil || !slices.Equal(rest.Voices(), few.Voices()) {
		t.Errorf("without eSpeak NG: %v", err)
	}
	if _, err := newSpeakers("127.0.0.1:1"); err == nil {
		t.Error("a Wyoming server that is not there is no error")
	}
}
