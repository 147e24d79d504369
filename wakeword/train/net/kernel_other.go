//go:build !amd64 && !arm64

package net

// tiles says how many rows and columns of C it has done: none without vector code.
func tiles(_, _, _ int, _ []float32, _, _ int, _ []float32, _ int, _ []float32, _ int) (rows, cols int) {
	return 0, 0
}

// columnsFast says how many columns it has done.
func columnsFast(_, _ []float32, _ int, _ []float32, _, _ int) int { return 0 }
