//go:build !vapd_nodl

package pocketsphinx

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestConfidence(t *testing.T) {
	loop := []segment{{"SIL", 0, 10, -50}, {"S", 10, 20, -100}, {"T", 20, 30, -200}, {"SIL", 30, 40, -50}}
	for _, c := range []struct {
		name  string
		words []segment
		want  float64
	}{
		{"as good as phones", []segment{{"<sil>", 0, 10, -900}, {"stop", 10, 30, -300}}, 0},
		{"worse by two a frame", []segment{{"(NULL)", -1, 0, 0}, {"stop", 10, 30, -340}, {"[NOISE]", 30, 40, -900}}, -2},
		{"two words", []segment{{"s", 10, 20, -100}, {"t", 20, 25, -130}}, -2},
		{"beyond the phones", []segment{{"stop", 20, 50, -310}}, -2},
		{"silence", []segment{{"<sil>", 0, 40, -10}}, noConfidence},
		{"nothing", nil, noConfidence},
	} {
		if got := confidence(c.words, loop); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// Whatever the library says is a number.
func TestConfidenceIsANumber(t *testing.T) {
	segments := rapid.SliceOf(rapid.Custom(func(t *rapid.T) segment {
		return segment{
			rapid.SampledFrom([]string{"stop", "<sil>", ""}).Draw(t, "name"),
			rapid.IntRange(-1, 50).Draw(t, "from"), rapid.IntRange(-1, 50).Draw(t, "to"), rapid.Float64Range(-1e6, 0).Draw(t, "score"),
		}
	}))
	rapid.Check(t, func(t *rapid.T) {
		if c := confidence(segments.Draw(t, "words"), segments.Draw(t, "phones")); math.IsNaN(c) {
			t.Fatal("not a number")
		}
	})
}

// Pauses and noise are no speech, a word's other pronunciations are words, and a sentence is
// most of what was said.
func TestCovers(t *testing.T) {
	loop := []segment{{"SIL", 0, 10, 0}, {"S", 10, 40, 0}, {"+NSN+", 40, 60, 0}, {"T", 60, 130, 0}}
	if n := spoken(loop); n != 100 {
		t.Errorf("%d frames are speech, want 100", n)
	}
	for _, c := range []struct {
		words []segment
		want  bool
	}{
		{[]segment{{"stop", 10, 40, 0}, {"<sil>", 40, 60, 0}, {"the(2)", 60, 100, 0}}, true},
		{[]segment{{"stop", 10, 40, 0}, {"<sil>", 40, 130, 0}}, false},
		{nil, false},
	} {
		if got := covers(c.words, loop); got != c.want {
			t.Errorf("%v cover it: %v", c.words, got)
		}
	}
}
