package net

// gemm adds the product of A (m x k) and B (k x n) to C (m x n). Element (i, p) of A is
// a[i*rowA+p*colA], so that A may be transposed or have rows that overlap; rows of B and
// C are rowB and rowC values apart, and those of C must not overlap.
func gemm(m, n, k int, a []float32, rowA, colA int, b []float32, rowB int, c []float32, rowC int) {
	if m == 0 || n == 0 || k == 0 {
		return
	}
	// One check for all that the loops below touch.
	_, _, _ = a[(m-1)*rowA+(k-1)*colA], b[(k-1)*rowB+n-1], c[(m-1)*rowC+n-1]
	// Pieces of B that stay in the first cache while all of A passes by.
	for from := 0; from < k; from += blockK {
		size := min(blockK, k-from)
		blockA, blockB := a[from*colA:], b[from*rowB:]
		rows, cols := tiles(m, n, size, blockA, rowA, colA, blockB, rowB, c, rowC)
		if cols < n {
			gemmPlain(rows, n-cols, size, blockA, rowA, colA, blockB[cols:], rowB, c[cols:], rowC)
		}
		if rows < m {
			gemmPlain(m-rows, n, size, blockA[rows*rowA:], rowA, colA, blockB, rowB, c[rows*rowC:], rowC)
		}
	}
}

const blockK = 256

// gemmPlain is gemm in plain Go: what is left beside the tiles.
func gemmPlain(m, n, k int, a []float32, rowA, colA int, b []float32, rowB int, c []float32, rowC int) {
	for i := range m {
		row := c[i*rowC:][:n]
		p := 0
		for ; p+4 <= k; p += 4 { // four rows of B at a time, so that C is stored less
			at := i*rowA + p*colA
			x0, x1, x2, x3 := a[at], a[at+colA], a[at+2*colA], a[at+3*colA]
			b0, b1, b2, b3 := b[p*rowB:][:len(row)], b[(p+1)*rowB:][:len(row)], b[(p+2)*rowB:][:len(row)], b[(p+3)*rowB:][:len(row)]
			for j := range row {
				row[j] += x0*b0[j] + x1*b1[j] + x2*b2[j] + x3*b3[j]
			}
		}
		for ; p < k; p++ {
			x, bp := a[i*rowA+p*colA], b[p*rowB:][:len(row)]
			for j := range row {
				row[j] += x * bp[j]
			}
		}
	}
}

// columns adds to each dst[c] the sum over i < n of a[i*rowA+c] * b[i*rowB+c].
func columns(dst, a []float32, rowA int, b []float32, rowB, n int) {
	if n == 0 || len(dst) == 0 {
		return
	}
	_, _ = a[(n-1)*rowA+len(dst)-1], b[(n-1)*rowB+len(dst)-1]
	if done := columnsFast(dst, a, rowA, b, rowB, n); done < len(dst) {
		columnsPlain(dst[done:], a[done:], rowA, b[done:], rowB, n)
	}
}

func columnsPlain(dst, a []float32, rowA int, b []float32, rowB, n int) {
	for i := range n {
		x, y := a[i*rowA:][:len(dst)], b[i*rowB:][:len(dst)]
		for c := range dst {
			dst[c] += x[c] * y[c]
		}
	}
}
