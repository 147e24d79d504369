package net

import (
	"math"
	"math/rand/v2"
)

// batch is values of several clips of equal length: clips x steps x width.
type batch struct {
	data                []float32
	clips, steps, width int
}

// clip is the values of one clip.
func (b batch) clip(i int) []float32 {
	n := b.steps * b.width
	return b.data[i*n:][:n]
}

// joined is b as one long clip, for what has no neighbours in time.
func (b batch) joined() batch { return batch{b.data, 1, b.clips * b.steps, b.width} }

// layer is one operation. It has no values of its own: weights and gradients are in flat
// vectors, at a place that the layer knows.
type layer interface {
	// shape is how many steps of how many channels it gives for so many steps.
	shape(steps int) (int, int)
	// weights is how many it has.
	weights() int
	// start gives the weights w their first values.
	start(w []float32, r *rand.Rand)
	// forward computes out, which holds anything, from in.
	forward(s scope, in, out batch)
	// backward adds to the gradients of the weights, and writes those of in to din from
	// those of out, which it may destroy. The first layer, which is dense, gets a din
	// without data.
	backward(s scope, in, out, din, dout batch)
}

// scope is what a layer sees of a shard: its own weights, gradients and moments.
type scope struct {
	weights, grads []float32
	moments        []float32 // mean and variance of each channel, of batch norm
	scratch        []float32 // as many values as there are weights, and 3 for each channel
}

// dense multiplies windows of kernel steps, each stride steps after the last, by one
// matrix of (kernel * in) x out weights, followed by biases if it has any. It is the
// first convolution, the pointwise ones and the fully connected layers, over time.
type dense struct {
	in, out, kernel, stride int
	biased                  bool
}

func (d *dense) shape(steps int) (n, width int) { return (steps-d.kernel)/d.stride + 1, d.out }

func (d *dense) weights() int {
	n := d.kernel * d.in * d.out
	if d.biased {
		n += d.out
	}
	return n
}

// start follows He et al., 2015, for layers before a ReLU. Biases begin at zero.
func (d *dense) start(w []float32, r *rand.Rand) {
	clear(w)
	normal(w[:d.kernel*d.in*d.out], d.kernel*d.in, r)
}

// joined takes time out of a layer that has no use of it: longer matrices are faster.
func (d *dense) joined(bs ...*batch) {
	if d.kernel == 1 && d.stride == 1 {
		for _, b := range bs {
			*b = b.joined()
		}
	}
}

func (d *dense) forward(s scope, in, out batch) {
	d.joined(&in, &out)
	size := d.kernel * d.in
	if d.biased {
		bias := s.weights[size*d.out:][:d.out]
		for i := 0; i < len(out.data); i += d.out {
			copy(out.data[i:], bias)
		}
	} else {
		clear(out.data)
	}
	for i := range in.clips {
		gemm(out.steps, d.out, size, in.clip(i), d.stride*d.in, 1, s.weights, d.out, out.clip(i), d.out)
	}
}

func (d *dense) backward(s scope, in, _, din, dout batch) {
	d.joined(&in, &dout, &din)
	size := d.kernel * d.in
	for i := range in.clips {
		gemm(size, d.out, dout.steps, in.clip(i), 1, d.stride*d.in, dout.clip(i), d.out, s.grads, d.out)
	}
	if d.biased {
		bias := s.grads[size*d.out:]
		for i := 0; i < len(dout.data); i += d.out {
			for c, g := range dout.data[i:][:d.out] {
				bias[c] += g
			}
		}
	}
	if din.data == nil {
		return
	}
	// One tap of the kernel at a time, since windows overlap.
	turned := s.scratch[:size*d.out]
	for p := range size {
		tap, c := p/d.in*d.in*d.out, p%d.in
		for o, w := range s.weights[p*d.out:][:d.out] {
			turned[tap+o*d.in+c] = w
		}
	}
	clear(din.data)
	for i := range in.clips {
		for k := range d.kernel {
			gemm(dout.steps, d.in, d.out, dout.clip(i), d.out, 1, turned[k*d.in*d.out:], d.in, din.clip(i)[k*d.in:], d.stride*d.in)
		}
	}
}

// normal fills w for a layer that adds up n products.
func normal(w []float32, n int, r *rand.Rand) {
	scale := math.Sqrt(2 / float64(n))
	for i := range w {
		w[i] = float32(r.NormFloat64() * scale)
	}
}
