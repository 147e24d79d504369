package dsp

import (
	"fmt"
	"math"
	"math/bits"
)

// FFT transforms blocks of one size. It is for one goroutine at a time where the
// blocks are, and for any number otherwise.
type FFT struct{ roots []complex128 }

// NewFFT makes an FFT for blocks of size samples, a power of two.
func NewFFT(size int) *FFT {
	if size < 2 || bits.OnesCount(uint(size)) != 1 {
		panic(fmt.Sprintf("dsp: a transform of %d samples: the size must be a power of two", size))
	}
	f := &FFT{roots: make([]complex128, size/2)}
	for i := range f.roots {
		sin, cos := math.Sincos(-2 * math.Pi * float64(i) / float64(size))
		f.roots[i] = complex(cos, sin)
	}
	return f
}

// Transform replaces x, which has the size of New, by its discrete Fourier transform. It
// allocates nothing.
func (f *FFT) Transform(x []complex128) {
	n := 2 * len(f.roots)
	x = x[:n]
	shift := bits.LeadingZeros(uint(n)) + 1
	for i := range x {
		if j := int(bits.Reverse(uint(i)) >> shift); i < j {
			x[i], x[j] = x[j], x[i]
		}
	}
	for width := 1; width < n; width *= 2 {
		step := n / (2 * width)
		for start := 0; start < n; start += 2 * width {
			low, high := x[start:start+width], x[start+width:start+2*width]
			for i := range low {
				v := high[i] * f.roots[i*step]
				low[i], high[i] = low[i]+v, low[i]-v
			}
		}
	}
}
