package tflite

import (
	"errors"
	"fmt"
	"math"
)

// padding and activations, by their numbers in the schema.
const (
	paddingSame = 0
	actNone     = 0
	actRelu     = 1
	actRelu6    = 3
)

// geometry reads what CONV_2D and DEPTHWISE_CONV_2D have in common: the options of
// the first three fields and a window of h rows and w columns. It accepts windows
// that are contiguous in memory: of an input that is one column wide, and without
// padding. positions is how many windows there are, stride the number of values from
// one to the next.
func (c *compiler) geometry(op *operator, h, w, dilationField int) (positions, stride int, err error) {
	in, out := &c.graph.tensors[op.inputs[0]], &c.graph.tensors[op.outputs[0]]
	if len(in.shape) != 4 || len(out.shape) != 4 || in.shape[0] != 1 || out.shape[0] != 1 {
		return 0, 0, fmt.Errorf("tflite: shapes %v and %v: must be one picture", in.shape, out.shape)
	}
	strideW, strideH := op.options.i32(1, 0), op.options.i32(2, 0)
	dilationW, dilationH := op.options.i32(dilationField, 1), op.options.i32(dilationField+1, 1)
	rows, cols, channels := in.shape[1], in.shape[2], in.shape[3]
	switch {
	case strideH < 1 || strideW < 1 || h < 1 || w < 1 || h > rows || w > cols:
		return 0, 0, fmt.Errorf("tflite: window %d x %d with stride %d x %d on %v", h, w, strideH, strideW, in.shape)
	case dilationH > 1 && h > 1 || dilationW > 1 && w > 1:
		return 0, 0, errors.New("tflite: dilation is not supported")
	case cols != 1:
		return 0, 0, fmt.Errorf("tflite: %d columns: only models that are one column wide are supported", cols)
	}
	outRows := (rows-h)/strideH + 1
	if op.options.u8(0) == paddingSame {
		if outRows = (rows + strideH - 1) / strideH; (outRows-1)*strideH+h > rows {
			return 0, 0, errors.New("tflite: padding is not supported")
		}
	}
	if out.shape[1] != outRows || out.shape[2] != 1 {
		return 0, 0, fmt.Errorf("tflite: output %v: must have %d rows", out.shape, outRows)
	}
	return outRows, strideH * channels, nil
}

// weights are the constant weights of an operator, each an int8.
func (c *compiler) weights(i, rank int) ([]byte, *tensor, error) {
	t := &c.graph.tensors[i]
	if t.typ != typeInt8 || len(t.shape) != rank || len(t.data) == 0 || len(t.data) != t.elements() {
		return nil, nil, fmt.Errorf("tflite: weights %v%v: must be a constant of int8 with %d dimensions", t.typ, t.shape, rank)
	}
	for _, z := range t.zero {
		if z != 0 {
			return nil, nil, errors.New("tflite: weights with a zero point are not supported")
		}
	}
	return t.data, t, nil
}

// activation is the zero point of op's output, and its range.
func activation(out *tensor, code int) (outRange, error) {
	zero := int32(out.zero[0])
	r := outRange{zero, math.MinInt8, math.MaxInt8}
	switch code {
	case actNone:
	case actRelu:
		r.low = zero
	case actRelu6:
		r.low = zero
		r.high = min(r.high, zero+int32(math.Round(min(512, float64(6/out.scale[0])))))
	default:
		return r, fmt.Errorf("tflite: activation %d is not supported", code)
	}
	return r, nil
}

// biases are the constant biases of an operator, or zeros where it has none.
func (c *compiler) biases(op *operator, channels int) ([]int, error) {
	if len(op.inputs) < 3 || op.inputs[2] < 0 {
		return make([]int, channels), nil
	}
	v, err := c.constants(op.inputs[2])
	if err == nil && len(v) != channels {
		err = fmt.Errorf("tflite: %d biases for %d channels", len(v), channels)
	}
	return v, err
}

// requants makes the scaling of each channel: sum is the sum of a channel's weights,
// by which the input's zero point counts.
func requants(in *tensor, scales []float64, biases []int, sum func(channel int) int32) ([]requant, error) {
	quant := make([]requant, (len(biases)+denseGroup-1)/denseGroup)
	for i, bias := range biases {
		m, err := newMultiplier(scales[min(i, len(scales)-1)])
		if err != nil {
			return nil, err
		}
		q, c := &quant[i/denseGroup], i%denseGroup
		q.bias[c] = int32(bias) - int32(in.zero[0])*sum(i)
		q.mult[c], q.left[c], q.right[c] = m.mult, int32(m.left), -int32(m.right)
	}
	return quant, nil
}

