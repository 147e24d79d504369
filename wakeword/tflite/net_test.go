package tflite

import (
	"encoding/binary"
	"math"
	"math/rand/v2"

	"vapd/wakeword/tflite/flatbuffer"
)

type flat = flatbuffer.Table

// net builds a model file and beside it, operator by operator, the plainest
// computation of the same thing: real loops over real indices, with nothing folded,
// shared or unrolled. It stands in for the reference runtime.
type net struct {
	rand    *rand.Rand
	graphs  [2]netGraph // the main one, and the one that sets the first state
	current *netGraph
	buffers []flat
	state   map[string][]float64
	input   *netTensor
	output  *netTensor
}

type netGraph struct {
	tensors []flat
	ops     []flat
	codes   []opcode
	run     []func()
}

type netTensor struct {
	index  int32
	typ    elemType
	shape  []int
	scale  float32
	zero   int
	values []float64
}

func newNet(seed uint64) *net {
	n := &net{rand: rand.New(rand.NewPCG(seed, 1)), buffers: []flat{{}}, state: make(map[string][]float64)}
	n.current = &n.graphs[0]
	return n
}

// file is the model as a flatbuffer.
func (n *net) file() []byte {
	var codes, graphs []flat
	for _, g := range n.graphs {
		ops := make([]flat, len(g.ops))
		for i, op := range g.ops {
			ops[i] = append(flat{int32(len(codes))}, op[1:]...)
			codes = append(codes, flat{uint8(min(127, g.codes[i])), nil, nil, int32(g.codes[i])})
		}
		graphs = append(graphs, flat{g.tensors, []int32{}, []int32{}, ops})
	}
	graphs[0][1], graphs[0][2] = []int32{n.input.index}, []int32{n.output.index}
	return flatbuffer.Write(flat{int32(3), codes, graphs, "made by a test", n.buffers}, "TFL3")
}

// reset and invoke are what Model.Reset and Model.Invoke should do.
func (n *net) reset() {
	for _, state := range n.state {
		clear(state)
	}
	for _, f := range n.graphs[1].run {
		f()
	}
}

func (n *net) invoke(input []int8) uint8 {
	for i, v := range input {
		n.input.values[i] = float64(v)
	}
	for _, f := range n.graphs[0].run {
		f()
	}
	return uint8(n.output.values[0])
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func (n *net) add(t *netTensor, data []byte, quantization any) *netTensor {
	var buffer int32
	if data != nil {
		buffer = int32(len(n.buffers))
		n.buffers = append(n.buffers, flat{data})
	}
	var shape []int32
	for _, d := range t.shape {
		shape = append(shape, int32(d))
	}
	t.index = int32(len(n.current.tensors))
	n.current.tensors = append(n.current.tensors, flat{shape, uint8(t.typ), buffer, "", quantization})
	if t.values == nil {
		t.values = make([]float64, size(t.shape))
	}
	return t
}

func (n *net) tensor(typ elemType, scale float32, zero int, shape ...int) *netTensor {
	t := &netTensor{typ: typ, shape: shape, scale: scale, zero: zero}
	if typ == typeFloat32 {
		return n.add(t, nil, nil)
	}
	return n.add(t, nil, flat{nil, nil, []float32{scale}, []int64{int64(zero)}})
}

// int32s is a constant of one dimension.
func (n *net) int32s(values ...int) *netTensor {
	t := &netTensor{typ: typeInt32, shape: []int{len(values)}}
	var data []byte
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, uint32(int32(v)))
		t.values = append(t.values, float64(v))
	}
	return n.add(t, data, nil)
}

// weights are random, with a scale for each index of dimension axis.
func (n *net) weights(scales []float32, axis int, shape ...int) *netTensor {
	values := make([]int8, size(shape))
	for i := range values {
		values[i] = int8(n.rand.IntN(255) - 127)
	}
	return n.int8s(values, scales, axis, shape...)
}

func (n *net) int8s(values []int8, scales []float32, axis int, shape ...int) *netTensor {
	t := &netTensor{typ: typeInt8, shape: shape}
	data := make([]byte, len(values))
	for i, v := range values {
		data[i] = byte(v)
		t.values = append(t.values, float64(v))
	}
	return n.add(t, data, flat{nil, nil, scales, make([]int64, len(scales)), nil, nil, int32(axis)})
}

func (n *net) op(code opcode, inputs, outputs []*netTensor, options flat, run func()) {
	indices := func(ts []*netTensor) []int32 {
		v := make([]int32, len(ts))
		for i, t := range ts {
			v[i] = t.index
		}
		return v
	}
	n.current.codes = append(n.current.codes, code)
	n.current.ops = append(n.current.ops, flat{nil, indices(inputs), indices(outputs), uint8(1), options})
	n.current.run = append(n.current.run, run)
}

