//go:build !amd64 && !arm64

package tflite

func denseSums(sums []int32, x, weights []int8) { denseSumsGo(sums, x, weights) }

func depthwiseSums(sums []int32, x []int8, stride int, weights []int8) {
	depthwiseSumsGo(sums, x, stride, weights)
}
