package trial

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics
// in Medicine 17 (1998), table I, method 3.
func TestWilson(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{
		{81, 263, 0.2553, 0.3662},
		{15, 148, 0.0624, 0.1605},
		{0, 20, 0, 0.1611},
		{1, 29, 0.0061, 0.1718},
		{29, 29, 1 - 0.1170, 1}, // of 0 in 29, mirrored
		{0, 0, 0, 1},
	} {
		if i := Wilson(c.k, c.n); math.Abs(i.Low-c.low) > 6e-5 || math.Abs(i.High-c.high) > 6e-5 {
			t.Errorf("%d of %d: %.4f, want %.4f to %.4f", c.k, c.n, i, c.low, c.high)
		}
	}
}

// The limits that standard tables of exact Poisson limits give, 95 % on both sides.
func TestPoisson(t *testing.T) {
	for k, want := range map[int]Interval{
		0: {0, 3.689}, 1: {0.0253, 5.572}, 2: {0.2422, 7.225}, 3: {0.6187, 8.767}, 4: {1.0899, 10.242},
		5: {1.6235, 11.668}, 10: {4.7954, 18.390}, 20: {12.2165, 30.888}, 50: {37.1110, 65.919}, 100: {81.3640, 121.627},
	} {
		if i := Poisson(k); math.Abs(i.Low-want.Low) > 1e-3 || math.Abs(i.High-want.High) > 1e-3 {
			t.Errorf("%d: %.4f, want %.4f", k, i, want)
		}
	}
}

func TestIntervalsHoldWhatWasFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 1_000_000).Draw(t, "n")
		k := rapid.IntRange(0, n).Draw(t, "k")
		p := float64(k) / float64(n)
		if i := Wilson(k, n); !(i.Low >= 0 && i.Low <= p && p <= i.High && i.High <= 1) {
			t.Fatalf("%d of %d: %v", k, n, i)
		}
		few := rapid.IntRange(0, 20_000).Draw(t, "few")
		if i := Poisson(few); !(i.Low >= 0 && i.Low <= float64(few) && float64(few) < i.High) {
			t.Fatalf("%d: %v", few, i)
		}
	})
}
