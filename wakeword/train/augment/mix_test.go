package augment

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The ratio of active speech and noise is what was asked for, within half a decibel, also
// after rounding to 16 bits.
func TestMixHasTheRatio(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := drawVoice(t, rapid.Float64Range(-40, -20).Draw(t, "level"))
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "noise"), 1))
		noise := Colored(len(x), rapid.Float64Range(0, 1).Draw(t, "colour"), random)
		snr := rapid.Float64Range(0, 30).Draw(t, "snr")
		mixed, ok := Mix(x, noise, snr)
		if !ok || len(mixed) != len(x) {
			t.Fatalf("%d of %d samples, %v", len(mixed), len(x), ok)
		}
		level, _ := ActiveLevel(x)
		for name, y := range map[string][]float64{"mixed": mixed, "rounded": Floats(PCM(mixed))} {
			added := slices.Clone(y)
			for i := range added {
				added[i] -= x[i]
			}
			if got := level - decibels(RMS(added)); math.Abs(got-snr) > 0.5 {
				t.Fatalf("%s: a ratio of %.2f dB, want %.2f", name, got, snr)
			}
		}
	})
	x := []float64{0.5, -0.5, 0.5}
	for _, c := range [][2][]float64{{x, make([]float64, 3)}, {make([]float64, 3), x}, {nil, nil}} {
		if got, ok := Mix(c[0], c[1], 10); ok || !slices.Equal(got, c[0]) {
			t.Errorf("%v and %v: got %v, %v", c[0], c[1], got, ok)
		}
	}
}

func TestColored(t *testing.T) {
	for _, c := range []struct{ colour, least, most float64 }{{0, -1, 1}, {0.5, 8, 25}, {1, 25, 45}} {
		x := Colored(10*rate, c.colour, rand.New(rand.NewPCG(1, 1)))
		low, high := slices.Clone(x), x
		lowPass(300, 0.7).run(low)
		highPass(7700, 0.7).run(high)
		// Bands of 300 Hz at both ends.
		if got := decibels(RMS(low) / RMS(high)); got < c.least-1.5 || got > c.most+1.5 {
			t.Errorf("colour %v: the low end is %.1f dB above the high end", c.colour, got)
		}
	}
}

func TestClip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := drawVoice(t, -20)
		db := rapid.Float64Range(0, 20).Draw(t, "db")
		was := slices.Max(x)
		low := -slices.Min(x)
		Clip(x, db)
		limit := max(was, low) * amplitude(-db)
		if got := max(slices.Max(x), -slices.Min(x)); math.Abs(got-limit) > 1e-12 {
			t.Fatalf("the peak is %v, want %v", got, limit)
		}
	})
}

// Clips that repeat to fill a length, and the empty one.
func TestPiece(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	if got := PCM(Piece([]int16{1, 2, 3}, 7, random)); !slices.Equal(got, []int16{1, 2, 3, 1, 2, 3, 1}) {
		t.Errorf("got %v", got)
	}
	if got := Piece(nil, 3, random); !slices.Equal(got, make([]float64, 3)) {
		t.Errorf("got %v", got)
	}
	seen := make(map[int16]bool)
	for range 100 {
		seen[PCM(Piece([]int16{0, 1, 2, 3, 4}, 3, random))[0]] = true
	}
	if len(seen) != 3 {
		t.Errorf("pieces of 3 of 5 samples begin at %v", seen)
	}
}
