package net

import "math"

// adam is AdamW: Kingma and Ba, 2015 (arxiv.org/abs/1412.6980), with the decay of weights
// of Loshchilov and Hutter, 2019 (arxiv.org/abs/1711.05101).
type adam struct {
	first, second []float32 // moments of each weight's gradient
}

const (
	adamBeta1   = 0.9
	adamBeta2   = 0.999
	adamEpsilon = 1e-7
)

func newAdam(n int) *adam { return &adam{make([]float32, n), make([]float32, n)} }

// update moves weights w, of which the moments begin at at, against their gradients.
// step counts from 1.
func (a *adam) update(at int, w, grads []float32, step int, rate, decay float64) {
	m, v := a.first[at:][:len(w)], a.second[at:][:len(w)]
	rate1 := float32(rate / (1 - math.Pow(adamBeta1, float64(step))))
	scale2 := float32(1 / (1 - math.Pow(adamBeta2, float64(step))))
	keep := float32(1 - rate*decay)
	for i, g := range grads[:len(w)] {
		m[i] = adamBeta1*m[i] + (1-adamBeta1)*g
		v[i] = adamBeta2*v[i] + (1-adamBeta2)*g*g
		w[i] = keep*w[i] - rate1*m[i]/(float32(math.Sqrt(float64(v[i]*scale2)))+adamEpsilon)
	}
}

// Schedule is the learning rate at each step, from 0 on.
type Schedule func(step int) float64

// Cosine is a schedule that rises to peak over the first warm steps and falls to
// peak/100 along a cosine until step total, where it stays.
func Cosine(peak float64, warm, total int) Schedule {
	return func(step int) float64 {
		if step < warm {
			return peak * float64(step+1) / float64(warm)
		}
		done := min(1, float64(step-warm)/float64(max(1, total-warm)))
		return peak * (0.01 + 0.99*(1+math.Cos(math.Pi*done))/2)
	}
}
