package dsp

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestTransformIsTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := 1 << rapid.IntRange(1, 7).Draw(t, "log2 of the size")
		part := rapid.Float64Range(-1000, 1000)
		x, want := make([]complex128, size), make([]complex128, size)
		for i := range x {
			x[i] = complex(part.Draw(t, "real"), part.Draw(t, "imaginary"))
		}
		for k := range want {
			for i, v := range x {
				want[k] += v * cmplx.Rect(1, -2*math.Pi*float64(i*k%size)/float64(size))
			}
		}
		NewFFT(size).Transform(x)
		for k := range want {
			if cmplx.Abs(x[k]-want[k]) > 1e-8 {
				t.Fatalf("bin %d of %d is %v, want %v", k, size, x[k], want[k])
			}
		}
	})
}

// syllables is noise that bursts every quarter second and dies away with the given
// time constant in samples, over softer noise.
func syllables(n int, loud, soft, decay float64) []int16 {
	random := rand.New(rand.NewPCG(1, 2))
	out := make([]int16, n)
	for i := range out {
		v := loud*math.Exp(-float64(i%4000)/decay)*random.NormFloat64() + soft*random.NormFloat64()
		out[i] = int16(max(-32768, min(32767, math.Round(v))))
	}
	return out
}

func TestPresence(t *testing.T) {
	p := NewProbe()
	measure := func(gain, decay float64) Presence {
		v, ok := p.Measure(syllables(16000, 0, 10*gain, 1), syllables(16000, 1000*gain, 10*gain, decay))
		if !ok {
			t.Fatal("not measured")
		}
		return v
	}
	dry, loud, wet := measure(1, 400), measure(4, 400), measure(1, 3000)
	if d := loud.Level - dry.Level; math.Abs(d-12) > 0.2 {
		t.Errorf("four times louder is %.2f dB", d)
	}
	if math.Abs(loud.Attack-dry.Attack) > 0.1 || math.Abs(loud.SNR-dry.SNR) > 0.3 {
		t.Errorf("a gain changes what it can't: %+v and %+v", dry, loud)
	}
	if wet.Attack > dry.Attack-6 {
		t.Errorf("with long echo the attack is %.1f dB, without %.1f dB", wet.Attack, dry.Attack)
	}
	// White noise of 16 bands' width: a sixteenth of the power is in each.
	if want := 20*math.Log10(10.0/32768) - 10*math.Log10(16) + 3; math.Abs(dry.Noise-want) > 0.5 {
		t.Errorf("noise %.2f dBFS, want %.2f", dry.Noise, want)
	}
}

func TestPresenceOfNothing(t *testing.T) {
	p := NewProbe()
	v, ok := p.Measure(make([]int16, Shortest), make([]int16, Shortest))
	if !ok || v.Attack != 0 || math.IsInf(v.Level, 0) || v.SNR != 0 {
		t.Errorf("silence is %+v, %v", v, ok)
	}
	for _, n := range []int{0, 1, Shortest - 1} {
		if _, ok := p.Measure(make([]int16, n), make([]int16, Shortest)); ok {
			t.Errorf("%d samples before the word are enough", n)
		}
	}
	if n := testing.AllocsPerRun(10, func() { p.Measure(make([]int16, Shortest), make([]int16, Shortest)) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// What a satellite computes once, when it hears its wake word.
func BenchmarkPresence(b *testing.B) {
	p := NewProbe()
	before, word := syllables(24000, 0, 10, 1), syllables(16000, 1000, 10, 400)
	b.ReportAllocs()
	for b.Loop() {
		p.Measure(before, word)
	}
}
