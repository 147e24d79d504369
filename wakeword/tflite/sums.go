package tflite

// Layers multiply blocks of 16 values: what is read past a window or a row belongs to
// the same memory, which has slack for it, and meets weights of 0.
const (
	block        = 16
	slack        = block - 1 // values after those of a tensor
	denseGroup   = 4         // channels of a layer that are summed together
	denseWeights = denseGroup * block
)

// packDense orders the weights of channels, each a row of window values, as denseSums
// takes them: for each group of four channels, for each block of the window, the block
// of each channel.
func packDense(weights []byte, window int) []int8 {
	channels := len(weights) / window
	blocks := blocksOf(window)
	packed := make([]int8, (channels+denseGroup-1)/denseGroup*blocks*denseWeights)
	for c := range channels {
		for i, w := range weights[c*window:][:window] {
			at := c/denseGroup*blocks + i/block
			packed[at*denseWeights+c%denseGroup*block+i%block] = int8(w)
		}
	}
	return packed
}

// packDepthwise orders rows of a weight for each channel as depthwiseSums takes them: for
// each block of channels its rows.
func packDepthwise(weights []byte, channels int) []int8 {
	rows := len(weights) / channels
	packed := make([]int8, blocksOf(channels)*rows*block)
	for r := range rows {
		for c, w := range weights[r*channels:][:channels] {
			packed[(c/block*rows+r)*block+c%block] = int8(w)
		}
	}
	return packed
}

func blocksOf(n int) int { return (n + block - 1) / block }

// denseSumsGo is denseSums on every machine.
func denseSumsGo(sums []int32, x, weights []int8) {
	for g := 0; g+denseGroup <= len(sums); g += denseGroup {
		var s0, s1, s2, s3 int32
		for rest := x; len(rest) >= block; rest = rest[block:] {
			v, w := (*[block]int8)(rest), (*[denseWeights]int8)(weights)
			weights = weights[denseWeights:]
			for i, v := range v {
				v := int32(v)
				s0 += v * int32(w[i])
				s1 += v * int32(w[block+i])
				s2 += v * int32(w[2*block+i])
				s3 += v * int32(w[3*block+i])
			}
		}
		s := (*[denseGroup]int32)(sums[g:])
		s[0], s[1], s[2], s[3] = s0, s1, s2, s3
	}
}

// depthwiseSumsGo is depthwiseSums on every machine.
func depthwiseSumsGo(sums []int32, x []int8, stride int, weights []int8) {
	rows := len(weights) / max(1, len(sums))
	for g := 0; g+block <= len(sums); g += block {
		s := (*[block]int32)(sums[g:])
		*s = [block]int32{}
		for r := range rows {
			v, w := (*[block]int8)(x[g+r*stride:][:block]), (*[block]int8)(weights)
			weights = weights[block:]
			for i, v := range v {
				s[i] += int32(v) * int32(w[i])
			}
		}
	}
}
