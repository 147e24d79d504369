package frontend

import (
	"math"
	"math/bits"
)

// noiseReduction subtracts a slow estimate of each channel's stationary part.
type noiseReduction struct{ estimate [Channels]uint32 }

const (
	smoothingBits = 10  // of the estimate
	noiseBits     = 14  // of the constants below
	evenSmoothing = 409 // 0.025
	oddSmoothing  = 983 // 0.06
	minRemaining  = 819 // 0.05: the part of a signal that always stays
)

func (n *noiseReduction) apply(signal *[Channels]uint32) {
	smoothing := [2]uint64{evenSmoothing, oddSmoothing}
	for i, s := range signal {
		k := smoothing[i&1]
		scaled := s << smoothingBits
		estimate := uint32((uint64(scaled)*k + uint64(n.estimate[i])*(1<<noiseBits-k)) >> noiseBits)
		n.estimate[i] = estimate
		floor := uint32(uint64(s) * minRemaining >> noiseBits)
		signal[i] = max((scaled-min(estimate, scaled))>>smoothingBits, floor)
	}
}

// pcan is per-channel amplitude normalisation: each channel is divided by a power
// of its own noise estimate. The division is a table of parabolas, three
// coefficients for each power of two.
type pcan struct{ table [4*32 - 3]int16 }

const (
	pcanStrength   = 0.95
	pcanOffset     = 80.0
	pcanGainBits   = 21
	pcanSNRBits    = 12
	pcanOutputBits = 6
	pcanShift      = pcanGainBits - correctionBits - pcanSNRBits
	pcanInputBits  = smoothingBits - correctionBits
)

func pcanGain(x uint32) int16 {
	v := float32(x)/(1<<pcanInputBits) + pcanOffset
	gain := (1 << pcanGainBits) * float32(math.Pow(float64(v), float64(float32(-pcanStrength))))
	return int16(min(gain+0.5, math.MaxInt16))
}

func newPCAN() *pcan {
	p := new(pcan)
	p.table[0], p.table[1] = pcanGain(0), pcanGain(1)
	for interval := 2; interval <= 32; interval++ {
		x0 := uint32(1) << (interval - 1)
		x2 := 2 * x0
		if interval == 32 {
			x2 = math.MaxUint32
		}
		y0, y1, y2 := int32(pcanGain(x0)), int32(pcanGain(x0+x0>>1)), int32(pcanGain(x2))
		a1 := 4*(y1-y0) - (y2 - y0)
		a2 := y2 - y0 - a1
		copy(p.table[4*interval-6:], []int16{int16(y0), int16(a1), int16(a2)})
	}
	return p
}

func (p *pcan) gain(x uint32) int16 {
	if x <= 2 {
		return p.table[x]
	}
	interval := bits.Len32(x)
	c := p.table[4*interval-6:]
	frac := int32(x<<max(0, 11-interval)>>max(0, interval-11)) & 0x3FF
	y := int32(c[2])*frac>>5 + int32(uint32(int32(c[1]))<<5)
	return int16((y*frac+1<<14)>>15) + c[0]
}

func (p *pcan) apply(noise, signal *[Channels]uint32) {
	for i, s := range signal {
		snr := uint32(uint64(s) * uint64(p.gain(noise[i])) >> pcanShift)
		if snr < 2<<pcanSNRBits {
			signal[i] = snr * snr >> (2 + 2*pcanSNRBits - pcanOutputBits)
		} else {
			signal[i] = snr>>(pcanSNRBits-pcanOutputBits) - 1<<pcanOutputBits
		}
	}
}
