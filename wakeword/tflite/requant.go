package tflite

// requant takes the sums of products of four channels to int8 outputs: to each a bias is
// added, in which is the input's zero point, and the whole multiplied as by a multiplier.
type requant struct {
	bias, mult, left [denseGroup]int32
	right            [denseGroup]int32 // negative, as a shift to the left
}

// outRange is the zero point of an output and the range that its activation leaves.
type outRange struct{ zero, low, high int32 }

// requantiseGo is requantise on every machine.
func requantiseGo(out []int8, sums []int32, quant []requant, r *outRange) {
	zero, low, high := r.zero, r.low, r.high
	sums = sums[:len(out)]
	for i := range out {
		q, c := &quant[i/denseGroup], uint(i)%denseGroup
		m := multiplier{q.mult[c], uint8(q.left[c]), uint8(-q.right[c])}
		out[i] = clampInt8(m.apply(sums[i]+q.bias[c])+zero, low, high)
	}
}
