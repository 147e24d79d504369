package tflite

import (
	"fmt"
	"math"
)

// multiplier scales an integer by mult * 2^(left-right-31), rounding as TensorFlow
// Lite Micro does by default: to the nearest after the product, halves up, and again
// after the shift, halves away from zero.
type multiplier struct {
	mult        int32
	left, right uint8
}

// newMultiplier is the multiplier closest to scale.
func newMultiplier(scale float64) (multiplier, error) {
	if !(scale >= 0 && scale < 1<<30) {
		return multiplier{}, fmt.Errorf("tflite: a ratio of scales is %v: must be below 2^30", scale)
	}
	fraction, exponent := math.Frexp(scale)
	mult := int64(math.Round(fraction * (1 << 31)))
	if mult == 1<<31 {
		mult /= 2
		exponent++
	}
	if exponent < -31 {
		return multiplier{}, nil // everything rounds to zero
	}
	return multiplier{int32(mult), uint8(max(exponent, 0)), uint8(max(-exponent, 0))}, nil
}

func (m *multiplier) apply(x int32) int32 {
	return roundingShift(doublingHighMul(x<<(m.left&31), m.mult), m.right)
}

// doublingHighMul is the upper half of 2*a*b, rounded, halves up: the product of two
// numbers in Q31. Never are both the lowest int32, so there is nothing to saturate.
func doublingHighMul(a, b int32) int32 {
	return int32((int64(a)*int64(b) + 1<<30) >> 31)
}

// roundingShift is x / 2^n for n below 32, rounded to the nearest, halves away from zero.
func roundingShift(x int32, n uint8) int32 {
	half := int64(1) << (n & 31) >> 1
	below := int64(x>>31) & -half >> 63 // -1 for a negative x that is shifted
	return int32((int64(x) + half + below) >> (n & 31))
}

func clampInt8(x, low, high int32) int8 { return int8(max(low, min(high, x))) }

// lookup is a function of one int8, tabulated.
type lookup[T any] [256]T

func (l *lookup[T]) set(x int, y T) { l[uint8(int8(x))] = y }

// requantize tabulates the change from one scale and zero point to another, clamped
// to low..high.
func requantize[T int8 | uint8](from, to *tensor, low, high int32) (*lookup[T], error) {
	m, err := newMultiplier(float64(from.scale[0]) / float64(to.scale[0]))
	if err != nil {
		return nil, err
	}
	l := new(lookup[T])
	for x := math.MinInt8; x <= math.MaxInt8; x++ {
		y := m.apply(int32(x)-int32(from.zero[0])) + int32(to.zero[0])
		l.set(x, T(max(low, min(high, y))))
	}
	return l, nil
}

// dequantize tabulates the real values of a tensor's stored ones.
func dequantize(from *tensor) *lookup[float32] {
	l := new(lookup[float32])
	for x := math.MinInt8; x <= math.MaxInt8; x++ {
		l.set(x, float32(float64(from.scale[0])*float64(x-int(from.zero[0]))))
	}
	return l
}
