package tflite

// requantise takes sums to out, and those of the last group of channels that are past
// out to the slack after it.
//
//go:noescape
func requantise(out []int8, sums []int32, quant []requant, r *outRange)
