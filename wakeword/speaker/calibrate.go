package speaker

import "math"

// compared is the log-likelihood ratio of a piece and somebody who is known.
type compared struct {
	ratio float64
	same  bool
}

// knownPieces is how many of a person's pieces are taken to be known in calibration.
const knownPieces = 2

// calibrate finds what makes logits of ratios, on people whom the comparison was not learnt
// from: on each half of them what the other half teaches.
func (m *Model) calibrate(pieces []piece) {
	var halves [2][]piece
	for i, g := range byPerson(pieces) {
		halves[i%2] = append(halves[i%2], g...)
	}
	var all []compared
	for i := range halves {
		other := &Model{network: m.network, numbers: m.numbers}
		other.divide(halves[1-i])
		all = append(all, other.compare(halves[i])...)
	}
	slope, offset := logistic(all)
	m.Calibration = [2]float32{float32(slope), float32(offset)}
}

// compare compares the pieces that are not known with everybody who is.
func (m *Model) compare(pieces []piece) (all []compared) {
	groups := byPerson(pieces)
	voices := make([][]Voice, len(groups))
	for i, g := range groups {
		for _, p := range g {
			voices[i] = append(voices[i], m.voice(p.factors, p.frames))
		}
	}
	for i := range voices {
		for _, v := range voices[i][min(len(voices[i]), knownPieces):] {
			for k := range voices {
				if len(voices[k]) > knownPieces {
					all = append(all, compared{m.ratio(voices[k][:knownPieces], v), i == k})
				}
			}
		}
	}
	return all
}

// logistic is the line of ratios that makes the likeliest logits, by Newton's method. Same
// and different people count as much as one another.
func logistic(all []compared) (slope, offset float64) {
	var n [2]float64
	for _, c := range all {
		n[index(c.same)]++
	}
	// Few comparisons may be told apart without a mistake: then a slope is as good as any
	// steeper one, and this one wins.
	const mild = 1e-3
	loss := func(slope, offset float64) float64 {
		sum := mild * slope * slope / 2
		for _, c := range all {
			z := slope*c.ratio + offset
			if c.same {
				z = -z
			}
			sum += (max(z, 0) + math.Log1p(math.Exp(-math.Abs(z)))) / n[index(c.same)]
		}
		return sum
	}
	slope = 0.1
	const rounds = 30
	for range rounds {
		g0, g1 := -mild*slope, 0.0
		h00, h01, h11 := mild, 0.0, 1e-9
		for _, c := range all {
			p := 1 / (1 + math.Exp(-slope*c.ratio-offset))
			w := 1 / n[index(c.same)]
			d, h := w*(float64(index(c.same))-p), w*p*(1-p)
			g0, g1 = g0+d*c.ratio, g1+d
			h00, h01, h11 = h00+h*c.ratio*c.ratio, h01+h*c.ratio, h11+h
		}
		det := h00*h11 - h01*h01
		by, along := (h11*g0-h01*g1)/det, (h00*g1-h01*g0)/det
		for old := loss(slope, offset); loss(slope+by, offset+along) > old && math.Abs(by)+math.Abs(along) > 1e-9; {
			by, along = by/2, along/2
		}
		slope, offset = slope+by, offset+along
	}
	return slope, offset
}

func index(same bool) int {
	if same {
		return 1
	}
	return 0
}
