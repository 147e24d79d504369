package tflite

import "math"

// logisticTable tabulates the logistic function for an input of the given scale and
// zero point; the output's are 1/256 and -128. It is gemmlowp's fixed-point
// approximation, since rounding a better one would differ in the last bit.
func logisticTable(scale float32, zero int32) (*lookup[int8], error) {
	const integerBits = 4 // of the argument
	m, err := newMultiplier(float64(scale) * (1 << (31 - integerBits)))
	if err != nil {
		return nil, err
	}
	// Where the argument leaves the fixed-point range the function is 0 or 1.
	radius := int32(math.Floor(15 * (1 << 27) / float64(int64(1)<<m.left)))
	l := new(lookup[int8])
	for x := math.MinInt8; x <= math.MaxInt8; x++ {
		in := int32(x) - zero
		switch {
		case in <= -radius:
			l.set(x, math.MinInt8)
		case in >= radius:
			l.set(x, math.MaxInt8)
		default:
			l.set(x, clampInt8(roundingShift(logistic(m.apply(in)), 23)-128, math.MinInt8, math.MaxInt8))
		}
	}
	return l, nil
}

// logistic is 1/(1+e^-x) in Q31 for x in Q27.
func logistic(x int32) int32 {
	switch {
	case x == 0:
		return 1 << 30
	case x > 0:
		return oneOverOnePlus(expNegative(-x))
	default:
		return math.MaxInt32 - oneOverOnePlus(expNegative(x))
	}
}

// saturatingShift is x * 2^n within 32 bits.
func saturatingShift(x int32, n uint) int32 {
	return int32(max(math.MinInt32, min(math.MaxInt32, int64(x)<<n)))
}

// expNegative is e^x in Q31 for x <= 0 in Q27: a polynomial for the part of x below
// a quarter, and for each higher bit of x the factor that it stands for.
func expNegative(x int32) int32 {
	if x == 0 {
		return math.MaxInt32
	}
	const quarter = 1 << 25
	below := x&(quarter-1) - quarter
	result := expQuarter(saturatingShift(below, 4))
	remainder := below - x
	// e^-(2^(i-2)) in Q31
	for i, factor := range [...]int32{1672461947, 1302514674, 790015084, 290630308, 39332535, 720401} {
		if remainder&(quarter<<i) != 0 {
			result = doublingHighMul(result, factor)
		}
	}
	return result
}

// expQuarter is e^x in Q31 for -1/4 <= x < 0 in Q31: four terms of the series about
// -1/8.
func expQuarter(x int32) int32 {
	const expEighth, third = 1895147668, 715827883 // e^-1/8, 1/3
	x += 1 << 28
	x2 := doublingHighMul(x, x)
	x3 := doublingHighMul(x2, x)
	x4 := doublingHighMul(x2, x2)
	tail := roundingShift(doublingHighMul(roundingShift(x4, 2)+x3, third)+x2, 1)
	return expEighth + doublingHighMul(expEighth, x+tail)
}

// oneOverOnePlus is 1/(1+x) in Q31 for 0 <= x <= 1 in Q31: three steps of Newton
// and Raphson's division, in Q29.
func oneOverOnePlus(x int32) int32 {
	halfDenominator := int32((int64(x) + math.MaxInt32 + 1) / 2)
	y := int32(1515870810) + doublingHighMul(halfDenominator, -1010580540) // 48/17 - 32/17 d
	for range 3 {
		y += saturatingShift(doublingHighMul(y, 1<<29-doublingHighMul(halfDenominator, y)), 2)
	}
	return saturatingShift(y, 1)
}
