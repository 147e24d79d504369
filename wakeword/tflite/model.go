package tflite

import (
	"errors"
	"fmt"
)

// Model is a compiled model with the memory and the state of one stream. It is for
// one goroutine.
type Model struct {
	input    []int8
	shape    []int
	scale    float32
	zero     int
	output   []uint8
	steps    []step
	initial  []step
	vars     []*variable
	products int
	memory   int
}

// Load checks a model file and compiles it. The model takes one int8 tensor, gives
// one uint8 tensor with a single element, and keeps its state in resource variables.
// The error of a model with an operator that is not supported names the operator.
func Load(file []byte) (*Model, error) {
	graphs, err := parse(file)
	if err != nil {
		return nil, err
	}
	main := &graphs[0]
	if len(main.inputs) != 1 || len(main.outputs) != 1 {
		return nil, fmt.Errorf("tflite: the model has %d inputs and %d outputs: must have one of each", len(main.inputs), len(main.outputs))
	}
	m := new(Model)
	vars := make(map[string]*variable)
	c, err := compile(m, graphs, 0, vars)
	if err != nil {
		return nil, err
	}
	in, out := main.inputs[0], main.outputs[0]
	if m.output = c.values[out].u8; len(m.output) != 1 {
		return nil, fmt.Errorf("tflite: the output is %v%v: must be one uint8", main.tensors[out].typ, main.tensors[out].shape)
	}
	if len(main.tensors[in].scale) != 1 || len(main.tensors[in].zero) != 1 {
		return nil, errors.New("tflite: the input has no scale and zero point")
	}
	m.input, m.shape = c.values[in].i8, main.tensors[in].shape
	m.scale, m.zero = main.tensors[in].scale[0], int(main.tensors[in].zero[0])
	m.Reset()
	return m, nil
}

// Input is the memory of the input tensor, to be filled before Invoke.
func (m *Model) Input() []int8 { return m.input }

// InputShape is the shape of the input tensor: 1, the number of features that one
// inference takes, and the number of channels of a feature.
func (m *Model) InputShape() []int { return m.shape }

// InputQuantization says what the input's values mean: scale * (value - zero).
func (m *Model) InputQuantization() (scale float32, zero int) { return m.scale, m.zero }

// Products is the number of multiplications of a weight by a value in an inference.
func (m *Model) Products() int { return m.products }

// Memory is the number of bytes of values, weights and state.
func (m *Model) Memory() int { return m.memory }

// Invoke runs one inference over Input and moves the state on. The result is a
// probability in 1/256 for the models of microWakeWord. It does not allocate.
func (m *Model) Invoke() uint8 {
	for _, s := range m.steps {
		s.run()
	}
	return m.output[0]
}

// Reset brings the state back to that of a model just loaded.
func (m *Model) Reset() {
	for _, v := range m.vars {
		clear(v.i8)
		clear(v.f32)
	}
	for _, s := range m.initial {
		s.run()
	}
}