func (n *net) callOnce() { n.op(opCallOnce, nil, nil, flat{int32(1)}, func() {}) }

func (n *net) handle(name string) *netTensor {
	t := n.add(&netTensor{typ: typeResource}, nil, nil)
	n.op(opVarHandle, nil, []*netTensor{t}, flat{"", name}, func() {})
	return t
}

func (n *net) read(name string, typ elemType, scale float32, zero int, shape ...int) *netTensor {
	handle, out := n.handle(name), n.tensor(typ, scale, zero, shape...)
	n.state[name] = make([]float64, size(shape))
	n.op(opReadVariable, []*netTensor{handle}, []*netTensor{out}, nil, func() { copy(out.values, n.state[name]) })
	return out
}

func (n *net) assign(name string, t *netTensor) {
	handle := n.handle(name)
	n.op(opAssignVariable, []*netTensor{handle, t}, nil, nil, func() { copy(n.state[name], t.values) })
}

func (n *net) reshape(t *netTensor, shape ...int) *netTensor {
	out := n.tensor(t.typ, t.scale, t.zero, shape...)
	n.op(opReshape, []*netTensor{t, n.int32s(shape...)}, []*netTensor{out}, nil, func() { copy(out.values, t.values) })
	return out
}

// move copies a box of values from one tensor to another: offsets are along axis.
func move(dst *netTensor, dstAt int, src *netTensor, srcAt, length, axis int) {
	_, inner := around(src.shape, axis)
	for i, v := range src.values {
		along := i / inner % src.shape[axis]
		if along < srcAt || along >= srcAt+length {
			continue
		}
		outer := i / inner / src.shape[axis]
		dst.values[(outer*dst.shape[axis]+along-srcAt+dstAt)*inner+i%inner] = v
	}
}

func with(shape []int, axis, n int) []int {
	shape = append([]int(nil), shape...)
	shape[axis] = n
	return shape
}

func (n *net) concat(axis int, ts ...*netTensor) *netTensor {
	at := (axis + len(ts[0].shape)) % len(ts[0].shape)
	total := 0
	for _, t := range ts {
		total += t.shape[at]
	}
	out := n.tensor(ts[0].typ, ts[0].scale, ts[0].zero, with(ts[0].shape, at, total)...)
	n.op(opConcatenation, ts, []*netTensor{out}, flat{int32(axis)}, func() {
		to := 0
		for _, t := range ts {
			move(out, to, t, 0, t.shape[at], at)
			to += t.shape[at]
		}
	})
	return out
}

// tail is the last rows of dimension 1.
func (n *net) tail(t *netTensor, rows int) *netTensor {
	out := n.tensor(t.typ, t.scale, t.zero, with(t.shape, 1, rows)...)
	begin := n.int32s(0, -rows, 0, 0)
	end, strides := n.int32s(0, 0, 0, 0), n.int32s(1, 1, 1, 1)
	n.op(opStridedSlice, []*netTensor{t, begin, end, strides}, []*netTensor{out}, flat{int32(13), int32(15)}, func() {
		move(out, 0, t, t.shape[1]-rows, rows, 1)
	})
	return out
}

// split cuts the last dimension.
func (n *net) split(t *netTensor, sizes ...int) []*netTensor {
	axis := len(t.shape) - 1
	outs := make([]*netTensor, len(sizes))
	for i, s := range sizes {
		outs[i] = n.tensor(t.typ, t.scale, t.zero, with(t.shape, axis, s)...)
	}
	n.op(opSplitV, []*netTensor{t, n.int32s(sizes...), n.int32s(-1)}, outs, flat{int32(len(sizes))}, func() {
		from := 0
		for i, out := range outs {
			move(out, 0, t, from, sizes[i], axis)
			from += sizes[i]
		}
	})
	return outs
}

// rescale is the double rounding of TensorFlow Lite Micro: halves up after the
// product with a 32-bit fraction, halves away from zero after the shift.
func rescale(sum int64, scale float64) float64 {
	fraction, exponent := math.Frexp(scale)
	product := (sum << max(0, exponent)) * int64(math.Round(fraction*(1<<31)))
	return math.Round(float64((product+1<<30)>>31) / float64(int64(1)<<max(0, -exponent)))
}

// finish takes a sum of products to an int8.
func (out *netTensor) finish(sum int64, scale float64, relu bool) float64 {
	v := rescale(sum, scale) + float64(out.zero)
	if relu {
		v = max(v, float64(out.zero))
	}
	return max(-128, min(127, v))
}
