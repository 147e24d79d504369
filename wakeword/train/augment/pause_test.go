package augment

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Pauses come where it is quiet.
func TestPauses(t *testing.T) {
	// Words of 0.4 s, with 50 ms between them.
	said := make([]int16, 8*rate)
	for i := range said {
		if said[i] = 9000; i%(rate*45/100) >= rate*4/10 {
			said[i] = 0
		}
	}
	found, cut := 0, 0
	for seed := range 20 {
		words := runs(Pauses(said, rand.New(rand.NewPCG(uint64(seed), 1))))
		for _, n := range words[:len(words)-1] {
			if found++; n%(rate*4/10) != 0 {
				cut++
			}
		}
	}
	if found < 60 || cut > 0 {
		t.Errorf("%d of %d pauses are within a word", cut, found)
	}
}

// runs are the lengths of what is loud, between silences of 0.2 s and more.
func runs(pcm []int16) (all []int) {
	loud, quiet := 0, 0
	for _, v := range append(pcm, make([]int16, rate)...) {
		if v > 100 {
			loud, quiet = loud+1, 0
		} else if quiet++; quiet == rate/5 && loud > 0 {
			all, loud = append(all, loud), 0
		}
	}
	return all
}

// All that is said is there, in its order, and there is at most forty times as much.
func TestPausesKeepAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		said := make([]int16, rapid.IntRange(0, rate).Draw(t, "samples"))
		for i := range said {
			said[i] = int16(100 + random.IntN(1000))
		}
		out := Pauses(said, random)
		if len(out) > 2*rate+int(float64(len(said))*(1+longestPause/(shortestSaid-around))) {
			t.Fatalf("%d samples of %d", len(out), len(said))
		}
		rest := slices.DeleteFunc(out, func(v int16) bool { return v < 100 })
		if !slices.Equal(rest, said) {
			t.Fatalf("%d samples are %d", len(said), len(rest))
		}
	})
}
