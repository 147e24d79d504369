package tflite

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestMultiplierRoundsAsTheReference(t *testing.T) {
	for _, c := range []struct {
		x     int32
		scale float64
		want  int32
	}{
		{100, 0.5, 50},
		{3, 0.5, 2},    // a half after the product goes up
		{-3, 0.5, -1},  // below zero too
		{5, 0.25, 2},   // twice: to 3 after the product, to 2 after the shift
		{6, 0.25, 2},   // a half after the shift goes away from zero
		{-6, 0.25, -2}, // below zero too
		{7, 3, 21},
		{1 << 20, 1e-12, 0},
		{math.MaxInt32, 0, 0},
	} {
		m, err := newMultiplier(c.scale)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.apply(c.x); got != c.want {
			t.Errorf("%d * %v is %d, want %d", c.x, c.scale, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Int32Range(-1<<23, 1<<23).Draw(t, "x")
		scale := math.Ldexp(rapid.Float64Range(0.5, 1).Draw(t, "fraction"), rapid.IntRange(-30, 6).Draw(t, "exponent"))
		m, err := newMultiplier(scale)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := m.apply(x), rescale(int64(x), scale); float64(got) != want {
			t.Fatalf("%d * %v is %d, want %v", x, scale, got, want)
		}
	})
}

func TestMultiplierRefusesWhatItCannotHold(t *testing.T) {
	for _, scale := range []float64{-1, 1 << 30, math.Inf(1), math.NaN()} {
		if m, err := newMultiplier(scale); err == nil {
			t.Errorf("a ratio of %v was taken as %v", scale, m)
		}
	}
}

// The fixed-point function rounds to the same as the real one but for arguments that
// come to within a millionth of a half.
func TestLogisticIsTheLogisticFunction(t *testing.T) {
	differ := 0
	for scale := float32(0.0005); scale < 1; scale *= 1.1 {
		for zero := int32(-128); zero < 128; zero += 17 {
			table, err := logisticTable(scale, zero)
			if err != nil {
				t.Fatal(err)
			}
			for x := int32(-128); x < 128; x++ {
				real := math.Round(256/(1+math.Exp(-float64(scale)*float64(x-zero)))) - 128
				d := math.Abs(float64(table[uint8(x)]) - min(127, real))
				if d > 1 {
					t.Fatalf("scale %v, zero point %d: %d gives %d, want %v", scale, zero, x, table[uint8(x)], real)
				}
				differ += int(d)
			}
		}
	}
	if differ > 5 {
		t.Errorf("%d values differ", differ)
	}
}
