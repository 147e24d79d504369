package export

import (
	"fmt"

	"vapd/wakeword/tflite/flatbuffer"
	"vapd/wakeword/train/net"
)

// Model is a model in int8.
type Model struct {
	File []byte // in the format of TensorFlow Lite
	// Arena is how many bytes TensorFlow Lite Micro needs for it, on machines of 64 bits.
	Arena int
}

// Quantize makes the model of a network with one output. The calibration clips are
// features like those in use, as the network takes them: a few minutes of speech, other
// sounds and the word itself.
func Quantize(n *net.Net, calibration [][]int8) (*Model, error) {
	if outputs := n.Config().Outputs(); outputs != 1 {
		return nil, fmt.Errorf("export: the network has %d outputs: a wake word has one", outputs)
	}
	stages := n.Fold()
	spans, err := calibrate(stages, calibration)
	if err != nil {
		return nil, err
	}
	b := &builder{main: &graph{file: newFile()}}
	b.initial = &graph{file: b.main.file}
	m := &Model{File: b.model(stages, spans)}
	// What was measured, and a tenth more: variables and their copies, the two largest
	// tensors, a multiplier and a shift for each channel, and the runtime's own records.
	bytes := 2*b.state + 2*b.largest + 8*b.channels + 120*len(b.main.operators) + 90*len(b.main.tensors)
	m.Arena = (bytes*11/10 + 999) / 1000 * 1000
	return m, nil
}

// builder writes the graphs: the main one, and the one that sets the first state. It
// counts what they need.
type builder struct {
	main, initial            *graph
	state, largest, channels int
}

// value is a tensor of the main graph: one step that is steps x 1 x width.
type value struct {
	tensor       int32
	steps, width int
	quantization
}

func (b *builder) model(stages []net.Stage, spans []span) []byte {
	g, first := b.main, &stages[0]
	g.operator(callOnce, nil, nil, flatbuffer.Table{int32(1)})
	x := value{g.tensor("features", typeInt8, input(), 1, first.Stride, first.In), first.Stride, first.In, input()}
	in := x.tensor
	x = b.reshape("input", x, 1, x.steps, 1, x.width)
	last := len(stages) - 1
	for i := range stages[:last] {
		s, name := &stages[i], fmt.Sprintf("stage_%d", i)
		x = b.past(name, x, s)
		if s.Depthwise {
			x = b.mix(name, x, s, spans[i].quantization())
		} else {
			x = b.conv(name, x, s, spans[i].quantization())
		}
	}
	x = b.past("head", x, &stages[last])
	out := b.probability(b.connect(x, &stages[last], spans[last].quantization()))
	return g.bytes(g, b.initial, in, out)
}

// reshape gives a value another shape.
func (b *builder) reshape(name string, x value, shape ...int) value {
	dims := make([]int32, len(shape))
	for i, d := range shape {
		dims[i] = int32(d)
	}
	out := b.main.tensor(name, typeInt8, x.quantization, shape...)
	b.main.operator(reshape, []int32{x.tensor, b.main.list(name+"/shape", dims...)}, []int32{out}, nil)
	x.tensor = out
	return x
}

// past puts before x the steps that stage s looks back on, from a variable, and keeps
// there what the next step will look back on.
func (b *builder) past(name string, x value, s *net.Stage) value {
	keep := s.Longest() - x.steps
	if keep == 0 {
		return x
	}
	g := b.main
	states := g.tensor(name+"/states", typeInt8, x.quantization, 1, keep, 1, x.width)
	handle := b.variable(g, name)
	g.operator(readVariable, []int32{handle}, []int32{states}, nil)
	whole := x
	whole.steps = s.Longest()
	whole.tensor = g.tensor(name+"/window", typeInt8, x.quantization, 1, whole.steps, 1, x.width)
	b.state += keep * x.width
	b.largest = max(b.largest, whole.steps*x.width)
	g.operator(concatenation, []int32{states, x.tensor}, []int32{whole.tensor}, flatbuffer.Table{int32(1)})
	g.operator(assignVariable, []int32{handle, b.tail(name, whole, keep)}, nil, nil)

	zeros := make([]int8, keep*x.width)
	for i := range zeros {
		zeros[i] = int8(x.zero)
	}
	handle = b.variable(b.initial, name)
	silence := b.initial.weights(name+"/silence", zeros, []float32{x.scale}, x.zero, 0, 1, keep, 1, x.width)
	b.initial.operator(assignVariable, []int32{handle, silence}, nil, nil)
	return whole
}

// variable is the handle of a stage's variable.
func (b *builder) variable(g *graph, name string) int32 {
	handle := g.add(name+"/handle", typeResource, 0, nil, nil)
	g.operator(varHandle, nil, []int32{handle}, flatbuffer.Table{"", name + "/states"})
	return handle
}

// tail is the last steps of x.
func (b *builder) tail(name string, x value, steps int) int32 {
	g := b.main
	out := g.tensor(name+"/tail", typeInt8, x.quantization, 1, steps, 1, x.width)
	begin, end := g.list(name+"/begin", 0, int32(-steps), 0, 0), g.list(name+"/end", 0, 0, 0, 0)
	strides := g.list(name+"/strides", 1, 1, 1, 1)
	// Begin counts in dimension 1 only, end in none.
	g.operator(stridedSlice, []int32{x.tensor, begin, end, strides}, []int32{out}, flatbuffer.Table{int32(0b1101), int32(0b1111)})
	return out
}

