package speaker

import "math"

// square is a symmetric or triangular matrix of n rows, row by row.
type square struct {
	n int
	v []float64
}

func newSquare(n int) square { return square{n, make([]float64, n*n)} }

func (m square) row(i int) []float64 { return m.v[i*m.n:][:m.n] }

// cholesky makes the lower triangle L of m = L L^T in m's place; m is symmetric, positive
// definite, and only its lower triangle is read.
func (m square) cholesky() {
	for i := range m.n {
		a := m.row(i)
		for j := 0; j <= i; j++ {
			b, sum := m.row(j), a[j]
			for k := range j {
				sum -= a[k] * b[k]
			}
			if i == j {
				a[i] = math.Sqrt(max(sum, 1e-12))
			} else {
				a[j] = sum / b[j]
			}
		}
	}
}

// solve makes x of b in its place, where L L^T x = b and m is L.
func (m square) solve(b []float64) {
	for i := range m.n {
		for k, v := range m.row(i)[:i] {
			b[i] -= v * b[k]
		}
		b[i] /= m.row(i)[i]
	}
	for i := m.n - 1; i >= 0; i-- {
		for k := i + 1; k < m.n; k++ {
			b[i] -= m.row(k)[i] * b[k]
		}
		b[i] /= m.row(i)[i]
	}
}

// inverse is that of L L^T, where m is L.
func (m square) inverse() square {
	out := newSquare(m.n)
	for i := range m.n {
		out.row(i)[i] = 1
		m.solve(out.row(i)) // it is symmetric: rows are columns
	}
	return out
}

// rotate finds the eigenvectors of a symmetric m, the rows of v, and the eigenvalues, by
// Jacobi's rotations. m is changed.
func (m square) rotate() (values []float64, v square) {
	v = newSquare(m.n)
	for i := range m.n {
		v.row(i)[i] = 1
	}
	const sweeps = 30
	for range sweeps {
		for p := range m.n {
			for q := p + 1; q < m.n; q++ {
				m.annihilate(v, p, q)
			}
		}
	}
	for i := range m.n {
		values = append(values, m.row(i)[i])
	}
	return values, v
}

// annihilate rotates p and q so that the value between them becomes 0.
func (m square) annihilate(v square, p, q int) {
	between := m.row(p)[q]
	if math.Abs(between) < 1e-15 {
		return
	}
	theta := (m.row(q)[q] - m.row(p)[p]) / (2 * between)
	t := math.Copysign(1/(math.Abs(theta)+math.Hypot(theta, 1)), theta)
	c := 1 / math.Hypot(t, 1)
	s := t * c
	turn := func(a, b *float64) { *a, *b = c**a-s**b, s**a+c**b }
	for k := range m.n {
		turn(&m.row(k)[p], &m.row(k)[q])
	}
	for k := range m.n {
		turn(&m.row(p)[k], &m.row(q)[k])
		turn(&v.row(p)[k], &v.row(q)[k])
	}
}
