//go:build amd64 || arm64

package tflite

// denseSums sets sums to the products of x, of a whole number of blocks, with the
// weights of each channel (packDense), of which there are as many as sums has: a
// multiple of four.
//
//go:noescape
func denseSums(sums []int32, x, weights []int8)

// depthwiseSums sets sums to the products of the columns of x with the weights of each
// (packDepthwise). A row of x begins stride values after the last one. There are as many
// channels as sums has: a multiple of 16.
//
//go:noescape
func depthwiseSums(sums []int32, x []int8, stride int, weights []int8)
