package augment

import (
	"math"

	"vapd/audio"
)

// biquad is a filter of second order.
type biquad struct{ b0, b1, b2, a1, a2 float64 }

// run filters in place.
func (f biquad) run(x []float64) {
	var s1, s2 float64 // transposed direct form II
	for i, v := range x {
		y := f.b0*v + s1
		s1 = f.b1*v - f.a1*y + s2
		s2 = f.b2*v - f.a2*y
		x[i] = y
	}
}

// angle is a frequency in hertz on the unit circle.
func angle(hz float64) (sin, cos float64) {
	return math.Sincos(2 * math.Pi * hz / float64(audio.WakeRate))
}

func highPass(hz, q float64) biquad {
	sin, cos := angle(hz)
	alpha := sin / (2 * q)
	return normal((1+cos)/2, -(1 + cos), (1+cos)/2, 1+alpha, -2*cos, 1-alpha)
}

func lowPass(hz, q float64) biquad {
	sin, cos := angle(hz)
	alpha := sin / (2 * q)
	return normal((1-cos)/2, 1-cos, (1-cos)/2, 1+alpha, -2*cos, 1-alpha)
}

// peak raises or lowers what is around a frequency.
func peak(hz, q, db float64) biquad {
	sin, cos := angle(hz)
	a := math.Pow(10, db/40)
	alpha := sin / (2 * q)
	return normal(1+alpha*a, -2*cos, 1-alpha*a, 1+alpha/a, -2*cos, 1-alpha/a)
}

func normal(b0, b1, b2, a0, a1, a2 float64) biquad {
	return biquad{b0 / a0, b1 / a0, b2 / a0, a1 / a0, a2 / a0}
}

// Line is what a cheap microphone, its case or a telephone line does to sound.
type Line struct {
	Low, High float64 // Hz: what is passed on, less 3 dB at these; falling by 24 dB an octave beyond
	// Peak is a resonance of the case, in decibels at PeakAt Hz.
	Peak, PeakAt float64
	// Telephone: the line has the mu-law of ITU-T G.711.
	Telephone bool
}

// Telephone is a line of the public network, 300 to 3,400 Hz.
func Telephone() Line { return Line{Low: 300, High: 3400, Telephone: true} }

// Run filters in place.
func (l Line) Run(x []float64) {
	for _, q := range butterworth() {
		highPass(l.Low, q).run(x)
		lowPass(l.High, q).run(x)
	}
	if l.Peak != 0 {
		peak(l.PeakAt, 2, l.Peak).run(x)
	}
	if l.Telephone {
		muLaw(x)
		// It is sampled at 8 kHz there: its rounding has nothing above 4 kHz.
		for _, q := range butterworth() {
			lowPass(l.High, q).run(x)
		}
	}
}

// butterworth has the quality of each half of a filter of fourth order that is as flat as
// can be.
func butterworth() [2]float64 { return [2]float64{0.5412, 1.3066} }

// muLaw rounds to the 255 values of the mu-law, in place.
func muLaw(x []float64) {
	const mu = 255
	for i, v := range x {
		y := math.Copysign(math.Log1p(mu*min(1, math.Abs(v)))/math.Log1p(mu), v)
		y = math.Round(y*127) / 127
		x[i] = math.Copysign(math.Expm1(math.Abs(y)*math.Log1p(mu))/mu, y)
	}
}