// channelScales are the ratios of scales of a convolution, one for each channel or
// one for all.
func channelScales(in, weights, out *tensor, axis, channels int) ([]float64, error) {
	if n := len(weights.scale); n != 1 && (n != channels || weights.axis != axis) {
		return nil, fmt.Errorf("tflite: %d scales of weights in dimension %d for %d channels", n, weights.axis, channels)
	}
	scales := make([]float64, len(weights.scale))
	for i, s := range weights.scale {
		scales[i] = float64(in.scale[0]) * float64(s) / float64(out.scale[0])
	}
	return scales, nil
}

// sums of products of one channel stay within 32 bits up to this many weights.
const maxWindow = 1 << 15

// layer is an operator that multiplies windows of its input by weights.
type layer struct {
	in                []int8
	weights           []byte // each an int8
	inT, wT           *tensor
	positions, stride int // how many windows there are, and values from one to the next
}

// layer reads the operands of op, whose weights have rank dimensions.
func (c *compiler) layer(op *operator, rank int) (l layer, err error) {
	if err = op.operands(2, 3, 1); err != nil {
		return l, err
	}
	if l.in, l.inT, err = c.int8Input(op.inputs[0]); err != nil {
		return l, err
	}
	l.weights, l.wT, err = c.weights(op.inputs[1], rank)
	return l, err
}

// convolution reads the operands and windows of CONV_2D or DEPTHWISE_CONV_2D.
func (c *compiler) convolution(op *operator, dilationField int) (l layer, err error) {
	if l, err = c.layer(op, 4); err != nil {
		return l, err
	}
	l.positions, l.stride, err = c.geometry(op, l.wT.shape[1], l.wT.shape[2], dilationField)
	return l, err
}

func (c *compiler) conv2D(op *operator) error {
	l, err := c.convolution(op, 4)
	if err != nil {
		return err
	}
	if l.wT.shape[3] != l.inT.shape[3] {
		return fmt.Errorf("tflite: weights %v for input %v", l.wT.shape, l.inT.shape)
	}
	return c.dense(op, l, op.options.u8(3), func(out *tensor) ([]float64, error) {
		return channelScales(l.inT, l.wT, out, 0, l.wT.shape[0])
	})
}

func (c *compiler) fullyConnected(op *operator) error {
	l, err := c.layer(op, 2)
	if err != nil {
		return err
	}
	if op.options.u8(1) != 0 {
		return errors.New("tflite: shuffled weights are not supported")
	}
	l.stride = l.wT.shape[1]
	if len(l.wT.scale) != 1 || len(l.in)%l.stride != 0 {
		return fmt.Errorf("tflite: weights %v with %d scales for input %v", l.wT.shape, len(l.wT.scale), l.inT.shape)
	}
	l.positions = len(l.in) / l.stride
	// The product of two 32-bit floats is rounded to 32 bits here, unlike above.
	return c.dense(op, l, op.options.u8(0), func(out *tensor) ([]float64, error) {
		return []float64{float64(l.inT.scale[0]*l.wT.scale[0]) / float64(out.scale[0])}, nil
	})
}

// dense adds the step of a fully connected layer or a convolution.
func (c *compiler) dense(op *operator, l layer, act int, scales func(out *tensor) ([]float64, error)) error {
	out, err := c.int8Output(op)
	if err != nil {
		return err
	}
	outT := &c.graph.tensors[op.outputs[0]]
	channels := l.wT.shape[0]
	size := len(l.weights) / channels
	if len(out) != l.positions*channels || size > maxWindow {
		return fmt.Errorf("tflite: output %v: must have %d positions of %d channels", outT.shape, l.positions, channels)
	}
	d := &dense{in: l.in, out: out, channels: channels, stride: l.stride, weights: packDense(l.weights, size), window: blocksOf(size) * block}
	d.sums = make([]int32, len(d.weights)/d.window)
	if err := c.spend(len(d.weights) + 4*len(d.sums)); err != nil {
		return err
	}
	if d.outRange, err = activation(outT, act); err != nil {
		return err
	}
	biases, err := c.biases(op, channels)
	if err != nil {
		return err
	}
	ratios, err := scales(outT)
	if err != nil {
		return err
	}
	d.quant, err = requants(l.inT, ratios, biases, func(channel int) (sum int32) {
		for _, w := range l.weights[channel*size:][:size] {
			sum += int32(int8(w))
		}
		return sum
	})
	if err != nil {
		return err
	}
	c.steps = append(c.steps, d)
	return c.count(l.positions, len(l.weights))
}

// count adds the products of a layer that has weights at a number of positions.
func (c *compiler) count(positions, weights int) error {
	if positions > (maxProducts-c.model.products)/weights {
		return fmt.Errorf("tflite: the model needs more than %d products", maxProducts)
	}
	c.model.products += positions * weights
	return nil
}

