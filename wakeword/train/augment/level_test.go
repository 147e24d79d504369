package augment

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

const rate = 16000

// voice is like speech: a buzz that comes and goes four times a second, of that level in
// dBFS while it is there, with this much silence around it, in samples.
func voice(random *rand.Rand, db float64, seconds float64, before, after int) []float64 {
	x := make([]float64, before+int(seconds*rate)+after)
	pitch := 90 + 120*random.Float64()
	voiced := x[before : len(x)-after]
	for i := range voiced {
		t := float64(i) / rate
		syllable := math.Sqrt(1 + 0.8*math.Sin(2*math.Pi*4*t))
		var buzz float64
		for k := 1.0; k <= 10; k++ {
			buzz += math.Sin(2 * math.Pi * pitch * k * t)
		}
		voiced[i] = syllable * buzz
	}
	Gain(voiced, db-decibels(RMS(voiced)))
	return x
}

func drawVoice(t *rapid.T, db float64) []float64 {
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	silence := rapid.IntRange(0, rate)
	return voice(random, db, rapid.Float64Range(0.5, 1.5).Draw(t, "seconds"), silence.Draw(t, "before"), silence.Draw(t, "after"))
}

// Of speech without pauses the level is its RMS, whatever silence is around it.
func TestActiveLevel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		db := rapid.Float64Range(-50, -6).Draw(t, "level")
		x := drawVoice(t, db)
		seconds := 0.0
		for _, v := range x {
			if v != 0 {
				seconds += 1.0 / rate
			}
		}
		// The 0.2 s after its end count as well.
		longer := 10 * math.Log10(1+0.2/seconds)
		if got, ok := ActiveLevel(x); !ok || got > db+0.4 || got < db-longer-0.4 {
			t.Fatalf("the level is %v, want %v less at most %v", got, db, longer)
		}
		more := slices.Concat(make([]float64, 2*rate), x, make([]float64, 2*rate))
		before, _ := ActiveLevel(slices.Concat(x, make([]float64, rate)))
		if after, _ := ActiveLevel(more); math.Abs(after-before) > 1e-6 {
			t.Fatalf("silence changed the level from %v to %v", before, after)
		}
		gain := rapid.Float64Range(-40, 40).Draw(t, "gain")
		was, _ := ActiveLevel(x)
		Gain(x, gain)
		if got, _ := ActiveLevel(x); math.Abs(got-was-gain) > 1e-6 {
			t.Fatalf("%v dB of gain made the level %v of %v", gain, got, was)
		}
	})
	if _, ok := ActiveLevel(make([]float64, rate)); ok {
		t.Error("silence has a level")
	}
	if _, ok := ActiveLevel(nil); ok {
		t.Error("nothing has a level")
	}
}

// The recommendation's point: pauses do not count, hence the level stays where half of the
// time is silent.
func TestActiveLevelLeavesPausesOut(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	x := voice(random, -26, 4, 0, 0)
	for i := range 4 {
		clear(x[i*rate+rate/2:][:rate/2])
	}
	rms := decibels(RMS(x))
	// 0.2 s of each pause of 0.5 s is hangover: -26 + 10 log 0.5/0.7.
	if got, _ := ActiveLevel(x); math.Abs(got+27.5) > 0.5 || got < rms+1 {
		t.Errorf("the level is %.2f dB, the RMS %.2f dB, want about -27.5", got, rms)
	}
}

func TestLoudest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
		before := rapid.IntRange(rate/4, 2*rate).Draw(t, "before")
		seconds := rapid.Float64Range(0.4, 1).Draw(t, "seconds")
		x := voice(random, -20, seconds, before, rate)
		for i, v := range Colored(len(x), 0.5, random) { // at about -60 dBFS
			x[i] += 0.002 * v
		}
		// A click long before the word is not the word.
		x[rate/8] = 0.9
		s := Loudest(x)
		from, to := before, before+int(seconds*rate)
		if math.Abs(float64(s.From-from)) > 0.07*rate || math.Abs(float64(s.To-to)) > 0.16*rate {
			t.Fatalf("got %v, want %v to %v", s, from, to)
		}
	})
	if s := Loudest(make([]float64, rate)); s != (Stretch{}) {
		t.Errorf("in silence: %v", s)
	}
}
