package net

import (
	"math"
	"math/rand/v2"
)

// norm is batch norm, and a ReLU if it has one. Its weights are the scales and then the
// offsets of the channels.
type norm struct {
	channels int
	relu     bool
}

// epsilon keeps channels that never change from being scaled up.
const epsilon = 1e-3

func (b *norm) shape(steps int) (n, width int) { return steps, b.channels }

func (b *norm) weights() int { return 2 * b.channels }

func (b *norm) start(w []float32, _ *rand.Rand) {
	clear(w)
	for i := range b.channels {
		w[i] = 1
	}
}

// measure takes the mean and the variance of each channel.
func (b *norm) measure(s scope, in batch) (mean, variance []float32) {
	mean, variance = s.moments[:b.channels], s.moments[b.channels:][:b.channels]
	clear(s.moments[:2*b.channels])
	share := 1 / float32(in.clips*in.steps)
	for at := 0; at < len(in.data); at += b.channels {
		for c, x := range in.data[at:][:len(mean)] {
			mean[c] += x
		}
	}
	for c := range mean {
		mean[c] *= share
	}
	for at := 0; at < len(in.data); at += b.channels {
		for c, x := range in.data[at:][:len(mean)] {
			d := x - mean[c]
			variance[c] += d * d
		}
	}
	for c := range variance {
		variance[c] *= share
	}
	return mean, variance
}

func inverse(variance float32) float32 { return float32(1 / math.Sqrt(float64(variance)+epsilon)) }

func (b *norm) forward(s scope, in, out batch) {
	mean, variance := b.measure(s, in)
	// y = x*a + o
	a, o := s.scratch[:b.channels], s.scratch[b.channels:][:b.channels]
	for c := range a {
		a[c] = s.weights[c] * inverse(variance[c])
		o[c] = s.weights[b.channels+c] - a[c]*mean[c]
	}
	low := float32(math.Inf(-1))
	if b.relu {
		low = 0
	}
	for at := 0; at < len(in.data); at += b.channels {
		y := out.data[at:][:len(a)]
		for c, x := range in.data[at:][:len(a)] {
			y[c] = max(x*a[c]+o[c], low)
		}
	}
}

func (b *norm) backward(s scope, in, out, din, dout batch) {
	n := b.channels
	mean, variance := s.moments[:n], s.moments[n:][:n]
	if b.relu {
		maskZeros(dout.data, out.data)
	}
	// Sums of the gradient, and of its product with the input less its mean.
	sum, product := s.scratch[:n], s.scratch[n:][:n]
	clear(s.scratch[:2*n])
	for at := 0; at < len(in.data); at += n {
		dy := dout.data[at:][:len(sum)]
		for c, x := range in.data[at:][:len(sum)] {
			sum[c] += dy[c]
			product[c] += dy[c] * (x - mean[c])
		}
	}
	share := 1 / float32(in.clips*in.steps)
	scale := s.scratch[2*n:][:n]
	for c := range sum {
		inv := inverse(variance[c])
		s.grads[c] += product[c] * inv
		s.grads[n+c] += sum[c]
		// dx = scale * (dy - sum/N - product/N * inv^2 * (x - mean)), taken apart.
		scale[c] = s.weights[c] * inv
		product[c] *= scale[c] * share * inv * inv
		sum[c] = product[c]*mean[c] - scale[c]*sum[c]*share
	}
	for at := 0; at < len(in.data); at += n {
		dy, dx := dout.data[at:][:len(sum)], din.data[at:][:len(sum)]
		for c, x := range in.data[at:][:len(sum)] {
			dx[c] = scale[c]*dy[c] + sum[c] - product[c]*x
		}
	}
}

// maskZeros clears each dy whose y, which is not negative, is zero. It has no branch,
// which would be wrong every other time.
func maskZeros(dy, y []float32) {
	dy = dy[:len(y)]
	for i, v := range y {
		mask := uint32(-int32(math.Float32bits(v)) >> 31)
		dy[i] = math.Float32frombits(math.Float32bits(dy[i]) & mask)
	}
}
