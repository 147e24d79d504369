package speaker

import (
	"maps"
	"math"
	"slices"
)

// byPerson are the pieces of each person of whom there are two or more, in the order of
// their names.
func byPerson(pieces []piece) (groups [][]piece) {
	of := make(map[string][]piece)
	for _, p := range pieces {
		of[p.speaker] = append(of[p.speaker], p)
	}
	for _, name := range slices.Sorted(maps.Keys(of)) {
		if len(of[name]) > 1 {
			groups = append(groups, of[name])
		}
	}
	return groups
}

// divide finds how factors vary within and between people.
func (m *Model) divide(pieces []piece) {
	groups := byPerson(pieces)
	means := make([][]float64, len(groups))
	centre := make([]float64, Factors)
	for i, g := range groups {
		means[i] = make([]float64, Factors)
		for _, p := range g {
			addTo(means[i], 1/float64(len(g)), p.factors)
		}
		addTo(centre, 1/float64(len(groups)), means[i])
	}
	within, between := newSquare(Factors), newSquare(Factors)
	freedom := 0.0
	for i, g := range groups {
		for _, p := range g {
			within.addOuter(1, p.factors, means[i])
		}
		freedom += float64(len(g) - 1)
		between.addOuter(1/float64(len(groups)), means[i], centre)
	}
	within.shrink(freedom)
	// Rows of half make what is within people vary by 1.
	variances, half := within.rotate()
	for i, v := range variances {
		for j := range half.row(i) {
			half.row(i)[j] /= math.Sqrt(v)
		}
	}
	spread, turn := half.around(between).rotate()
	for i := range Factors {
		m.Centre[i] = float32(centre[i])
		// A mean of few pieces varies within people too.
		m.Between[i] = float32(max(0.01, spread[i]-float64(len(groups))/(freedom+float64(len(groups)))))
		row := make([]float64, Factors)
		for k, t := range turn.row(i) {
			addTo(row, t, half.row(k))
		}
		for j, v := range row {
			m.Base[i*Factors+j] = float32(v)
		}
	}
}

// addOuter adds the product of x less mean with itself.
func (m square) addOuter(times float64, x, mean []float64) {
	for i := range m.n {
		for j := range m.n {
			m.row(i)[j] += times * (x[i] - mean[i]) * (x[j] - mean[j])
		}
	}
}

// shrink divides m by how many independent products it is of, and draws it to a sphere, as
// what few pieces tell is not to be trusted in every direction.
func (m square) shrink(products float64) {
	const towards = 0.1
	trace := 0.0
	for i := range m.n {
		trace += m.row(i)[i] / products / float64(m.n)
	}
	for i := range m.v {
		m.v[i] *= (1 - towards) / products
	}
	for i := range m.n {
		m.row(i)[i] += towards * trace
	}
}

// around is m x m^T for a symmetric x.
func (m square) around(x square) square {
	half, out := newSquare(m.n), newSquare(m.n)
	for i := range m.n {
		for k, v := range m.row(i) {
			addTo(half.row(i), v, x.row(k))
		}
	}
	for i := range m.n {
		for j := range m.n {
			for k, v := range m.row(j) {
				out.row(i)[j] += half.row(i)[k] * v
			}
		}
	}
	return out
}
