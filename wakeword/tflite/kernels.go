package tflite

import "math"

// step is one operation of a compiled graph, bound to its memory.
type step interface{ run() }

// dense multiplies the window of every position with a matrix of weights: a fully
// connected layer, or a convolution whose window is contiguous in memory.
type dense struct {
	in, out  []int8
	channels int
	weights  []int8 // see packDense
	window   int    // values, a whole number of blocks
	stride   int    // values from one position to the next
	quant    []requant
	sums     []int32
	outRange outRange
}

func (d *dense) run() {
	for in, out := d.in, d.out; ; in = in[d.stride:] {
		denseSums(d.sums, in[:d.window], d.weights)
		requantise(out[:d.channels], d.sums, d.quant, &d.outRange)
		if out = out[d.channels:]; len(out) == 0 {
			return
		}
	}
}

// depthwise weighs every channel by itself over a window of rows.
type depthwise struct {
	in, out  []int8
	channels int
	weights  []int8 // see packDepthwise
	stride   int    // values from one position to the next
	quant    []requant
	sums     []int32
	outRange outRange
}

func (d *depthwise) run() {
	for in, out := d.in, d.out; ; in = in[d.stride:] {
		depthwiseSums(d.sums, in, d.channels, d.weights)
		requantise(out[:d.channels], d.sums, d.quant, &d.outRange)
		if out = out[d.channels:]; len(out) == 0 {
			return
		}
	}
}

// copyRows copies rows of n values between places of different strides; splitting
// and concatenation are lists of them.
type copyRows[T any] struct {
	dst, src             []T
	n, dstStride, stride int
}

func (c *copyRows[T]) run() {
	if c.n == c.stride && c.n == c.dstStride {
		copy(c.dst, c.src)
		return
	}
	for d, s := 0, 0; s < len(c.src) && d < len(c.dst); d, s = d+c.dstStride, s+c.stride {
		copy(c.dst[d:d+c.n], c.src[s:])
	}
}

// mapTable looks every value up.
type mapTable[T any] struct {
	in    []int8
	out   []T
	table *lookup[T]
}

func (m *mapTable[T]) run() {
	out := m.out[:len(m.in)]
	for i, x := range m.in {
		out[i] = m.table[uint8(x)]
	}
}

// quantizeFloat rounds real values to int8.
type quantizeFloat struct {
	in    []float32
	out   []int8
	scale float32
	zero  int32
}

func (q *quantizeFloat) run() {
	out := q.out[:len(q.in)]
	for i, x := range q.in {
		// Clamped before the conversion, which is undefined out of range; widened so
		// that adding a half is exact.
		v := float64(x / q.scale)
		switch {
		case v >= 512:
			v = 512
		case v >= 0:
			v += 0.5
		case v > -512:
			v -= 0.5
		default:
			v = -512
		}
		out[i] = clampInt8(int32(v)+q.zero, math.MinInt8, math.MaxInt8)
	}
}
