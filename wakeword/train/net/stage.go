package net

// Stage is a layer as it runs after training: batch norm is folded into its weights.
type Stage struct {
	Depthwise bool // each channel has its own kernel
	In, Out   int  // channels
	Stride    int  // steps of the input for one of the output
	// Kernels are lengths in steps: of all channels or, depthwise, of each group (see
	// Groups). The longest one says how much of the input an output depends on.
	Kernels []int
	// Weights are in the order tap, input, output; depthwise group, tap, channel.
	Weights []float32
	Bias    []float32 // of each output; nil for none
	ReLU    bool

	layer layer
	all   []float32 // weights and bias
}

// Groups is how many channels each kernel of a depthwise stage has.
func (s *Stage) Groups() []int { return split(s.Out, len(s.Kernels)) }

// Longest is the length of the longest kernel, in steps.
func (s *Stage) Longest() int { return longest(s.Kernels) }

// Fold is the trained network in the order in which it runs. It shares no memory with n.
func (n *Net) Fold() []Stage {
	var stages []Stage
	for _, l := range n.layers {
		w := n.weights[l.weight:][:l.weights()]
		switch v := l.layer.(type) {
		case *dense:
			stages = append(stages, v.stage(w))
		case *mix:
			s := Stage{Depthwise: true, In: v.channels, Out: v.channels, Stride: 1, layer: v, all: append([]float32(nil), w...)}
			for _, g := range v.groups {
				s.Kernels = append(s.Kernels, g.kernel)
			}
			s.Weights = s.all
			stages = append(stages, s)
		case *norm:
			v.fold(&stages[len(stages)-1], w, n.moving[l.moment:][:2*v.channels])
		}
	}
	return stages
}

func (d *dense) stage(w []float32) Stage {
	size := d.kernel * d.in * d.out
	all := make([]float32, size+d.out)
	copy(all, w)
	return Stage{
		In: d.in, Out: d.out, Stride: d.stride, Kernels: []int{d.kernel},
		Weights: all[:size:size], Bias: all[size:], all: all,
		layer: &dense{d.in, d.out, d.kernel, d.stride, true},
	}
}

// fold lets a stage without bias do what batch norm did after it.
func (b *norm) fold(s *Stage, w, moving []float32) {
	for c := range b.channels {
		scale := w[c] * inverse(moving[b.channels+c])
		for i := c; i < len(s.Weights); i += b.channels {
			s.Weights[i] *= scale
		}
		s.Bias[c] = w[b.channels+c] - moving[c]*scale
	}
	s.ReLU = b.relu
}
