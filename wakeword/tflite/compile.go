package tflite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// What a model may cost: published ones use 150 kB and 60,000 products.
const (
	maxMemory   = 8 << 20 // bytes
	maxProducts = 4 << 20 // an inference
)

// value is the memory of one tensor: the slice of its type is set once an operator
// has produced it. Values are written by one step only, so they may share memory.
type value struct {
	i8       []int8
	u8       []uint8
	f32      []float32
	variable *variable
}

func (v *value) known() bool {
	return v.i8 != nil || v.u8 != nil || v.f32 != nil || v.variable != nil
}

// variable is a state that survives an inference.
type variable struct {
	i8  []int8
	f32 []float32
}

// compiler turns one graph into steps.
type compiler struct {
	model  *Model
	graphs []graph
	graph  *graph
	values []value
	steps  []step
	vars   map[string]*variable
	index  int  // of graph
	called bool // CALL_ONCE was seen
	state  bool // a variable was read or written
}

// compile appends the steps of a graph to the model: of the main graph (0) to those
// of an inference, of another to those of Reset.
func compile(m *Model, graphs []graph, index int, vars map[string]*variable) (*compiler, error) {
	g := &graphs[index]
	c := &compiler{model: m, graphs: graphs, graph: g, values: make([]value, len(g.tensors)), vars: vars, index: index}
	for _, i := range g.inputs {
		if _, err := c.allocate(i, typeInt8); err != nil {
			return nil, fmt.Errorf("%w (the input)", err)
		}
	}
	for i := range g.ops {
		op := &g.ops[i]
		if err := c.operator(op); err != nil {
			return nil, fmt.Errorf("%w (operator %d of graph %d, %v)", err, i, index, op.code)
		}
	}
	if index == 0 {
		m.steps = c.steps
	} else {
		m.initial = append(m.initial, c.steps...)
	}
	return c, nil
}

func (c *compiler) operator(op *operator) error {
	switch op.code {
	case opCallOnce:
		return c.callOnce(op)
	case opVarHandle:
		return c.varHandle(op)
	case opReadVariable:
		return c.readVariable(op)
	case opAssignVariable:
		return c.assignVariable(op)
	case opReshape:
		return c.reshape(op)
	case opStridedSlice:
		return c.stridedSlice(op)
	case opConcatenation:
		return c.concatenation(op)
	case opSplitV:
		return c.splitV(op)
	case opConv2D:
		return c.conv2D(op)
	case opDepthwiseConv2D:
		return c.depthwiseConv2D(op)
	case opFullyConnected:
		return c.fullyConnected(op)
	case opLogistic:
		return c.logistic(op)
	case opQuantize:
		return c.quantize(op)
	case opDequantize:
		return c.dequantize(op)
	}
	return errors.New("tflite: the operator is not supported")
}

// operands checks that op has from least to most inputs, of which the first least
// are there, and the given number of outputs.
func (op *operator) operands(least, most, outputs int) error {
	if len(op.inputs) < least || len(op.inputs) > most || len(op.outputs) != outputs {
		return fmt.Errorf("tflite: %d inputs and %d outputs", len(op.inputs), len(op.outputs))
	}
	for _, i := range op.inputs[:least] {
		if i < 0 {
			return errors.New("tflite: an input is missing")
		}
	}
	return nil
}

func (c *compiler) spend(bytes int) error {
	if c.model.memory += bytes; c.model.memory > maxMemory {
		return fmt.Errorf("tflite: the model needs more than %d bytes", maxMemory)
	}
	return nil
}

// allocate gives tensor i, which must be of one of types, memory to be written to.
func (c *compiler) allocate(i int, types ...elemType) (*value, error) {
	t, v := &c.graph.tensors[i], &c.values[i]
	if v.known() || t.data != nil {
		return nil, fmt.Errorf("tflite: tensor %d is written twice", i)
	}
	n := t.elements()
	if n == 0 {
		return nil, fmt.Errorf("tflite: tensor %d has no elements", i)
	}
	for _, typ := range types {
		if typ != t.typ {
			continue
		}
		switch typ {
		case typeInt8:
			v.i8 = make([]int8, n, n+slack)
			return v, c.spend(n + slack)
		case typeUint8:
			v.u8 = make([]uint8, n)
			return v, c.spend(n)
		case typeFloat32:
			v.f32 = make([]float32, n)
			return v, c.spend(4 * n)
		}
	}
	return nil, fmt.Errorf("tflite: tensor %d is %v: must be one of %v", i, t.typ, types)
}

// input is the memory of tensor i, which is constant or has been written before.
func (c *compiler) input(i int) (*value, error) {
	t, v := &c.graph.tensors[i], &c.values[i]
	if v.variable != nil {
		return nil, fmt.Errorf("tflite: tensor %d is the handle of a variable", i)
	}
	if v.known() {
		return v, nil
	}
	n := t.elements()
	switch {
	case t.typ == typeInt8 && n > 0 && len(t.data) == n:
		v.i8 = make([]int8, n, n+slack)
		for k, b := range t.data {
			v.i8[k] = int8(b)
		}
		return v, c.spend(n + slack)
	case t.typ == typeFloat32 && n > 0 && len(t.data) == 4*n:
		v.f32 = make([]float32, n)
		for k := range v.f32 {
			v.f32[k] = math.Float32frombits(binary.LittleEndian.Uint32(t.data[4*k:]))
		}
		return v, c.spend(4 * n)
	}
	return nil, fmt.Errorf("tflite: tensor %d (%v%v) is used before it is written, or its %d bytes of data do not fit", i, t.typ, t.shape, len(t.data))
}

// int8Input is the memory of a tensor that must be int8 with one scale.
func (c *compiler) int8Input(i int) ([]int8, *tensor, error) {
	v, err := c.input(i)
	if err != nil {
		return nil, nil, err
	}
	if v.i8 == nil {
		return nil, nil, fmt.Errorf("tflite: tensor %d is %v: must be int8", i, c.graph.tensors[i].typ)
	}
	return v.i8, &c.graph.tensors[i], c.perTensor(i)
}

// perTensor checks that tensor i has one scale and one zero point within its type.
func (c *compiler) perTensor(i int) error {
	t := &c.graph.tensors[i]
	low, high := int64(math.MinInt8), int64(math.MaxInt8)
	if t.typ == typeUint8 {
		low, high = 0, math.MaxUint8
	}
	if len(t.scale) != 1 || len(t.zero) != 1 || t.zero[0] < low || t.zero[0] > high {
		return fmt.Errorf("tflite: tensor %d must have one scale and one zero point", i)
	}
	return nil
}

// constants are the values of a constant int32 tensor.
func (c *compiler) constants(i int) ([]int, error) {
	t := &c.graph.tensors[i]
	n := t.elements()
	if t.typ != typeInt32 || len(t.data) != 4*n {
		return nil, fmt.Errorf("tflite: tensor %d must be a constant of int32", i)
	}
	v := make([]int, n)
	for k := range v {
		v[k] = int(int32(binary.LittleEndian.Uint32(t.data[4*k:])))
	}
	return v, nil
}
