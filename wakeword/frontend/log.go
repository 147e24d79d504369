package frontend

import (
	"math"
	"math/bits"
)

// logScale is a natural logarithm in steps of 1/64, from a table that corrects a
// straight line between two powers of two.
type logScale struct{ table [logSegments + 2]int32 }

const (
	logBits        = 16
	logSegmentBits = 7
	logSegments    = 1 << logSegmentBits
	logCoefficient = 45426 // ln 2 in Q16
	logScaleShift  = 6     // the output is in 1/64
)

func newLogScale() *logScale {
	l := new(logScale)
	for i := range l.table[:logSegments+1] {
		x := float64(i) / logSegments
		l.table[i] = int32(math.Round((math.Log2(1+x) - x) * (1 << logBits)))
	}
	return l
}

func (l *logScale) apply(signal *[Channels]uint32, dst *Feature) {
	for i, s := range signal {
		dst[i] = 0
		if s <<= correctionBits; s > 1 {
			dst[i] = uint16(min(l.log(s), math.MaxUint16))
		}
	}
}

func (l *logScale) log(x uint32) uint32 {
	integer := bits.Len32(x) - 1
	frac := int32(x - 1<<integer)
	if integer < logBits {
		frac <<= logBits - integer
	} else {
		frac >>= integer - logBits
	}
	segment := frac >> (logBits - logSegmentBits)
	c0, c1 := l.table[segment], l.table[segment+1]
	within := frac - segment<<(logBits-logSegmentBits)
	log2 := uint32(integer)<<logBits + uint32(frac+c0+(c1-c0)*within>>logBits)
	const round = 1 << (logBits - 1)
	ln := uint32((uint64(logCoefficient)*uint64(log2) + round) >> logBits)
	return (ln<<logScaleShift + round) >> logBits
}
