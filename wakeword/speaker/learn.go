package speaker

import (
	"errors"
	"math"
	"math/rand/v2"

	"vapd/wakeword/enroll"
)

// Recording is speech of one person to learn from, a sentence or more.
type Recording struct {
	Speaker string
	PCM     []int16 // mono at 16 kHz
}

// Learn makes a model of what many people said. It is the same for the same recordings and
// the same network.
func Learn(network *enroll.Network, recordings []Recording) (*Model, error) {
	m := &Model{network: network}
	m.background(recordings)
	var pieces []piece
	people := make(map[string]bool)
	for _, r := range recordings {
		people[r.Speaker] = true
		for _, pcm := range Pieces(r.PCM) {
			l := m.NewListener()
			l.Write(pcm)
			if s := l.finish(); s.frames >= shortest {
				pieces = append(pieces, piece{r.Speaker, s, nil})
			}
		}
	}
	if len(people) <= Factors {
		return nil, errors.New("speaker: too few people to learn from: must be more than there are factors")
	}
	m.load(pieces)
	for i := range pieces {
		pieces[i].factors, _ = m.factors(pieces[i].statistics)
	}
	m.divide(pieces)
	m.calibrate(pieces)
	return m, nil
}

// piece is a few seconds of one person.
type piece struct {
	speaker string
	*statistics
	factors []float64
}

// Pieces cuts a recording into pieces of 1 to 5 s, in turn. The last is what is left; less
// than a second is left out.
func Pieces(pcm []int16) (pieces [][]int16) {
	const second = 16000
	lengths := [...]int{3 * second, 5 * second, 2 * second, 4 * second, second}
	for i := 0; len(pcm) >= second; i++ {
		n := min(len(pcm), lengths[i%len(lengths)])
		pieces, pcm = append(pieces, pcm[:n]), pcm[n:]
	}
	return pieces
}

// background finds everybody's mean and deviation of each cepstrum in each phone.
func (m *Model) background(recordings []Recording) {
	var count [classes]float64
	var sum, squares [classes * values]float64
	for _, r := range recordings {
		l := m.NewListener()
		var silence [late]int16
		for _, pcm := range [][]int16{r.PCM, silence[:]} {
			l.each(pcm, func() {
				for c, p := range l.phones[1:] {
					count[c] += float64(p)
					for k, v := range l.cepstra {
						sum[c*values+k] += float64(p * v)
						squares[c*values+k] += float64(p * v * v)
					}
				}
			})
		}
	}
	for at := range sum {
		n := count[at/values] + 1
		mean := sum[at] / n
		m.Mean[at] = float32(mean)
		m.Deviation[at] = float32(math.Sqrt(max(1e-3, squares[at]/n-mean*mean)))
	}
}

// load finds the loadings by expectation and maximisation.
func (m *Model) load(pieces []piece) {
	r := rand.New(rand.NewPCG(1, 1))
	for i := range m.Loading {
		m.Loading[i] = float32(0.1 * r.NormFloat64())
	}
	const rounds = 6
	for range rounds {
		var second [classes]square // of the factors' products, by how often a class was heard
		for c := range second {
			second[c] = newSquare(Factors)
			for i := range Factors {
				second[c].row(i)[i] = 1e-3
			}
		}
		cross := make([]float64, classes*values*Factors)
		for _, p := range pieces {
			y, lower := m.factors(p.statistics)
			products := lower.inverse()
			for i := range Factors {
				for j := range Factors {
					products.row(i)[j] += y[i] * y[j]
				}
			}
			for c, n := range p.count {
				if n > 0 {
					addTo(second[c].v, n, products.v)
				}
			}
			for at, s := range p.sum {
				if s != 0 {
					addTo(cross[at*Factors:][:Factors], s, y)
				}
			}
		}
		for c := range second {
			second[c].cholesky()
			for at := c * values; at < (c+1)*values; at++ {
				row := cross[at*Factors:][:Factors]
				second[c].solve(row)
				for i, v := range row {
					m.Loading[at*Factors+i] = float32(v)
				}
			}
		}
	}
}

// addTo adds times b to a.
func addTo(a []float64, times float64, b []float64) {
	for i, v := range b {
		a[i] += times * v
	}
}
