//go:build !arm64

package tflite

func requantise(out []int8, sums []int32, quant []requant, r *outRange) {
	requantiseGo(out, sums, quant, r)
}
