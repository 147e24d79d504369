package tflite

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawBytes are n bytes, of which many are the lowest and the highest.
func drawBytes(t *rapid.T, label string, n int) []byte {
	extremes := rapid.SampledFrom([]byte{0x80, 0x81, 0x7f, 0})
	return rapid.SliceOfN(rapid.OneOf(rapid.Byte(), extremes), n, n).Draw(t, label)
}

// drawInput is n values at any alignment, with random ones in the slack after them.
func drawInput(t *rapid.T, n int) []int8 {
	at := rapid.IntRange(0, block).Draw(t, "alignment")
	x := make([]int8, at+n+slack)
	for i, b := range drawBytes(t, "values", len(x)) {
		x[i] = int8(b)
	}
	return x[at : at+n]
}

func TestDenseSumsAreThoseOfThePlainComputation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		window, channels := rapid.IntRange(1, 100).Draw(t, "window"), rapid.IntRange(1, 9).Draw(t, "channels")
		x, weights := drawInput(t, window), drawBytes(t, "weights", window*channels)
		want := make([]int32, channels)
		for i, w := range weights {
			want[i/window] += int32(int8(w)) * int32(x[i%window])
		}
		packed, size := packDense(weights, window), blocksOf(window)*block
		for name, sum := range map[string]func([]int32, []int8, []int8){"machine": denseSums, "Go": denseSumsGo} {
			got := make([]int32, len(packed)/size)
			sum(got, x[:size], packed)
			if !slices.Equal(got[:channels], want) {
				t.Fatalf("%s: got %v, want %v", name, got, want)
			}
		}
	})
}

func TestDepthwiseSumsAreThoseOfThePlainComputation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, channels := rapid.IntRange(1, 25).Draw(t, "rows"), rapid.IntRange(1, 70).Draw(t, "channels")
		stride := channels + rapid.IntRange(0, 3).Draw(t, "between rows")
		x, weights := drawInput(t, (rows-1)*stride+channels), drawBytes(t, "weights", rows*channels)
		want := make([]int32, channels)
		for i, w := range weights {
			want[i%channels] += int32(int8(w)) * int32(x[i/channels*stride+i%channels])
		}
		packed := packDepthwise(weights, channels)
		for name, sum := range map[string]func([]int32, []int8, int, []int8){"machine": depthwiseSums, "Go": depthwiseSumsGo} {
			got := make([]int32, blocksOf(channels)*block)
			sum(got, x, stride, packed)
			if !slices.Equal(got[:channels], want) {
				t.Fatalf("%s: got %v, want %v", name, got, want)
			}
		}
	})
}

// A window as long as the longest that is accepted does not overflow.
func TestLongestWindow(t *testing.T) {
	x, weights := slices.Repeat([]int8{-128}, maxWindow), slices.Repeat([]byte{0x80}, maxWindow*denseGroup)
	want := slices.Repeat([]int32{maxWindow << 14}, denseGroup)
	got := make([]int32, denseGroup)
	if denseSums(got, x, packDense(weights, maxWindow)); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	x, weights = x[:1000*block], weights[:1000*block]
	want, got = slices.Repeat([]int32{1000 << 14}, block), make([]int32, block)
	if depthwiseSums(got, x, block, packDepthwise(weights, block)); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestNothingToSum(t *testing.T) {
	denseSums(nil, nil, nil)
	depthwiseSums(nil, nil, 1, nil)
}

func BenchmarkDenseSums(b *testing.B) {
	x, sums := make([]int8, 64), make([]int32, 64)
	packed := packDense(make([]byte, 64*64), 64)
	for b.Loop() {
		denseSums(sums, x, packed)
	}
}

func BenchmarkDepthwiseSums(b *testing.B) {
	x, sums := make([]int8, 21*64+slack), make([]int32, 64)
	packed := packDepthwise(make([]byte, 21*64), 64)
	for b.Loop() {
		depthwiseSums(sums, x[:21*64], 64, packed)
	}
}

// The outputs of the machine are those of a multiplier, for all shifts, and values that
// saturate.
func TestRequantiseIsThatInGo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 21).Draw(t, "channels")
		quant, sums := make([]requant, (n+denseGroup-1)/denseGroup), make([]int32, n+denseGroup)
		// Most draws are so small that outputs do not saturate, and often are halves.
		value := rapid.OneOf(rapid.Int32Range(-600, 600), rapid.Int32())
		left := rapid.OneOf(rapid.Just(int32(0)), rapid.Int32Range(0, 30))
		right := rapid.OneOf(rapid.Int32Range(0, 3), rapid.Int32Range(0, 31))
		for i := range sums {
			sums[i] = value.Draw(t, "sum")
		}
		for i := range n {
			q, c := &quant[i/denseGroup], i%denseGroup
			q.bias[c], q.mult[c] = value.Draw(t, "bias"), rapid.Int32Range(0, 1<<31-1).Draw(t, "multiplier")
			q.left[c], q.right[c] = left.Draw(t, "left"), -right.Draw(t, "right")
		}
		low := rapid.Int32Range(-128, 127).Draw(t, "low")
		r := outRange{rapid.Int32Range(-128, 127).Draw(t, "zero"), low, rapid.Int32Range(low, 127).Draw(t, "high")}
		got, want := make([]int8, n, n+slack), make([]int8, n)
		requantise(got, sums, quant, &r)
		requantiseGo(want, sums, quant, &r)
		if !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}
