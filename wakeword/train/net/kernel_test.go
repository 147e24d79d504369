package net

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func noise(r *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}

// same reports whether values are equal but for the order in which k products of
// normal size were added up.
func same(got, want []float32, k int) bool {
	for i := range got {
		if math.Abs(float64(got[i]-want[i])) > 2e-6*float64(k+4) {
			return false
		}
	}
	return true
}

func TestGemm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, n, k := rapid.IntRange(0, 20).Draw(t, "m"), rapid.IntRange(0, 50).Draw(t, "n"), rapid.IntRange(0, 600).Draw(t, "k")
		rowB, rowC := n+rapid.IntRange(0, 3).Draw(t, "gap B"), n+rapid.IntRange(0, 3).Draw(t, "gap C")
		rowA, colA := rapid.IntRange(0, 9).Draw(t, "row A"), rapid.IntRange(1, 3).Draw(t, "column A")
		if rapid.Bool().Draw(t, "transposed") {
			rowA, colA = colA, rowA
		}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		a, b, c := noise(r, max(0, (m-1)*rowA)+max(0, (k-1)*colA)+1), noise(r, k*rowB), noise(r, m*rowC)
		want := make([]float32, len(c))
		copy(want, c)
		for i := range m {
			for j := range n {
				sum := float64(c[i*rowC+j])
				for p := range k {
					sum += float64(a[i*rowA+p*colA]) * float64(b[p*rowB+j])
				}
				want[i*rowC+j] = float32(sum)
			}
		}
		gemm(m, n, k, a, rowA, colA, b, rowB, c, rowC)
		if !same(c, want, k) {
			t.Fatalf("%d x %d x %d: got %v, want %v", m, n, k, c, want)
		}
	})
}

func TestColumns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width, n := rapid.IntRange(0, 90).Draw(t, "width"), rapid.IntRange(0, 30).Draw(t, "n")
		rowA, rowB := width+rapid.IntRange(0, 3).Draw(t, "gap A"), rapid.IntRange(0, 100).Draw(t, "row B")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		dst, a, b := noise(r, width), noise(r, max(1, n)*rowA), noise(r, n*rowB+width)
		want := make([]float32, width)
		for c := range want {
			sum := float64(dst[c])
			for i := range n {
				sum += float64(a[i*rowA+c]) * float64(b[i*rowB+c])
			}
			want[c] = float32(sum)
		}
		columns(dst, a, rowA, b, rowB, n)
		if !same(dst, want, n) {
			t.Fatalf("got %v, want %v", dst, want)
		}
	})
}

func BenchmarkGemm(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	for name, s := range map[string]struct{ m, n, k, rowA, colA int }{
		"pointwise":         {800, 64, 64, 64, 1},
		"pointwise weights": {64, 64, 800, 1, 64},
		"first":             {54, 32, 200, 120, 1},
		"first weights":     {200, 32, 54, 1, 120},
	} {
		b.Run(name, func(b *testing.B) {
			x, y, z := noise(r, (s.m-1)*s.rowA+(s.k-1)*s.colA+1), noise(r, s.k*s.n), noise(r, s.m*s.n)
			for b.Loop() {
				gemm(s.m, s.n, s.k, x, s.rowA, s.colA, y, s.n, z, s.n)
			}
			b.ReportMetric(2*float64(s.m*s.n*s.k*b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}

func BenchmarkColumns(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	const width, n = 32, 11
	dst, x, w := make([]float32, width), noise(r, 2*n*width), noise(r, n*width)
	for b.Loop() {
		columns(dst, x, 2*width, w, width, n)
	}
	b.ReportMetric(2*float64(width*n*b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}
