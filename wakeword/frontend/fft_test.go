package frontend

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// The pass of the machine is that in Go, for values of all sizes, those that wrap too.
func TestPassIsThatInGo(t *testing.T) {
	f := newRealFFT()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.Int16(), rapid.Int16Range(-4, 4), rapid.SampledFrom([]int16{-32768, -32767, 32767}))
		values := rapid.SliceOfN(value, 2*half, 2*half).Draw(t, "values")
		twiddles := rapid.SampledFrom([][]quad{f.twiddles[:1], f.twiddles[1:5], f.twiddles[5:]}).Draw(t, "twiddles")
		var got, want [half]cpx
		for i := range got {
			got[i] = cpx{values[2*i], values[2*i+1]}
		}
		want = got
		pass(&got, twiddles)
		passGo(&want, twiddles)
		if got != want {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

// Every value is quartered as in Go: it is the first of four, and the others are 0.
func TestEveryQuarter(t *testing.T) {
	f := newRealFFT()
	for x := -32768; x < 32768; {
		var got [half]cpx
		first := x
		for g := 0; g < half; g += 16 {
			for k := range 4 {
				got[g+k] = cpx{int16(x), int16(x + 1)}
				x += 2
			}
		}
		want := got
		pass(&got, f.twiddles[:1])
		passGo(&want, f.twiddles[:1])
		if got != want {
			t.Fatalf("one of %d to %d: got %v, want %v", first, x, got, want)
		}
	}
}

func BenchmarkTransform(b *testing.B) {
	f := newRealFFT()
	var in [fftSize]int16
	var out [half + 1]cpx
	random := rand.New(rand.NewPCG(1, 1))
	for i := range in {
		in[i] = int16(random.Int())
	}
	for b.Loop() {
		f.transform(&in, 0, &out)
	}
}
