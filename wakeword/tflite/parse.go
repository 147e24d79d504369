package tflite

import (
	"errors"
	"fmt"
	"math"
)

// Limits that are far above every published model (60 operators, 60 kB) and keep a
// hostile file from costing memory.
const (
	maxFile     = 1 << 20 // bytes
	maxGraphs   = 4
	maxTensors  = 1024 // a graph
	maxOps      = 1024 // a graph
	maxOperands = 64   // an operator
	maxRank     = 6
	maxChannels = 4096
	maxElements = 1 << 20 // a tensor
)

// elemType is an element type, by its number in the schema.
type elemType int

const (
	typeFloat32  elemType = 0
	typeInt32    elemType = 2
	typeUint8    elemType = 3
	typeInt8     elemType = 9
	typeResource elemType = 13
)

func (t elemType) String() string {
	names := map[elemType]string{typeFloat32: "float32", typeInt32: "int32", typeUint8: "uint8", typeInt8: "int8", typeResource: "resource"}
	if name, ok := names[t]; ok {
		return name
	}
	return fmt.Sprintf("type %d", int(t))
}

// tensor is what a file says of one value of a graph.
type tensor struct {
	shape []int
	typ   elemType
	data  []byte // of a constant
	// real value = scale * (stored value - zero); one each, or one a channel in
	// dimension axis.
	scale []float32
	zero  []int64
	axis  int
}

func (t *tensor) elements() int {
	n := 1
	for _, d := range t.shape {
		n *= d
	}
	return n
}

// operator is one node of a graph: operands are indices of tensors, -1 where an
// optional one is left out.
type operator struct {
	code    opcode
	inputs  []int
	outputs []int
	options table
}

type graph struct {
	tensors []tensor
	inputs  []int
	outputs []int
	ops     []operator
}

// parse reads a model's graphs. Every index in them is valid.
func parse(data []byte) ([]graph, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("tflite: the file has %d bytes: at most %d are accepted", len(data), maxFile)
	}
	if len(data) < 8 || string(data[4:8]) != "TFL3" {
		return nil, errors.New("tflite: not a TensorFlow Lite model (the identifier TFL3 is missing)")
	}
	r := &reader{data: data, budget: maxFile}
	root := r.table(r.follow(0))
	if version := root.i32(0, 0); r.err == nil && version != 3 {
		return nil, fmt.Errorf("tflite: schema version %d: only version 3 is known", version)
	}
	var codes []opcode
	for _, t := range root.subs(1, maxOps) {
		// Codes below 127 may be in the old field alone.
		codes = append(codes, opcode(max(t.u8(0), t.i32(3, 0))))
	}
	buffers := root.subs(4, 2*maxTensors*maxGraphs)
	var graphs []graph
	for _, t := range root.subs(2, maxGraphs) {
		g, err := parseGraph(t, codes, buffers)
		if err != nil {
			return nil, err
		}
		graphs = append(graphs, g)
	}
	if r.err != nil {
		return nil, r.err
	}
	if len(graphs) == 0 {
		return nil, errors.New("tflite: the file has no graph")
	}
	return graphs, nil
}

func parseGraph(t table, codes []opcode, buffers []table) (graph, error) {
	g := graph{inputs: t.ints(1, maxOperands), outputs: t.ints(2, maxOperands)}
	for i, tt := range t.subs(0, maxTensors) {
		tensor, err := parseTensor(tt, buffers)
		if err != nil {
			return g, fmt.Errorf("%w (tensor %d)", err, i)
		}
		g.tensors = append(g.tensors, tensor)
	}
	for _, ot := range t.subs(3, maxOps) {
		index := ot.i32(0, 0)
		if index < 0 || index >= len(codes) {
			return g, errCorrupt
		}
		op := operator{code: codes[index], inputs: ot.ints(1, maxOperands), outputs: ot.ints(2, maxOperands)}
		op.options, _ = ot.sub(4)
		g.ops = append(g.ops, op)
	}
	if t.r.err != nil {
		return g, t.r.err
	}
	return g, g.checkIndices()
}

func (g *graph) checkIndices() error {
	check := func(indices []int, lowest int) bool {
		for _, i := range indices {
			if i < lowest || i >= len(g.tensors) {
				return false
			}
		}
		return true
	}
	ok := check(g.inputs, 0) && check(g.outputs, 0)
	for _, op := range g.ops {
		ok = ok && check(op.inputs, -1) && check(op.outputs, 0)
	}
	if !ok {
		return errCorrupt
	}
	return nil
}

func parseTensor(t table, buffers []table) (tensor, error) {
	out := tensor{shape: t.ints(0, maxRank), typ: elemType(t.u8(1))}
	elements := 1
	for _, d := range out.shape {
		// Resources and some scalars have dimensions of 0 that nobody uses.
		if d < 0 || d > maxElements/max(1, elements) {
			return out, fmt.Errorf("tflite: shape %v is negative or has more than %d elements", out.shape, maxElements)
		}
		elements *= d
	}
	if q, ok := t.sub(4); ok {
		out.scale, out.zero = q.floats(2, maxChannels), q.longs(3, maxChannels)
		out.axis = q.i32(6, 0)
		for i, s := range out.scale {
			if !(s > 0) || math.IsInf(float64(s), 0) {
				return out, fmt.Errorf("tflite: scale %d is %v: must be positive", i, s)
			}
		}
	}
	buffer := t.i32(2, 0)
	if buffer < 0 || buffer >= len(buffers) {
		return out, errCorrupt
	}
	out.data = buffers[buffer].bytes(0)
	return out, t.r.err
}
