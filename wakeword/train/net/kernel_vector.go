//go:build amd64 || arm64

package net

// tiles does as many tiles of 4 x 16 as fit and says how many rows and columns that are.
func tiles(m, n, k int, a []float32, rowA, colA int, b []float32, rowB int, c []float32, rowC int) (rows, cols int) {
	rows, cols = m&^3, n&^15
	if rows == 0 || cols == 0 || !hasVectors() {
		return 0, 0
	}
	for j := 0; j < cols; j += 16 {
		for i := 0; i < rows; i += 4 {
			tile4x16(k, &a[i*rowA], rowA, colA, &b[j], rowB, &c[i*rowC+j], rowC)
		}
	}
	return rows, cols
}

// columnsFast does the columns in groups of 8 and says how many that are.
func columnsFast(dst, a []float32, rowA int, b []float32, rowB, n int) int {
	width := len(dst) &^ 7
	if width == 0 || !hasVectors() {
		return 0
	}
	columns8(width, &dst[0], &a[0], rowA, &b[0], rowB, n)
	return width
}

// tile4x16 is gemm for m = 4, n = 16 and k > 0.
//
//go:noescape
func tile4x16(k int, a *float32, rowA, colA int, b *float32, rowB int, c *float32, rowC int)

// columns8 is columns for a width that is a positive multiple of 8, and n > 0.
//
//go:noescape
func columns8(width int, dst, a *float32, rowA int, b *float32, rowB, n int)
