package net

import "math/rand/v2"

// mix convolves each channel with a kernel of its own. Channels are in groups with
// kernels of different lengths; all end at the same step. Weights are in the order
// group, tap, channel.
type mix struct {
	channels, longest int
	groups            []group
}

type group struct {
	from, width int // channels
	kernel      int // steps
	at          int // place of its weights
}

func newMix(channels int, kernels []int) *mix {
	m := &mix{channels: channels, longest: longest(kernels)}
	from, at := 0, 0
	for i, width := range split(channels, len(kernels)) {
		m.groups = append(m.groups, group{from, width, kernels[i], at})
		from += width
		at += width * kernels[i]
	}
	return m
}

func (m *mix) shape(steps int) (n, width int) { return steps - m.longest + 1, m.channels }

func (m *mix) weights() int {
	last := m.groups[len(m.groups)-1]
	return last.at + last.width*last.kernel
}

func (m *mix) start(w []float32, r *rand.Rand) {
	for _, g := range m.groups {
		normal(w[g.at:][:g.width*g.kernel], g.kernel, r)
	}
}

func (m *mix) forward(s scope, in, out batch) {
	clear(out.data)
	for i := range in.clips {
		x, y := in.clip(i), out.clip(i)
		for _, g := range m.groups {
			for t := range out.steps {
				columns(y[t*m.channels+g.from:][:g.width], x[(t+m.longest-g.kernel)*m.channels+g.from:], m.channels,
					s.weights[g.at:], g.width, g.kernel)
			}
		}
	}
}

func (m *mix) backward(s scope, in, _, din, dout batch) {
	for i := range in.clips {
		x, dy := in.clip(i), dout.clip(i)
		for _, g := range m.groups {
			for k := range g.kernel {
				columns(s.grads[g.at+k*g.width:][:g.width], x[(m.longest-g.kernel+k)*m.channels+g.from:], m.channels,
					dy[g.from:], m.channels, dout.steps)
			}
		}
	}
	// Backwards in time it is a convolution with the reversed kernel.
	reversed := s.scratch[:m.weights()]
	for _, g := range m.groups {
		for k := range g.kernel {
			copy(reversed[g.at+k*g.width:], s.weights[g.at+(g.kernel-1-k)*g.width:][:g.width])
		}
	}
	clear(din.data)
	for i := range in.clips {
		dx, dy := din.clip(i), dout.clip(i)
		for _, g := range m.groups {
			for t := range in.steps {
				// The outputs that step t took part in, of which some may not be there.
				last := t - (m.longest - g.kernel)
				first := last - (g.kernel - 1)
				skip, n := max(0, -first), min(last, dout.steps-1)-max(first, 0)+1
				if n <= 0 {
					continue
				}
				columns(dx[t*m.channels+g.from:][:g.width], dy[(first+skip)*m.channels+g.from:], m.channels,
					reversed[g.at+skip*g.width:], g.width, n)
			}
		}
	}
}
