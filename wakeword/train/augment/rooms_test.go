package augment

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Speech in a room stays where it is, keeps its length and about its level, and lasts.
func TestEcho(t *testing.T) {
	for seed := range uint64(12) {
		random := rand.New(rand.NewPCG(seed, 9))
		impulse, rt60 := RandomRoom(random)
		if rt60 < 0.12 || rt60 > 0.8 {
			t.Errorf("seed %d: an RT60 of %v s", seed, rt60)
		}
		if at := slices.Index(impulse, slices.Max(impulse)); at > rate/50 {
			t.Errorf("seed %d: the strongest sound comes after %d samples", seed, at)
		}
		x := voice(random, -20, 1, 0, rate)
		y := Echo(x, impulse)
		if len(y) != len(x) {
			t.Fatalf("seed %d: %d samples of %d", seed, len(y), len(x))
		}
		was, _ := ActiveLevel(x)
		if is, _ := ActiveLevel(y); math.Abs(is-was) > 6 {
			t.Errorf("seed %d: the level went from %.1f to %.1f dB", seed, was, is)
		}
		// After the voice has ended it decays, by 60 dB in about RT60.
		half := int(rt60 / 2 * rate)
		if fall := decibels(RMS(y[rate:][:200]) / RMS(y[rate+half:][:200])); fall < 12 || fall > 60 {
			t.Errorf("seed %d: within half an RT60 of %.2f s it fell by %.0f dB", seed, rt60, fall)
		}
	}
	if y := Echo(nil, []float64{1}); y != nil {
		t.Errorf("of nothing: %v", y)
	}
}