// int8Output allocates the single output of op.
func (c *compiler) int8Output(op *operator) ([]int8, error) {
	if err := c.perTensor(op.outputs[0]); err != nil {
		return nil, err
	}
	v, err := c.allocate(op.outputs[0], typeInt8)
	if err != nil {
		return nil, err
	}
	return v.i8, nil
}

func (c *compiler) depthwiseConv2D(op *operator) error {
	l, err := c.convolution(op, 5)
	if err != nil {
		return err
	}
	out, err := c.int8Output(op)
	if err != nil {
		return err
	}
	outT := &c.graph.tensors[op.outputs[0]]
	channels := l.inT.shape[3]
	if l.wT.shape[0] != 1 || l.wT.shape[3] != channels || len(out) != l.positions*channels || l.wT.shape[1] > maxWindow {
		return fmt.Errorf("tflite: weights %v for input %v and output %v: only one weight a channel is supported", l.wT.shape, l.inT.shape, outT.shape)
	}
	d := &depthwise{in: l.in, out: out, channels: channels, stride: l.stride, weights: packDepthwise(l.weights, channels)}
	d.sums = make([]int32, blocksOf(channels)*block)
	if err := c.spend(len(d.weights) + 4*len(d.sums)); err != nil {
		return err
	}
	if d.outRange, err = activation(outT, op.options.u8(4)); err != nil {
		return err
	}
	biases, err := c.biases(op, channels)
	if err != nil {
		return err
	}
	scales, err := channelScales(l.inT, l.wT, outT, 3, channels)
	if err != nil {
		return err
	}
	d.quant, err = requants(l.inT, scales, biases, func(channel int) (sum int32) {
		for at := channel; at < len(l.weights); at += channels {
			sum += int32(int8(l.weights[at]))
		}
		return sum
	})
	if err != nil {
		return err
	}
	c.steps = append(c.steps, d)
	return c.count(l.positions, len(l.weights))
}

func (c *compiler) logistic(op *operator) error {
	if err := op.operands(1, 1, 1); err != nil {
		return err
	}
	in, inT, err := c.int8Input(op.inputs[0])
	if err != nil {
		return err
	}
	out, err := c.int8Output(op)
	if err != nil {
		return err
	}
	outT := &c.graph.tensors[op.outputs[0]]
	if outT.scale[0] != 1.0/256 || outT.zero[0] != math.MinInt8 || len(out) != len(in) {
		return errors.New("tflite: the output must have scale 1/256, zero point -128 and the size of the input")
	}
	table, err := logisticTable(inT.scale[0], int32(inT.zero[0]))
	c.steps = append(c.steps, &mapTable[int8]{in, out, table})
	return err
}

func (c *compiler) quantize(op *operator) error {
	if err := op.operands(1, 1, 1); err != nil {
		return err
	}
	if err := c.perTensor(op.outputs[0]); err != nil {
		return err
	}
	from, err := c.input(op.inputs[0])
	if err != nil {
		return err
	}
	inT, outT := &c.graph.tensors[op.inputs[0]], &c.graph.tensors[op.outputs[0]]
	if inT.elements() != outT.elements() {
		return fmt.Errorf("tflite: %v can't become %v", inT.shape, outT.shape)
	}
	to, err := c.allocate(op.outputs[0], typeInt8, typeUint8)
	if err != nil {
		return err
	}
	switch {
	case from.f32 != nil && to.i8 != nil:
		c.steps = append(c.steps, &quantizeFloat{from.f32, to.i8, outT.scale[0], int32(outT.zero[0])})
		return nil
	case from.i8 == nil:
		return fmt.Errorf("tflite: %v to %v is not supported", inT.typ, outT.typ)
	}
	if err := c.perTensor(op.inputs[0]); err != nil {
		return err
	}
	if to.u8 != nil {
		table, err := requantize[uint8](inT, outT, 0, math.MaxUint8)
		c.steps = append(c.steps, &mapTable[uint8]{from.i8, to.u8, table})
		return err
	}
	table, err := requantize[int8](inT, outT, math.MinInt8, math.MaxInt8)
	c.steps = append(c.steps, &mapTable[int8]{from.i8, to.i8, table})
	return err
}

func (c *compiler) dequantize(op *operator) error {
	if err := op.operands(1, 1, 1); err != nil {
		return err
	}
	in, inT, err := c.int8Input(op.inputs[0])
	if err != nil {
		return err
	}
	to, err := c.allocate(op.outputs[0], typeFloat32)
	if err != nil {
		return err
	}
	if len(to.f32) != len(in) {
		return fmt.Errorf("tflite: the output must have the size of the input %v", inT.shape)
	}
	c.steps = append(c.steps, &mapTable[float32]{in, to.f32, dequantize(inT)})
	return nil
}
