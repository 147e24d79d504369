package room

import (
	"math/bits"
	"math/cmplx"

	"vapd/audio/dsp"
)

// Convolve is what is heard of signal through an impulse response. It is as long as
// both together, less one.
func Convolve(signal, impulse []float64) []float64 {
	if len(signal) == 0 || len(impulse) == 0 {
		return nil
	}
	n := len(signal) + len(impulse) - 1
	size := max(2, 1<<bits.Len(uint(n-1)))
	fft := dsp.NewFFT(size)
	// Both are real: one transform of signal + i impulse has the spectra of both.
	both := make([]complex128, size)
	for i, v := range signal {
		both[i] = complex(v, 0)
	}
	for i, v := range impulse {
		both[i] += complex(0, v)
	}
	fft.Transform(both)
	product := make([]complex128, size)
	for i := range product {
		a, b := both[i], cmplx.Conj(both[(size-i)%size])
		// signal is (a+b)/2, impulse (a-b)/2i; conjugated for the way back.
		product[i] = cmplx.Conj((a + b) * (a - b) * complex(0, -0.25))
	}
	fft.Transform(product)
	out := make([]float64, n)
	for i := range out {
		out[i] = real(product[i]) / float64(size)
	}
	return out
}
