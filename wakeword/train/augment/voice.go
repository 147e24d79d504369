package augment

import (
	"fmt"
	"math"
	"math/rand/v2"

	"vapd/audio"
	"vapd/audio/dsp"
)

// Voice is another speaker than the one who is heard: what Change makes of a voice. A
// handful of synthetic voices become hundreds of speakers by it.
type Voice struct {
	// Tract is by how much the formants are higher: above 1 for a shorter vocal tract, as
	// those of women and children are.
	Tract float64
	Pitch float64 // by how much the fundamental is higher; in steps of a hundredth
	Tempo float64 // by how much the speech is faster, at an unchanged pitch
	// Sway is by how much the tempo comes and goes within what is said: 0.2 is from 0.8 to
	// 1.25 times the Tempo, within Period seconds and with Phase radians at the beginning.
	Sway, Period, Phase float64
	// Bend moves the formants against each other: 0.05 is by up to 5 %, up and down three
	// times over the whole band, with Turn radians at 0 Hz. It makes other vowels.
	Bend, Turn float64
	// Contrast is by how much the formants are sharper, as a power: below 1 they are blurred.
	Contrast float64
	// Tilt is how much louder an octave is than the one below, from 300 Hz on, in decibels:
	// above 0 for a raised voice.
	Tilt float64
}

// RandomVoice is a speaker: a child, a woman or a man, who drawls or hurries. Synthetic
// voices say a single word in three quarters of the time that people take for it.
func RandomVoice(random *rand.Rand) Voice {
	log := func(low, high float64) float64 { return math.Exp(Range{math.Log(low), math.Log(high)}.draw(random)) }
	return Voice{
		Tract: log(0.8, 1.25), Pitch: math.Round(100*log(0.75, 1.4)) / 100, Tempo: log(0.55, 1.15),
		Sway: Range{0, 0.3}.draw(random), Period: log(0.25, 1), Phase: Range{0, 2 * math.Pi}.draw(random),
		Bend: Range{0, 0.12}.draw(random), Turn: Range{0, 2 * math.Pi}.draw(random), Contrast: log(0.6, 1.3),
		Tilt: Range{-3, 3}.draw(random),
	}
}

const (
	// grain is 30 ms: what is cut out and put elsewhere, to last longer or less long. Two
	// periods of a low voice.
	grain = int(audio.WakeRate) * 30 / 1000
	// slack is how far a grain may be from its place, so that it goes on where the last
	// ended: half a period of a voice of 67 Hz.
	slack = int(audio.WakeRate) * 75 / 10000
	// spectrum is the length of the transform, in which a grain is bent. What the bending
	// makes longer comes round, but a grain is soft where it begins and ends.
	spectrum = 512
	// reach is how far what is bent reaches beyond a grain, before and after.
	reach = (spectrum - grain) / 2
	// cepstrum is how many cepstral coefficients the envelope of a spectrum has: 1.9 ms,
	// less than the period of any voice.
	cepstrum = 30
	// steepest is the most by which bending raises or lowers a frequency, as a logarithm.
	steepest = 3
)

// Change makes the speech of one speaker that of another: pitch and formants by resampling,
// then the tempo by moving grains (WSOLA: Verhelst and Roelands, ICASSP 1993), each of which
// has its spectral envelope, by the cepstrum, moved to where the formants belong. It is as
// loud as before, or as full scale allows.
func (v Voice) Change(pcm []int16) ([]int16, error) {
	for _, x := range []float64{v.Tract, v.Pitch, v.Tempo, v.Contrast} {
		if !(x >= 0.5 && x <= 2) {
			return nil, fmt.Errorf("augment: a voice with %+v: tract, pitch, tempo and contrast must be within 0.5 and 2", v)
		}
	}
	if !(v.Sway >= 0 && v.Sway <= 1 && v.Period > 0 && v.Bend >= 0 && v.Bend < 1) {
		return nil, fmt.Errorf("augment: a voice with %+v: sway and bend must be within 0 and 1, and the period above 0", v)
	}
	higher, err := Speed(pcm, v.Pitch)
	if err != nil || len(higher) == 0 {
		return nil, err
	}
	const hop = grain / 2
	x, b := Floats(higher), newBender(v)
	out := make([]float64, spectrum) // from reach on
	place := 0                       // of the grain in x
	for to, at := 0, 0.0; int(at) < len(x); to += hop {
		if to > 0 {
			place = closest(x, place+hop, int(at))
		}
		b.add(out[to:], x, place)
		out = append(out, make([]float64, hop)...)
		rate := v.Tempo * math.Exp(v.Sway*math.Sin(2*math.Pi*float64(to)/float64(audio.WakeRate)/v.Period+v.Phase))
		at += float64(hop) * rate / v.Pitch
	}
	out = out[reach : len(out)-reach]
	peak := 0.0
	for _, s := range out {
		peak = max(peak, math.Abs(s))
	}
	if rms := RMS(out); rms > 0 {
		Gain(out, decibels(min(RMS(x)/rms, 1/peak)))
	}
	return PCM(out), nil
}

