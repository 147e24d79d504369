package resample

import "math"

// The filter's design: its length in periods of the lower rate gives the width of
// the transition, the window's beta how far down the stop band is.
const (
	zeroCrossings = 96 // taps per phase when the rate is raised
	stopband      = 96 // dB
)

// taps is the number of input frames that one output frame is made of; even, so that
// the delay is a whole number of input frames.
func taps(up, down int) int {
	return 2 * ((zeroCrossings/2*max(up, down) + up - 1) / up)
}

// phases computes the low-pass filter of up*taps points and splits it: row p, of taps
// coefficients from the oldest input frame to the newest, makes the output frame that
// lies p/up of an input period after the middle frame.
func phases(up, down int) []float32 {
	n := taps(up, down)
	beta := 0.1102 * (stopband - 8.7)                  // Kaiser's formulas
	width := (stopband - 7.95) / 14.36 / zeroCrossings // transition, of the lower rate
	cutoff := (1 - width) / float64(max(up, down))     // of half the rate up*from
	half := float64(up*n) / 2                          // the middle of the filter
	scale := 1 / bessel0(beta)
	h := make([]float32, up*n)
	row := make([]float64, n)
	for p := range up {
		var sum float64
		for k := range row {
			x := float64((n/2-1-k)*up + p) // distance from the middle
			w := x / half
			row[k] = sinc(cutoff*x) * bessel0(beta*math.Sqrt(max(0, 1-w*w))) * scale
			sum += row[k]
		}
		for k, c := range row { // every phase passes a constant unchanged
			h[p*n+k] = float32(c / sum)
		}
	}
	return h
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// bessel0 is the modified Bessel function of the first kind and order 0.
func bessel0(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > 1e-12*sum; k++ {
		term *= (x / 2 / k) * (x / 2 / k)
		sum += term
	}
	return sum
}
