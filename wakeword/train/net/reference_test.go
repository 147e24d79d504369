package net

import "math"

// signal is a batch in 64 bits: [clip][step][channel].
type signal [][][]float64

func newSignal(clips, steps, width int) signal {
	s := make(signal, clips)
	for i := range s {
		s[i] = make([][]float64, steps)
		for t := range s[i] {
			s[i][t] = make([]float64, width)
		}
	}
	return s
}

func (s signal) each(f func(v *float64)) {
	for _, clip := range s {
		for _, step := range clip {
			for c := range step {
				f(&step[c])
			}
		}
	}
}

// reference is what a layer computes, in 64 bits and written as plainly as possible.
// Gradients are checked against its differences.
func reference(l layer, w []float64, in signal) signal {
	steps, width := l.shape(len(in[0]))
	out := newSignal(len(in), steps, width)
	switch l := l.(type) {
	case *dense:
		for i := range out {
			for t := range steps {
				for o := range width {
					if l.biased {
						out[i][t][o] = w[l.kernel*l.in*l.out+o]
					}
					for k := range l.kernel {
						for c := range l.in {
							out[i][t][o] += in[i][t*l.stride+k][c] * w[(k*l.in+c)*l.out+o]
						}
					}
				}
			}
		}
	case *mix:
		for i := range out {
			for t := range steps {
				for _, g := range l.groups {
					for k := range g.kernel {
						for c := range g.width {
							out[i][t][g.from+c] += in[i][t+l.longest-g.kernel+k][g.from+c] * w[g.at+k*g.width+c]
						}
					}
				}
			}
		}
	case *norm:
		for c := range width {
			var mean, variance float64
			n := float64(len(in) * steps)
			for i := range in {
				for t := range in[i] {
					mean += in[i][t][c] / n
				}
			}
			for i := range in {
				for t := range in[i] {
					variance += (in[i][t][c] - mean) * (in[i][t][c] - mean) / n
				}
			}
			for i := range in {
				for t := range in[i] {
					y := w[c]*(in[i][t][c]-mean)/math.Sqrt(variance+epsilon) + w[width+c]
					if l.relu {
						y = max(y, 0)
					}
					out[i][t][c] = y
				}
			}
		}
	}
	return out
}

// slope is the derivative of f by *v.
func slope(v *float64, f func() float64) float64 {
	const h = 1e-5
	was := *v
	*v = was + h
	above := f()
	*v = was - h
	below := f()
	*v = was
	return (above - below) / (2 * h)
}

func widen(v []float32) []float64 {
	w := make([]float64, len(v))
	for i, x := range v {
		w[i] = float64(x)
	}
	return w
}
