package tflite

import (
	"errors"
	"fmt"
)

// copyRows adds a step that copies rows of n values from src, of which one begins
// every stride values after the first at from, to dst likewise. A copy that needs no
// gaps is one row.
func (c *compiler) copyRows(dst *value, to, dstStride int, src *value, from, stride, n int) {
	if len(dst.i8) > 0 {
		c.steps = append(c.steps, &copyRows[int8]{dst.i8[to:], src.i8[from:], n, dstStride, stride})
	} else {
		c.steps = append(c.steps, &copyRows[float32]{dst.f32[to:], src.f32[from:], n, dstStride, stride})
	}
}

// reshape shares the memory of its input; the new shape is that of the output.
func (c *compiler) reshape(op *operator) error {
	if err := op.operands(1, 2, 1); err != nil {
		return err
	}
	return c.view(op, 0, c.graph.tensors[op.inputs[0]].elements())
}

// view lets the output of op be the n values from from on of its first input.
func (c *compiler) view(op *operator, from, n int) error {
	v, err := c.input(op.inputs[0])
	if err != nil {
		return err
	}
	in, out := &c.graph.tensors[op.inputs[0]], &c.graph.tensors[op.outputs[0]]
	dst := &c.values[op.outputs[0]]
	if out.typ != in.typ || out.elements() != n || dst.known() || out.data != nil {
		return fmt.Errorf("tflite: %v%v can't become %v%v", in.typ, in.shape, out.typ, out.shape)
	}
	switch {
	case v.i8 != nil:
		dst.i8 = v.i8[from : from+n] // layers read into what follows
	case v.f32 != nil:
		dst.f32 = v.f32[from : from+n : from+n]
	default:
		return fmt.Errorf("tflite: %v is not supported", in.typ)
	}
	return nil
}

// stridedSlice supports slices of one piece: a range of the first dimension that is
// not 1. They share the memory of the input.
func (c *compiler) stridedSlice(op *operator) error {
	if err := op.operands(4, 4, 1); err != nil {
		return err
	}
	shape := c.graph.tensors[op.inputs[0]].shape
	var params [3][]int // begin, end, strides
	for i := range params {
		v, err := c.constants(op.inputs[1+i])
		if err != nil {
			return err
		}
		if len(v) != len(shape) {
			return fmt.Errorf("tflite: %d limits for %d dimensions", len(v), len(shape))
		}
		params[i] = v
	}
	beginMask, endMask := op.options.i32(0, 0), op.options.i32(1, 0)
	for field := 2; field <= 4; field++ {
		if op.options.i32(field, 0) != 0 {
			return errors.New("tflite: ellipsis, new and shrunk axes are not supported")
		}
	}
	if op.options.u8(5) != 0 {
		return errors.New("tflite: an end that is relative to the begin is not supported")
	}
	from, size, whole := 0, 1, true // of the slice; whole: of the dimensions so far all are whole or one long
	for d := len(shape) - 1; d >= 0; d-- {
		begin, end := limit(params[0][d], shape[d], beginMask>>d&1 == 1, 0), limit(params[1][d], shape[d], endMask>>d&1 == 1, shape[d])
		if params[2][d] != 1 || begin >= end {
			return fmt.Errorf("tflite: slice %d:%d:%d of %d is not supported", begin, end, params[2][d], shape[d])
		}
		if !whole && end-begin != 1 {
			return errors.New("tflite: a slice in several pieces is not supported")
		}
		whole = whole && end-begin == shape[d]
		stride := 1
		for _, s := range shape[d+1:] {
			stride *= s
		}
		from += begin * stride
		size *= end - begin
	}
	return c.view(op, from, size)
}

// limit is one end of a slice of a dimension of n: masked ones are the default,
// negative ones count from the end.
func limit(v, n int, masked bool, missing int) int {
	if masked {
		return missing
	}
	if v < 0 {
		v += n
	}
	return max(0, min(n, v))
}

