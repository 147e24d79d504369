package augment

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"vapd/audio/dsp"
)

// plain is a voice that changes nothing.
func plain() Voice { return Voice{Tract: 1, Pitch: 1, Tempo: 1, Period: 1, Contrast: 1} }

// vowel is a second of a buzz of a pitch with one formant, both in Hz.
func vowel(pitch, formant float64) []int16 {
	x := make([]float64, rate)
	for k := 1; float64(k)*pitch < rate/2; k++ {
		f := float64(k) * pitch
		level := 0.05 / (1 + math.Pow((f-formant)/200, 2))
		for i := range x {
			x[i] += level * math.Sin(2*math.Pi*f*float64(i)/rate)
		}
	}
	return PCM(x)
}

// pitch is that of a buzz, by its autocorrelation, in Hz.
func pitch(x []float64) float64 {
	x = x[len(x)/4 : len(x)*3/4]
	best, at := 0.0, 0
	for lag := rate / 400; lag < int(rate/60); lag++ {
		sum := 0.0
		for i := lag; i < len(x); i++ {
			sum += x[i] * x[i-lag]
		}
		if sum > best*1.02 { // a multiple is as good
			best, at = sum, lag
		}
	}
	return rate / float64(at)
}

// line is the level at a frequency, in decibels.
func line(x []float64, hz float64) float64 {
	var sum complex128
	for i, v := range x[len(x)/4 : len(x)*3/4] {
		sin, cos := math.Sincos(2 * math.Pi * hz * float64(i) / rate)
		sum += complex(v*cos, v*sin)
	}
	return decibels(math.Hypot(real(sum), imag(sum)))
}

// formant is where the middle of the energy of a sound is, in Hz.
func formant(x []float64) float64 {
	const n = 4096
	z := make([]complex128, n)
	for i := range z {
		z[i] = complex(x[len(x)/4+i]*(0.5-0.5*math.Cos(2*math.Pi*float64(i)/n)), 0)
	}
	dsp.NewFFT(n).Transform(z)
	var sum, weighted float64
	for k, v := range z[:n/2] {
		e := real(v)*real(v) + imag(v)*imag(v)
		sum += e
		weighted += e * float64(k) * rate / n
	}
	return weighted / sum
}

// What a voice says of itself is what comes out: pitch, formants and tempo each change by
// themselves.
func TestVoice(t *testing.T) {
	said := vowel(120, 1200)
	for name, change := range map[string]func(*Voice){
		"nothing":     func(*Voice) {},
		"a child":     func(v *Voice) { v.Tract, v.Pitch = 1.25, 1.4 },
		"a giant":     func(v *Voice) { v.Tract, v.Pitch = 0.8, 0.8 },
		"high":        func(v *Voice) { v.Pitch = 1.3 },
		"a long neck": func(v *Voice) { v.Tract = 0.8 },
		"fast":        func(v *Voice) { v.Tempo = 1.4 },
		"slow":        func(v *Voice) { v.Tempo = 0.7 },
		"all at once": func(v *Voice) { v.Tract, v.Pitch, v.Tempo = 1.2, 0.85, 1.2 },
	} {
		t.Run(name, func(t *testing.T) {
			v := plain()
			change(&v)
			pcm, err := v.Change(said)
			if err != nil {
				t.Fatal(err)
			}
			x := Floats(pcm)
			near := func(what string, got, want, share float64) {
				if math.Abs(got-want) > share*want {
					t.Errorf("%s: %.3f, want %.3f", what, got, want)
				}
			}
			near("seconds", float64(len(pcm))/rate, 1/v.Tempo, 0.05)
			near("pitch", pitch(x), 120*v.Pitch, 0.02)
			near("formant", formant(x), 1200*v.Tract, 0.07)
			near("level", RMS(x), RMS(Floats(said)), 0.1)
		})
	}
}

// The tempo that comes and goes changes the length little, and the place of what is said.
func TestVoiceSways(t *testing.T) {
	v := plain()
	v.Sway, v.Period = 0.3, 0.5
	pcm, err := v.Change(vowel(120, 1200))
	if seconds := float64(len(pcm)) / rate; err != nil || math.Abs(seconds-1) > 0.15 {
		t.Errorf("%.2f s, %v", seconds, err)
	}
}

// How deep the valleys between formants are follows the contrast.
func TestVoiceContrast(t *testing.T) {
	said := vowel(120, 1200)
	depth := func(contrast float64) float64 {
		v := plain()
		v.Contrast = contrast
		pcm, err := v.Change(said)
		if err != nil {
			t.Fatal(err)
		}
		x := Floats(pcm)
		return line(x, 1200) - line(x, 3000)
	}
	if blurred, same, sharp := depth(0.6), depth(1), depth(1.3); blurred > 0.75*same || sharp < 1.15*same {
		t.Errorf("%.1f, %.1f and %.1f dB", blurred, same, sharp)
	}
}

// A raised voice is brighter.
func TestVoiceTilts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	said := PCM(Colored(rate, 0.5, random))
	var at []float64
	for _, tilt := range []float64{-3, 0, 3} {
		v := plain()
		v.Tilt = tilt
		pcm, err := v.Change(said)
		if err != nil {
			t.Fatal(err)
		}
		at = append(at, formant(Floats(pcm)))
	}
	if !slices.IsSorted(at) || at[2] < 1.3*at[0] {
		t.Errorf("the middle of the energy: %.0f Hz", at)
	}
}

// What can't be said is refused.
func TestVoiceRefuses(t *testing.T) {
	for name, change := range map[string]func(*Voice){
		"nobody":     func(v *Voice) { *v = Voice{} },
		"no tempo":   func(v *Voice) { v.Tempo = 0 },
		"too high":   func(v *Voice) { v.Pitch = 2.1 },
		"no number":  func(v *Voice) { v.Tract = math.NaN() },
		"no period":  func(v *Voice) { v.Period = 0 },
		"backwards":  func(v *Voice) { v.Sway = 40 },
		"turned out": func(v *Voice) { v.Bend = 1 },
	} {
		v := plain()
		change(&v)
		if pcm, err := v.Change(vowel(120, 1200)); err == nil {
			t.Errorf("%s: %d samples", name, len(pcm))
		}
	}
}

// Whatever is said, by whomever, comes out, and the same each time.
func TestVoiceOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		random := rand.New(rand.NewPCG(seed, 2))
		pcm := make([]int16, rapid.IntRange(0, 3000).Draw(t, "samples"))
		level := rapid.IntRange(0, 32767).Draw(t, "level")
		for i := range pcm {
			pcm[i] = int16(random.IntN(2*level+1) - level)
		}
		v := RandomVoice(random)
		once, err := v.Change(pcm)
		if err != nil {
			t.Fatal(err)
		}
		// A sway of 0.3 makes it longer by a third, at most, and a grain may be left over.
		if longest := 1.35*float64(len(pcm))/v.Tempo + 0.05*rate; float64(len(once)) > longest || (len(pcm) > 0) != (len(once) > 0) {
			t.Fatalf("%d samples of %d", len(once), len(pcm))
		}
		if twice, err := v.Change(pcm); err != nil || !slices.Equal(once, twice) {
			t.Fatalf("another time it is different: %v", err)
		}
	})
}

func BenchmarkVoice(b *testing.B) {
	pcm := vowel(120, 1200)
	v := RandomVoice(rand.New(rand.NewPCG(1, 1)))
	for b.Loop() {
		if _, err := v.Change(pcm); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "x_realtime")
}