// conv is a stage that sees all channels.
func (b *builder) conv(name string, x value, s *net.Stage, q quantization) value {
	g, size := b.main, s.Longest()*s.In
	k := quantizeRows(s.Out, size, func(row, i int) float32 { return s.Weights[i*s.Out+row] }, s.Bias, x.quantization, false)
	weights := g.weights(name+"/weights", k.weights, k.scales, 0, 0, s.Out, s.Longest(), 1, s.In)
	b.channels += s.Out
	activation := activateNone
	if s.ReLU {
		activation = activateReLU
	}
	out := value{g.tensor(name, typeInt8, q, 1, 1, 1, s.Out), 1, s.Out, q}
	g.operator(conv2D, []int32{x.tensor, weights, g.biases(name+"/bias", k, x.quantization)}, []int32{out.tensor},
		flatbuffer.Table{paddingValid, int32(1), int32(s.Stride), activation, int32(1), int32(1)})
	return out
}

// mix is a depthwise stage: each group of channels, with the last steps that its kernel
// is long.
func (b *builder) mix(name string, x value, s *net.Stage, q quantization) value {
	g, widths := b.main, s.Groups()
	parts := []int32{x.tensor}
	if len(widths) > 1 {
		parts = b.split(name, x, widths)
	}
	outs := make([]int32, len(widths))
	at := 0
	for i, width := range widths {
		part := value{parts[i], x.steps, width, x.quantization}
		steps, of := s.Kernels[i], name
		if len(widths) > 1 {
			of = fmt.Sprintf("%s/group_%d", name, i)
		}
		if steps < x.steps {
			part.tensor = b.tail(of, part, steps)
		}
		w := s.Weights[at:][:steps*width]
		at += len(w)
		outs[i] = b.depthwise(of, part, w, steps, q)
	}
	if len(outs) == 1 {
		return value{outs[0], 1, s.Out, q}
	}
	out := g.tensor(name, typeInt8, q, 1, 1, 1, s.Out)
	g.operator(concatenation, outs, []int32{out}, flatbuffer.Table{int32(3)})
	return value{out, 1, s.Out, q}
}

// split cuts the channels of x.
func (b *builder) split(name string, x value, widths []int) (parts []int32) {
	g := b.main
	sizes := make([]int32, len(widths))
	for i, width := range widths {
		sizes[i] = int32(width)
		parts = append(parts, g.tensor(fmt.Sprintf("%s/part_%d", name, i), typeInt8, x.quantization, 1, x.steps, 1, width))
	}
	inputs := []int32{x.tensor, g.list(name+"/sizes", sizes...), g.number(name+"/axis", 3)}
	g.operator(splitV, inputs, parts, flatbuffer.Table{int32(len(parts))})
	return parts
}

// depthwise is one group, whose weights are in the order tap, channel.
func (b *builder) depthwise(name string, x value, w []float32, steps int, q quantization) int32 {
	g := b.main
	k := quantizeRows(x.width, steps, func(row, i int) float32 { return w[i*x.width+row] }, nil, x.quantization, false)
	b.channels += x.width
	turned := make([]int8, len(k.weights))
	for row := range x.width {
		for i := range steps {
			turned[i*x.width+row] = k.weights[row*steps+i]
		}
	}
	weights := g.weights(name+"/weights", turned, k.scales, 0, 3, 1, steps, 1, x.width)
	out := g.tensor(name+"/depthwise", typeInt8, q, 1, 1, 1, x.width)
	g.operator(depthwiseConv2D, []int32{x.tensor, weights, g.biases(name+"/bias", k, x.quantization)}, []int32{out},
		flatbuffer.Table{paddingValid, int32(1), int32(1), int32(1), activateNone, int32(1), int32(1)})
	return out
}

// connect is the last stage, over all of its window at once.
func (b *builder) connect(x value, s *net.Stage, q quantization) value {
	g, size := b.main, x.steps*x.width
	x = b.reshape("head/flat", x, 1, size)
	k := quantizeRows(s.Out, size, func(row, i int) float32 { return s.Weights[i*s.Out+row] }, s.Bias, x.quantization, true)
	weights := g.weights("head/weights", k.weights, k.scales, 0, 0, s.Out, size)
	out := g.tensor("logit", typeInt8, q, 1, s.Out)
	g.operator(fullyConnected, []int32{x.tensor, weights, g.biases("head/bias", k, x.quantization)}, []int32{out}, flatbuffer.Table{activateNone})
	return value{out, 1, s.Out, q}
}

// probability is a logit's, as the uint8 that runtimes read.
func (b *builder) probability(logit value) int32 {
	g := b.main
	signed := g.tensor("probability/int8", typeInt8, quantization{1.0 / 256, -128}, 1, 1)
	g.operator(logistic, []int32{logit.tensor}, []int32{signed}, nil)
	out := g.tensor("probability", typeUint8, quantization{1.0 / 256, 0}, 1, 1)
	g.operator(quantize, []int32{signed}, []int32{out}, nil)
	return out
}