// around is the number of values before and after axis in shape: how many rows there
// are, and how many values one step along the axis is.
func around(shape []int, axis int) (outer, inner int) {
	outer, inner = 1, 1
	for d, n := range shape {
		if d < axis {
			outer *= n
		} else if d > axis {
			inner *= n
		}
	}
	return outer, inner
}

// alike reports whether two shapes differ along axis at most.
func alike(a, b []int, axis int) bool {
	if len(a) != len(b) {
		return false
	}
	for d := range a {
		if d != axis && a[d] != b[d] {
			return false
		}
	}
	return true
}

// part is one of the tensors that are joined to whole, or that whole is split into.
func (c *compiler) part(index int, typ elemType, shape []int, axis int) (*tensor, error) {
	t := &c.graph.tensors[index]
	if t.typ != typ || !alike(t.shape, shape, axis) {
		return nil, fmt.Errorf("tflite: %v%v does not fit %v%v along axis %d", t.typ, t.shape, typ, shape, axis)
	}
	return t, nil
}

func (c *compiler) concatenation(op *operator) error {
	if err := op.operands(1, maxOperands, 1); err != nil {
		return err
	}
	out := &c.graph.tensors[op.outputs[0]]
	axis, err := axisOf(op.options.i32(0, 0), len(out.shape))
	if err != nil {
		return err
	}
	if op.options.u8(1) != 0 {
		return errors.New("tflite: an activation after a concatenation is not supported")
	}
	dst, err := c.allocate(op.outputs[0], typeInt8, typeFloat32)
	if err != nil {
		return err
	}
	_, inner := around(out.shape, axis)
	at := 0
	for _, i := range op.inputs {
		if i < 0 {
			return errors.New("tflite: an input is missing")
		}
		t, err := c.part(i, out.typ, out.shape, axis)
		if err != nil {
			return err
		}
		if t.typ == typeInt8 && (c.perTensor(i) != nil || c.perTensor(op.outputs[0]) != nil ||
			t.scale[0] != out.scale[0] || t.zero[0] != out.zero[0]) {
			return errors.New("tflite: an input's scale differs from the output's")
		}
		src, err := c.input(i)
		if err != nil {
			return err
		}
		if at+t.shape[axis] > out.shape[axis] {
			return errors.New("tflite: the inputs are more than the output")
		}
		n := t.shape[axis] * inner
		c.copyRows(dst, at*inner, out.shape[axis]*inner, src, 0, n, n)
		at += t.shape[axis]
	}
	if at != out.shape[axis] {
		return errors.New("tflite: the inputs are less than the output")
	}
	return nil
}

func axisOf(axis, rank int) (int, error) {
	if axis < 0 {
		axis += rank
	}
	if axis < 0 || axis >= rank {
		return 0, fmt.Errorf("tflite: axis %d of %d dimensions", axis, rank)
	}
	return axis, nil
}

// splitV cuts its input along an axis; the sizes of the parts are those of the
// outputs, since converters write them there too.
func (c *compiler) splitV(op *operator) error {
	if err := op.operands(3, 3, len(op.outputs)); err != nil {
		return err
	}
	in := &c.graph.tensors[op.inputs[0]]
	axes, err := c.constants(op.inputs[2])
	if err != nil || len(axes) != 1 {
		return errors.New("tflite: the axis must be one constant")
	}
	axis, err := axisOf(axes[0], len(in.shape))
	if err != nil {
		return err
	}
	src, err := c.input(op.inputs[0])
	if err != nil {
		return err
	}
	_, inner := around(in.shape, axis)
	at := 0
	for _, o := range op.outputs {
		t, err := c.part(o, in.typ, in.shape, axis)
		if err != nil {
			return err
		}
		dst, err := c.allocate(o, typeInt8, typeFloat32)
		if err != nil {
			return err
		}
		if at+t.shape[axis] > in.shape[axis] {
			return errors.New("tflite: the outputs are more than the input")
		}
		n := t.shape[axis] * inner
		c.copyRows(dst, 0, n, src, at*inner, in.shape[axis]*inner, n)
		at += t.shape[axis]
	}
	if at != in.shape[axis] {
		return errors.New("tflite: the outputs are less than the input")
	}
	return nil
}
