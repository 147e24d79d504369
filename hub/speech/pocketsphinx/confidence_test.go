//go:build !vapd_nodl

package pocketsphinx

import (
	"math"
	"math/rand/v2"
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
// as much as is loud.
func TestCovers(t *testing.T) {
	loop := []segment{{"SIL", 0, 10, 0}, {"S", 10, 40, 0}, {"+NSN+", 40, 60, 0}, {"T", 60, 130, 0}}
	if n := spoken(loop); n != 100 {
		t.Errorf("%d frames are speech, want 100", n)
	}
	for _, c := range []struct {
		words []segment
		loud  int
		want  bool
	}{
		{[]segment{{"stop", 10, 40, 0}, {"<sil>", 40, 60, 0}, {"the(2)", 60, 100, 0}}, 70, true},
		{[]segment{{"stop", 10, 40, 0}, {"<sil>", 40, 130, 0}}, 70, false},
		{nil, 0, false},
	} {
		if got := covers(c.words, c.loud); got != c.want {
			t.Errorf("%v cover it: %v", c.words, got)
		}
	}
}

// What is loud is found whatever the level, above noise 15 dB below it.
func TestLoud(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, level := range []float64{100, 8000} {
		samples := make([]int16, 16000)
		for i := range samples {
			amplitude := level * 0.18
			if i >= 4000 && i < 12000 {
				amplitude = level
			}
			samples[i] = int16(amplitude * r.NormFloat64())
		}
		if n := loud(samples); n < 48 || n > 54 {
			t.Errorf("at %v %d frames are loud, want 50", level, n)
		}
	}
	for _, samples := range [][]int16{nil, make([]int16, 100), make([]int16, 1600)} {
		if n := loud(samples); n != 0 {
			t.Errorf("of %d samples of nothing %d frames are loud", len(samples), n)
		}
	}
}