// closest is the place near at from where x sounds most like it does from next on.
func closest(x []float64, next, at int) int {
	best, place := math.Inf(-1), at
	for p := max(0, at-slack); p <= at+slack; p += 2 {
		var product, energy float64
		for i := 0; i < grain/2; i += 2 {
			if p+i >= len(x) || next+i >= len(x) {
				break
			}
			product += x[p+i] * x[next+i]
			energy += x[p+i] * x[p+i]
		}
		if score := product / math.Sqrt(energy+1e-9); score > best {
			best, place = score, p
		}
	}
	return place
}

// bender moves the formants of grains.
type bender struct {
	fft    *dsp.FFT
	from   []float64 // of each frequency, that whose envelope it gets, in lines of the spectrum
	tilt   []float64 // by how much it is raised, as a logarithm
	sharp  float64
	window []float64
	x, e   []complex128
}

func newBender(v Voice) *bender {
	b := &bender{
		fft: dsp.NewFFT(spectrum), from: make([]float64, spectrum/2+1), tilt: make([]float64, spectrum/2+1),
		sharp: v.Contrast, window: make([]float64, grain), x: make([]complex128, spectrum), e: make([]complex128, spectrum),
	}
	for i := range b.window {
		b.window[i] = 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(grain))
	}
	for k := range b.from {
		share := float64(k) / float64(spectrum/2)
		b.from[k] = min(spectrum/2, float64(k)*v.Pitch/v.Tract*(1+v.Bend*math.Sin(6*math.Pi*share+v.Turn)))
		octaves := math.Log2(max(1, share*float64(audio.WakeRate)/2/300))
		b.tilt[k] = v.Tilt * octaves * math.Ln10 / 20
	}
	return b
}

// add adds the grain of x from a place on to out, bent, from reach on.
func (b *bender) add(out, x []float64, place int) {
	clear(b.x)
	for i := range b.window {
		if place+i < len(x) {
			b.x[reach+i] = complex(x[place+i]*b.window[i], 0)
		}
	}
	b.fft.Transform(b.x)
	envelope, mean := b.envelope()
	for k := range b.from {
		low := int(b.from[k])
		part := b.from[k] - float64(low)
		moved := envelope[low] + part*(envelope[min(low+1, spectrum/2)]-envelope[low])
		gain := math.Exp(max(-steepest, min(steepest, mean+b.sharp*(moved-mean)-envelope[k]+b.tilt[k])))
		b.x[k] *= complex(gain, 0)
		if k > 0 && k < spectrum/2 {
			b.x[spectrum-k] *= complex(gain, 0)
		}
	}
	// The inverse, by the conjugate.
	for i, z := range b.x {
		b.x[i] = complex(real(z), -imag(z))
	}
	b.fft.Transform(b.x)
	for i, z := range b.x {
		out[i] += real(z) / spectrum
	}
}

// envelope is the logarithm of the magnitude of what is in x, without the harmonics, and its
// mean.
func (b *bender) envelope() (of [spectrum/2 + 1]float64, mean float64) {
	for k, z := range b.x[:spectrum/2+1] {
		b.e[k] = complex(0.5*math.Log(real(z)*real(z)+imag(z)*imag(z)+1e-10), 0)
		b.e[(spectrum-k)%spectrum] = b.e[k]
	}
	b.fft.Transform(b.e)
	for i := cepstrum; i <= spectrum-cepstrum; i++ {
		b.e[i] = 0
	}
	mean = real(b.e[0]) / spectrum
	b.fft.Transform(b.e)
	for k := range of {
		of[k] = real(b.e[k]) / spectrum
	}
	return of, mean
}
