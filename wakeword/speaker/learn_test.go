package speaker

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// invented are pieces of people whose cepstra differ by eight factors, as a model has it.
func invented(people, each int, r *rand.Rand) (pieces []piece) {
	const truly = 8
	loading := make([]float64, classes*values*truly)
	for i := range loading {
		loading[i] = 0.3 * r.NormFloat64()
	}
	for i := range people {
		var who [truly]float64
		for k := range who {
			who[k] = r.NormFloat64()
		}
		for range each {
			s, now := &statistics{frames: shortest}, who
			for k := range now {
				now[k] += 0.2 * r.NormFloat64()
			}
			for c := range s.count {
				n := float64(r.IntN(5))
				s.count[c] = n
				for at := c * values; at < (c+1)*values; at++ {
					s.sum[at] = math.Sqrt(n) * r.NormFloat64()
					for k, f := range now {
						s.sum[at] += n * loading[at*truly+k] * f
					}
				}
			}
			pieces = append(pieces, piece{fmt.Sprint(i), s, nil})
		}
	}
	return pieces
}

// TestLearn: what tells people apart is found in what they said, and the odds say how well.
func TestLearn(t *testing.T) {
	const people, each = 40, 4
	pieces := invented(people, each, rand.New(rand.NewPCG(5, 5)))
	m := new(Model)
	m.load(pieces)
	for i := range pieces {
		pieces[i].factors, _ = m.factors(pieces[i].statistics)
	}
	m.divide(pieces)
	m.calibrate(pieces)
	var right, all [2]float64
	for _, c := range m.compare(pieces) {
		logit := float64(m.Calibration[0])*c.ratio + float64(m.Calibration[1])
		all[index(c.same)]++
		if c.same == (logit > 0) {
			right[index(c.same)]++
		}
	}
	if all != [2]float64{people * (people - 1) * (each - knownPieces), people * (each - knownPieces)} {
		t.Errorf("%v comparisons", all)
	}
	if right[0] < 0.85*all[0] || right[1] < 0.85*all[1] {
		t.Errorf("%v of %v comparisons are right", right, all)
	}
}

func TestLearnWantsPeople(t *testing.T) {
	if _, err := Learn(standard(t).network, []Recording{{"one", make([]int16, 16000)}}); err == nil {
		t.Error("one person's silence is enough")
	}
}
