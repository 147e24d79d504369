package frontend

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// drawValues are complex numbers of all sizes, those too whose sums wrap.
func drawValues(t *rapid.T) (values [half]cpx) {
	value := rapid.OneOf(rapid.Int16(), rapid.Int16Range(-4, 4), rapid.SampledFrom([]int16{-32768, -32767, 32767}))
	for i, v := range rapid.SliceOfN(value, 2*half, 2*half).Draw(t, "values") {
		if c := &values[i/2]; i%2 == 0 {
			c.r = v
		} else {
			c.i = v
		}
	}
	return values
}

func same(t rapid.TB, got, want []cpx) {
	t.Helper()
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("value %d is %v, want %v", i, got[i], want[i])
		}
	}
}

func TestTransformIsThatInGo(t *testing.T) {
	f := newRealFFT()
	t.Run("first", rapid.MakeCheck(func(t *rapid.T) {
		var in [fftSize]int16
		for i, c := range drawValues(t) {
			in[2*i], in[2*i+1] = c.r, c.i
		}
		shift := rapid.IntRange(0, 15).Draw(t, "shift")
		var got, want [half]cpx
		first(&got, &in, shift)
		firstGo(&want, &in, shift)
		same(t, got[:], want[:])
	}))
	t.Run("pass", rapid.MakeCheck(func(t *rapid.T) {
		twiddles := rapid.SampledFrom([][]quad{f.twiddles[:1], f.twiddles[1:5], f.twiddles[5:]}).Draw(t, "twiddles")
		got := drawValues(t)
		want := got
		pass(&got, twiddles)
		passGo(&want, twiddles)
		same(t, got[:], want[:])
	}))
	t.Run("split", rapid.MakeCheck(func(t *rapid.T) {
		work := drawValues(t)
		var got, want [half + 1]cpx
		split(&got, &work, &f.super)
		splitGo(&want, &work, &f.super)
		same(t, got[:], want[:])
	}))
}

// Every value is quartered and halved as in Go.
func TestEveryValueIsScaledAsInGo(t *testing.T) {
	f := newRealFFT()
	for x := -32768; x < 32768; x += fftSize {
		var in [fftSize]int16
		var got, want [half]cpx
		for i := range in {
			in[i] = int16(x + i)
			if i%2 == 0 {
				got[i/2].r = in[i]
			} else {
				got[i/2].i = in[i]
			}
		}
		var spectrum, wantSpectrum [half + 1]cpx
		split(&spectrum, &got, &f.super)
		splitGo(&wantSpectrum, &got, &f.super)
		first(&got, &in, 0)
		firstGo(&want, &in, 0)
		same(t, got[:], want[:])
		same(t, spectrum[:], wantSpectrum[:])
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
