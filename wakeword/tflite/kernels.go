package tflite

import "math"

// step is one operation of a compiled graph, bound to its memory.
type step interface{ run() }

// requant takes a sum of products to an int8 output.
type requant struct {
	multiplier
	bias int32 // with the input's zero point folded in
}

// outRange is the zero point of an output and the range that its activation leaves.
type outRange struct{ zero, low, high int32 }

func (o outRange) int8(q *requant, sum int32) int8 {
	return clampInt8(q.apply(sum)+o.zero, o.low, o.high)
}

// dense multiplies the window of every position with a matrix of weights: a fully
// connected layer, or a convolution whose window is contiguous in memory.
type dense struct {
	in, out []int8
	weights []int8 // one row of window values for each channel
	window  int    // values
	stride  int    // values from one position to the next
	quant   []requant
	outRange
}

func (d *dense) run() {
	in, out := d.in, d.out
	for len(out) > 0 {
		d.position(in[:d.window], out[:len(d.quant)])
		if out = out[len(d.quant):]; len(out) > 0 {
			in = in[d.stride:]
		}
	}
}

// position computes four channels at a time, so that an input is loaded once for
// four products.
func (d *dense) position(x, out []int8) {
	quant, weights := d.quant, d.weights
	c := 0
	for ; c+4 <= len(quant); c += 4 {
		w0, w1 := weights[:len(x)], weights[len(x):][:len(x)]
		w2, w3 := weights[2*len(x):][:len(x)], weights[3*len(x):][:len(x)]
		weights = weights[4*len(x):]
		q := quant[c : c+4 : c+4]
		s0, s1, s2, s3 := q[0].bias, q[1].bias, q[2].bias, q[3].bias
		for i, v := range x {
			v := int32(v)
			s0 += v * int32(w0[i])
			s1 += v * int32(w1[i])
			s2 += v * int32(w2[i])
			s3 += v * int32(w3[i])
		}
		o := out[c : c+4 : c+4]
		o[0], o[1] = d.int8(&q[0], s0), d.int8(&q[1], s1)
		o[2], o[3] = d.int8(&q[2], s2), d.int8(&q[3], s3)
	}
	for ; c < len(quant); c++ {
		sum := quant[c].bias
		w := weights[:len(x)]
		weights = weights[len(x):]
		for i, v := range x {
			sum += int32(v) * int32(w[i])
		}
		out[c] = d.int8(&quant[c], sum)
	}
}

// depthwise weighs every channel by itself over a window of rows.
type depthwise struct {
	in, out []int8
	weights []int8 // window rows of a weight for each channel
	stride  int    // values from one position to the next
	quant   []requant
	sums    []int32
	outRange
}

func (d *depthwise) run() {
	in, out := d.in, d.out
	channels := len(d.quant)
	for len(out) > 0 {
		for c := range d.quant {
			d.sums[c] = d.quant[c].bias
		}
		for at := 0; at < len(d.weights); at += channels {
			x, w, sums := in[at:][:channels], d.weights[at:][:channels], d.sums[:channels]
			for c, v := range x {
				sums[c] += int32(v) * int32(w[c])
			}
		}
		for c := range d.quant {
			out[c] = d.int8(&d.quant[c], d.sums[c])
		}
		if out = out[channels:]; len(out) > 0 {
			in = in[d.stride:]
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
