package frontend

import (
	"math"
	"math/bits"
)

// windowBits is the precision of the window's coefficients.
const windowBits = 12

// window collects samples and weighs them by a Hann window.
type window struct {
	coefficients [windowSize]int16
	samples      [windowSize]int16
	used         int
}

func newWindow() window {
	var w window
	arg := float32(float32(math.Pi) * 2 / windowSize)
	for i := range w.coefficients {
		cos := float32(math.Cos(float64(float32(arg * (float32(i) + 0.5)))))
		v := 0.5 - float32(0.5*cos)
		w.coefficients[i] = int16(math.Floor(float64(float32(v*(1<<windowBits)) + 0.5)))
	}
	return w
}

// fill takes samples until the window is full and returns how many it took.
func (w *window) fill(samples []int16) int {
	n := copy(w.samples[w.used:], samples)
	w.used += n
	return n
}

// apply writes the weighed samples to dst and returns the bit length of the largest
// magnitude, below 16. Like the reference it leaves out -32768, whose negative does not
// fit.
func (w *window) apply(dst *[windowSize]int16) int {
	var magnitudes int32
	samples, coefficients := &w.samples, &w.coefficients // a range over an array copies it
	for i, s := range samples {
		v := int32(s) * int32(coefficients[i]) >> windowBits
		dst[i] = int16(v)
		sign := v >> 31
		magnitudes |= v ^ sign - sign
	}
	return bits.Len32(uint32(magnitudes) & math.MaxInt16)
}

// advance drops the oldest step samples.
func (w *window) advance(step int) {
	w.used = copy(w.samples[:], w.samples[step:])
}
