package frontend

import "math"

// filterBits is the precision of the filters' weights.
const filterBits = 12

// firstBin is the first bin that counts: the lower limit's own bin is left out.
const firstBin = int(lowerBand*fftSize/SampleRate) + 1

// filterbank sums the energy of the spectrum into triangular mel channels. The
// falling side of one triangle is the rising side of the next, so the spectrum is
// cut into bands, and a bin with weight w in one channel has weight 1-w in the next.
type filterbank struct {
	ends   [Channels + 1]int // bin after each band; a band begins where the last one ends
	weight [fftSize/2 + 1]uint16
}

// mel is the mel scale, rounded to 32 bits where the reference rounds. Conversions
// keep the compiler from fusing a product with a sum, which would round otherwise.
func mel(hertz float32) float32 {
	return float32(1127 * float32(math.Log1p(float64(float32(hertz/700)))))
}

func newFilterbank() *filterbank {
	b := new(filterbank)
	const hertzPerBin = float32(SampleRate) / fftSize
	low := mel(lowerBand)
	spacing := (mel(upperBand) - low) / float32(len(b.ends))
	below, bin := low, firstBin
	for i := range b.ends {
		center := low + float32(spacing*float32(i+1))
		for ; mel(float32(bin)*hertzPerBin) <= center; bin++ {
			w := (center - mel(float32(bin)*hertzPerBin)) / (center - below)
			b.weight[bin] = uint16(math.Floor(float64(float32(w*(1<<filterBits)) + 0.5)))
		}
		b.ends[i] = bin
		below = center
	}
	// glibc's log1pf, with which the reference was built, is off by a unit in the
	// last place here and there; at these two bins that reaches the weight.
	b.weight[149]++
	b.weight[221]++
	return b
}

// apply writes the square root of each channel's energy, scaled down by shift bits.
func (b *filterbank) apply(spectrum *[fftSize/2 + 1]cpx, shift int, dst *[Channels]uint32) {
	var carried uint64
	bin := firstBin
	for i, end := range &b.ends {
		var weighed, whole uint64
		bins := spectrum[bin:end]
		weights := b.weight[bin:end]
		for k, c := range bins {
			energy := uint64(uint32(int32(c.r)*int32(c.r)) + uint32(int32(c.i)*int32(c.i)))
			weighed += uint64(weights[k]) * energy
			whole += energy
		}
		if i > 0 { // the first band only rises into channel 0
			dst[i-1] = sqrt(carried+weighed) >> shift
		}
		carried = whole<<filterBits - weighed
		bin = end
	}
}

// sqrt is the square root rounded to the nearest, except that a root is kept below
// 2^16 for arguments below 2^32 and below 2^32 above, as the reference has it.
func sqrt(x uint64) uint32 {
	root := uint64(math.Sqrt(float64(x)))
	// The float is off by at most one where x has more than 53 bits.
	for root > math.MaxUint32 || root*root > x {
		root--
	}
	for root < math.MaxUint32 && (root+1)*(root+1) <= x {
		root++
	}
	limit := uint64(math.MaxUint32)
	if x <= math.MaxUint32 {
		limit = math.MaxUint16
	}
	if x-root*root > root && root != limit {
		root++
	}
	return uint32(root)
}
