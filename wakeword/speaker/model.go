package speaker

import (
	"math"

	"vapd/wakeword/enroll"
)

// The shape of a model.
const (
	classes = enroll.Phones - 1 // silence is nobody's
	values  = enroll.Cepstra    // of a frame
	Factors = 32
)

// trust is what a frame counts for: those beside one another say much the same.
const trust = 0.6

// Model knows how voices differ. It is for any number of goroutines.
type Model struct {
	network *enroll.Network
	numbers
}

// numbers are what a model has learnt.
type numbers struct {
	// Mean and deviation of each cepstrum in each phone.
	Mean, Deviation [classes * values]float32
	// Loading is how many deviations each factor moves them.
	Loading [classes * values * Factors]float32
	// Centre is the mean of people's factors. Base turns factors less that so that they
	// vary by 1 within a person, and between people by Between, none with another.
	Centre  [Factors]float32
	Base    [Factors * Factors]float32
	Between [Factors]float32
	// Calibration makes a logit of a comparison's log-likelihood ratio: slope, offset.
	Calibration [2]float32
}

// Voice is what a piece of speech says about who speaks.
type Voice struct {
	Factors [Factors]float32
	Frames  int // of speech, 30 ms each
}

// statistics are what is known of a piece of speech: by phone, how many frames there were,
// and the sum of how many deviations each cepstrum was off its mean.
type statistics struct {
	count  [classes]float64
	sum    [classes * values]float64
	frames int
}

// add counts a frame of which phones has the probabilities, silence first.
func (s *statistics) add(n *numbers, phones []float32, cepstra *[values]float32) {
	if phones[0] > 0.5 {
		return
	}
	s.frames++
	for c, p := range phones[1:] {
		const least = 0.02
		if p < least {
			continue
		}
		s.count[c] += trust * float64(p)
		for k, v := range cepstra {
			at := c*values + k
			s.sum[at] += trust * float64(p) * float64((v-n.Mean[at])/n.Deviation[at])
		}
	}
}

// factors are the most likely ones given the statistics, and lower the Cholesky triangle of
// their precision.
func (n *numbers) factors(s *statistics) (y []float64, lower square) {
	y, lower = make([]float64, Factors), newSquare(Factors)
	for i := range Factors {
		lower.row(i)[i] = 1 // before anything is heard they vary by 1
	}
	for c, count := range s.count {
		if count == 0 {
			continue
		}
		for at := c * values; at < (c+1)*values; at++ {
			load := n.Loading[at*Factors:][:Factors]
			for i, l := range load {
				y[i] += float64(l) * s.sum[at]
				row, w := lower.row(i), count*float64(l)
				for j, other := range load[:i+1] {
					row[j] += w * float64(other)
				}
			}
		}
	}
	lower.cholesky()
	lower.solve(y)
	return y, lower
}

// voice turns factors to Base.
func (n *numbers) voice(y []float64, frames int) (v Voice) {
	for i := range v.Factors {
		sum := 0.0
		for j, b := range n.Base[i*Factors:][:Factors] {
			sum += float64(b) * (y[j] - float64(n.Centre[j]))
		}
		v.Factors[i] = float32(sum)
	}
	v.Frames = frames
	return v
}

// ratio is the logarithm of how much likelier it is that heard is of the person who said
// known than of anybody else.
func (n *numbers) ratio(known []Voice, heard Voice) (sum float64) {
	pieces := float64(len(known))
	for i, between := range n.Between {
		b, total := float64(between), 0.0
		for _, k := range known {
			total += float64(k.Factors[i])
		}
		x := float64(heard.Factors[i])
		rest := b / (1 + pieces*b) // what is left of between, after known
		off := x - rest*total
		sum += 0.5 * (math.Log((1+b)/(1+rest)) + x*x/(1+b) - off*off/(1+rest))
	}
	return sum
}
