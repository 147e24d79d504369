package export

import (
	"encoding/binary"
	"slices"

	"vapd/wakeword/tflite/flatbuffer"
)

// The parts of the schema of TensorFlow Lite, version 3, that models need: numbers of
// types, operators and their options, and the versions that microWakeWord's models name.
const (
	typeInt32    uint8 = 2
	typeUint8    uint8 = 3
	typeInt8     uint8 = 9
	typeResource uint8 = 13

	paddingValid uint8 = 1
	activateNone uint8 = 0
	activateReLU uint8 = 1
)

// code is an operator, by its number.
type code int32

const (
	concatenation   code = 2
	conv2D          code = 3
	depthwiseConv2D code = 4
	fullyConnected  code = 9
	logistic        code = 14
	reshape         code = 22
	stridedSlice    code = 45
	splitV          code = 102
	quantize        code = 114
	callOnce        code = 129
	varHandle       code = 142
	readVariable    code = 143
	assignVariable  code = 144
)

// version is the one that microWakeWord's models name.
func (c code) version() int32 {
	switch c {
	case concatenation, logistic, stridedSlice, splitV:
		return 2
	case conv2D, depthwiseConv2D:
		return 3
	case fullyConnected:
		return 4
	}
	return 1
}

// options is the type of its options in the union of all operators', 0 for none.
func (c code) options() uint8 {
	return map[code]uint8{
		conv2D: 1, depthwiseConv2D: 2, fullyConnected: 8, concatenation: 10, stridedSlice: 32, splitV: 79,
		callOnce: 103, varHandle: 111,
	}[c]
}

// file collects what is in a model file.
type file struct {
	codes     []code
	buffers   []flatbuffer.Table
	constants map[string]int32 // buffers by content
}

// graph is one graph of a file. Tensors are known by their numbers.
type graph struct {
	*file
	tensors, operators []flatbuffer.Table
}

func newFile() *file {
	// Buffer 0 is empty, for tensors that are no constants.
	return &file{buffers: []flatbuffer.Table{{}}, constants: make(map[string]int32)}
}

// bytes is the file with its graphs, of which the first one has an input and an output.
func (f *file) bytes(main, initial *graph, in, out int32) []byte {
	codes := make([]flatbuffer.Table, len(f.codes))
	for i, c := range f.codes {
		codes[i] = flatbuffer.Table{uint8(min(127, c)), nil, c.version(), int32(c)}
	}
	graphs := []flatbuffer.Table{
		{main.tensors, []int32{in}, []int32{out}, main.operators, "main"},
		{initial.tensors, []int32{}, []int32{}, initial.operators, "initial state"},
	}
	return flatbuffer.Write(flatbuffer.Table{int32(3), codes, graphs, "vapd wake word", f.buffers}, "TFL3")
}

// tensor adds a tensor that operators write.
func (g *graph) tensor(name string, typ uint8, q quantization, shape ...int) int32 {
	return g.add(name, typ, 0, flatbuffer.Table{nil, nil, []float32{q.scale}, []int64{q.zero}}, shape)
}

func (g *graph) add(name string, typ uint8, buffer int32, quantization any, shape []int) int32 {
	dims := make([]int32, len(shape))
	for i, d := range shape {
		dims[i] = int32(d)
	}
	g.tensors = append(g.tensors, flatbuffer.Table{dims, typ, buffer, name, quantization})
	return int32(len(g.tensors) - 1)
}

// buffer is where a constant is; equal ones are kept once.
func (f *file) buffer(data []byte) int32 {
	if at, ok := f.constants[string(data)]; ok {
		return at
	}
	at := int32(len(f.buffers))
	f.constants[string(data)] = at
	f.buffers = append(f.buffers, flatbuffer.Table{data})
	return at
}

// weights adds a constant of int8 whose scales are along axis.
func (g *graph) weights(name string, values []int8, scales []float32, zero int64, axis int32, shape ...int) int32 {
	data := make([]byte, len(values))
	for i, v := range values {
		data[i] = byte(v)
	}
	zeros := make([]int64, len(scales))
	for i := range zeros {
		zeros[i] = zero
	}
	return g.add(name, typeInt8, g.buffer(data), flatbuffer.Table{nil, nil, scales, zeros, nil, nil, axis}, shape)
}

// list adds a constant of int32 with one dimension.
func (g *graph) list(name string, values ...int32) int32 {
	return g.add(name, typeInt32, g.buffer(int32s(values)), nil, []int{len(values)})
}

// number adds a constant of int32 without dimensions.
func (g *graph) number(name string, v int32) int32 {
	return g.add(name, typeInt32, g.buffer(int32s([]int32{v})), nil, nil)
}

func int32s(values []int32) (data []byte) {
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, uint32(v))
	}
	return data
}

// biases adds a constant of int32 with the scales of input times weights.
func (g *graph) biases(name string, k kernel, in quantization) int32 {
	scales := make([]float32, len(k.scales))
	for i, s := range k.scales {
		scales[i] = in.scale * s
	}
	return g.add(name, typeInt32, g.buffer(int32s(k.bias)), flatbuffer.Table{nil, nil, scales, make([]int64, len(scales)), nil, nil, int32(0)}, []int{len(k.bias)})
}

// operator adds an operator.
func (g *graph) operator(c code, inputs, outputs []int32, options flatbuffer.Table) {
	index := slices.Index(g.codes, c)
	if index < 0 {
		index = len(g.codes)
		g.codes = append(g.codes, c)
	}
	op := flatbuffer.Table{int32(index), inputs, outputs}
	if options != nil {
		op = append(op, c.options(), options)
	}
	g.operators = append(g.operators, op)
}
