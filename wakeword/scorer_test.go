package wakeword

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"vapd/audio"
	"vapd/wakeword/pack"
)

// TestScorerAndDetectorAgree: outputs that are judged afterwards are what a detector hears.
func TestScorerAndDetectorAgree(t *testing.T) {
	p, err := pack.Open("testdata/loud.json")
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewScorer(p)
	if err != nil {
		t.Fatal(err)
	}
	heard := 0
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		var pcm []int16
		for range rapid.IntRange(1, 8).Draw(t, "parts") {
			level := rapid.SampledFrom([]int{3, 300, 1000, 3000, 8000}).Draw(t, "level")
			for range rapid.IntRange(1, 30000).Draw(t, "samples") {
				pcm = append(pcm, int16(random.IntN(2*level+1)-level))
			}
		}
		cutoff := rapid.Float64Range(0.01, 0.99).Draw(t, "cutoff")
		d, err := New([]Word{{Pack: p, Cutoff: cutoff}})
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		for _, e := range d.Process(audio.Pos{Epoch: 1}, pcm, nil) {
			if e.Kind == Detected {
				want++
			}
		}
		s.Reset()
		var outputs []uint8
		for rest := pcm; len(rest) > 0; {
			n := min(len(rest), rapid.IntRange(1, 20000).Draw(t, "block"))
			outputs = s.Process(rest[:n], outputs)
			rest = rest[n:]
		}
		if got, err := s.Judge(outputs, cutoff); err != nil || got != want {
			t.Fatalf("%d detections, %v, want %d", got, err, want)
		}
		heard += want
	})
	if heard == 0 {
		t.Error("nothing was heard")
	}
	if _, err := s.Judge(nil, 1); err == nil {
		t.Error("a cutoff of 1 was taken")
	}
}
