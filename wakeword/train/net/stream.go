package net

import "fmt"

// Feature values are int8 as the models take them: Scale * (value - Zero).
const (
	Scale = 0.101960786
	Zero  = -128
)

// Stream computes a network's outputs as features arrive, from silence on: what came
// before the first feature is zeros in every stage. It is for one goroutine.
type Stream struct {
	// Observe is called with each stage's number and its new outputs, if it is set.
	Observe func(stage int, values []float32)

	stages []flow
	outs   []float32
}

// flow is a stage and its input: what it keeps of the past, and behind it what is new.
type flow struct {
	*Stage
	scope scope
	input []float32
	keep  int // values
}

// NewStream makes a stream of a network, or of its first stages. The stages are shared
// and not changed.
func NewStream(stages []Stage) *Stream {
	s := new(Stream)
	for i := range stages {
		st := &stages[i]
		f := flow{Stage: st, scope: scope{weights: st.all}, keep: (st.Longest() - st.Stride) * st.In}
		f.input = make([]float32, f.keep+st.Stride*st.In)
		s.stages = append(s.stages, f)
	}
	return s
}

// Reset brings the stream back to silence.
func (s *Stream) Reset() {
	for i := range s.stages {
		clear(s.stages[i].input[:s.stages[i].keep])
	}
}

// Step is how many values of features one step takes: Stride features of Channels.
func (s *Stream) Step() int { return s.stages[0].Stride * s.stages[0].In }

// Process takes features of one or more whole steps, each Channels values long, and
// returns the outputs of each step in order, which are good until the next call. Many
// steps at once are several times as fast as one at a time.
func (s *Stream) Process(features []int8) []float32 {
	if len(features)%s.Step() != 0 {
		panic(fmt.Sprintf("net: %d values of features are not whole steps of %d", len(features), s.Step()))
	}
	steps := len(features) / s.Step()
	first := &s.stages[0]
	first.grow(steps * first.Stride)
	dequantize(first.input[first.keep:], features)
	for i := range s.stages {
		f := &s.stages[i]
		out := s.room(i+1, steps)
		f.run(out, steps)
		if s.Observe != nil {
			s.Observe(i, out)
		}
	}
	return s.outs
}

func dequantize(dst []float32, features []int8) {
	for i, v := range features {
		dst[i] = Scale * float32(int(v)-Zero)
	}
}

// room is where the outputs of stage i-1 go.
func (s *Stream) room(i, steps int) []float32 {
	if i < len(s.stages) {
		f := &s.stages[i]
		f.grow(steps)
		return f.input[f.keep:]
	}
	n := steps * s.stages[i-1].Out
	if cap(s.outs) < n {
		s.outs = make([]float32, n)
	}
	s.outs = s.outs[:n]
	return s.outs
}

// grow makes room for new steps of input.
func (f *flow) grow(steps int) {
	n := f.keep + steps*f.In
	if cap(f.input) < n {
		f.input = append(make([]float32, 0, n), f.input[:f.keep]...)
	}
	f.input = f.input[:n]
}

func (f *flow) run(out []float32, steps int) {
	if steps == 0 {
		return
	}
	in := batch{f.input, 1, len(f.input) / f.In, f.In}
	f.layer.forward(f.scope, in, batch{out, 1, steps, f.Out})
	if f.ReLU {
		for i, v := range out {
			if v < 0 {
				out[i] = 0
			}
		}
	}
	copy(f.input, f.input[len(f.input)-f.keep:])
}
