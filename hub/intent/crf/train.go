package crf

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Training says how a Model is learnt.
type Training struct {
	Kinds  int
	Epochs int     // how often each sentence is seen
	Rate   float32 // of AdaGrad, 0.1 to 1
	L2     float32 // how much small weights are preferred
	Seed   uint64
}

// trainer has the weights of all features for all tags; Model keeps those that matter.
type trainer struct {
	Model
	dense  []float32 // by feature and tag
	moved  []float32 // sums of squares of gradients, likewise
	often  []float32 // sentences with a feature, by their weights
	moves  []float32 // of between
	starts []float32 // of start
	factor []float32 // the exponentials of between; 0 where a tag may not follow
	likely [][]int   // the tags of each token that are looked at
	memory [6][]float32
	t      Training
}

// example is a sentence with its features as rows.
type example struct {
	tokens [][]int32
	tags   []int
	weight float32
}

// Train learns a Model from sentences. The same sentences in the same order make the
// same model.
func Train(sentences []Sentence, t Training) *Model {
	tr := &trainer{Model: Model{tags: 1 + 2*t.Kinds, index: make(map[uint64]int32)}, t: t}
	examples := tr.examples(sentences)
	tr.dense = make([]float32, len(tr.often)*tr.tags)
	tr.moved = make([]float32, len(tr.dense))
	tr.between, tr.moves = make([]float32, tr.tags*tr.tags), make([]float32, tr.tags*tr.tags)
	tr.start, tr.starts = make([]float32, tr.tags), make([]float32, tr.tags)
	tr.setFactors()
	order := rand.New(rand.NewPCG(t.Seed, 0))
	for epoch := range t.Epochs {
		rate := t.Rate / (1 + float32(epoch)*0.1)
		for _, i := range order.Perm(len(examples)) {
			tr.learn(&examples[i], rate)
		}
	}
	return tr.compact()
}

func (tr *trainer) examples(sentences []Sentence) []example {
	out := make([]example, 0, len(sentences))
	seen := make(map[int32]bool)
	for _, s := range sentences {
		if len(s.Tokens) == 0 {
			continue
		}
		e := example{tokens: make([][]int32, len(s.Tokens)), tags: tagsOf(len(s.Tokens), s.Segments), weight: s.Weight}
		clear(seen)
		for i, features := range s.Tokens {
			row := make([]int32, len(features))
			for j, f := range features {
				k, ok := tr.index[f]
				if !ok {
					k = int32(len(tr.often))
					tr.index[f] = k
					tr.often = append(tr.often, 0)
				}
				if !seen[k] {
					seen[k] = true
					tr.often[k] += s.Weight
				}
				row[j] = k
			}
			e.tokens[i] = row
		}
		out = append(out, e)
	}
	return out
}

// learn takes one step towards what the example says.
func (tr *trainer) learn(e *example, rate float32) {
	n, tags := len(e.tokens), tr.tags
	scores := tr.scratch(0, n*tags)
	for i, features := range e.tokens {
		row := scores[i*tags : (i+1)*tags]
		for _, k := range features {
			for t, w := range tr.dense[int(k)*tags : (int(k)+1)*tags] {
				row[t] += w
			}
		}
	}
	node, edge := tr.marginals(scores, n)
	wrong := make([]int, 0, tags) // the tags that something is to be learnt of
	for i, features := range e.tokens {
		p := node[i*tags : (i+1)*tags]
		p[e.tags[i]]--
		wrong = wrong[:0]
		for t, g := range p {
			if !small(g) {
				wrong = append(wrong, t)
			}
		}
		for _, k := range features {
			decay := tr.t.L2 / tr.often[k]
			for _, t := range wrong {
				at := int(k)*tags + t
				step(&tr.dense[at], &tr.moved[at], e.weight*p[t]+decay*tr.dense[at], rate)
			}
		}
	}
	for t := range tags {
		step(&tr.start[t], &tr.starts[t], e.weight*node[t], rate)
	}
	for i := 1; i < n; i++ {
		edge[e.tags[i-1]*tags+e.tags[i]]--
	}
	for k, g := range edge {
		if !small(g) {
			step(&tr.between[k], &tr.moves[k], e.weight*g, rate)
			tr.factor[k] = exp(tr.between[k])
		}
	}
}

// setFactors sets factor.
func (tr *trainer) setFactors() {
	tr.factor = make([]float32, tr.tags*tr.tags)
	for b := range tr.tags {
		for t := range tr.tags {
			if follows(b, t) {
				tr.factor[b*tr.tags+t] = exp(tr.between[b*tr.tags+t])
			}
		}
	}
}

// small reports whether a gradient is next to nothing.
func small(g float32) bool { return g < 1e-3 && g > -1e-3 }

func step(w, moved *float32, g, rate float32) {
	*moved += g * g
	*w -= rate * g / (float32(math.Sqrt(float64(*moved))) + 1e-6)
}

// marginals are the probabilities of each token's tags, and the expected counts of each
// pair of tags in the whole sentence: forward and backward sums, scaled at each token so
// that they need no logarithms. Tags that a token all but excludes are left out. They are
// valid until the next call.
func (tr *trainer) marginals(scores []float32, n int) (node, edge []float32) {
	tags := tr.tags
	emit := tr.emissions(scores, n)
	a := tr.ahead(emit, n)
	z, after := tr.scratch(2, n*tags), tr.scratch(3, tags)
	edge = tr.scratch(4, tags*tags)
	for t := range tags {
		z[(n-1)*tags+t] = 1
	}
	for i := n - 2; i >= 0; i-- {
		for _, t := range tr.likely[i+1] {
			after[t] = z[(i+1)*tags+t] * emit[(i+1)*tags+t]
		}
		here := z[i*tags : (i+1)*tags]
		for _, b := range tr.likely[i] {
			for _, t := range tr.likely[i+1] {
				here[b] += tr.factor[b*tags+t] * after[t]
			}
		}
		tr.pairs(edge, a[i*tags:(i+1)*tags], here, after, i)
		scale(here)
	}
	for i := range n {
		here := a[i*tags : (i+1)*tags]
		for t := range here {
			here[t] *= z[i*tags+t]
		}
		scale(here)
	}
	return a, edge
}

// unlikely is the factor, as a logarithm, below which a tag is not looked at.
const unlikely = -12

// emissions are the factors of each token and tag; likely are the tags that are looked
// at. Each has one before it that it may follow: a segment's inside has its begin.
func (tr *trainer) emissions(scores []float32, n int) []float32 {
	tags := tr.tags
	emit := tr.scratch(1, n*tags)
	for len(tr.likely) < n {
		tr.likely = append(tr.likely, nil)
	}
	for i := n - 1; i >= 0; i-- {
		row, factors := scores[i*tags:(i+1)*tags], emit[i*tags:(i+1)*tags]
		top := slices.Max(row)
		tr.likely[i] = tr.likely[i][:0]
		for t, s := range row {
			begins := t%2 == 1 && i+1 < n && slices.Contains(tr.likely[i+1], t+1)
			if s-top > unlikely || begins || t == outside {
				factors[t] = exp(max(s-top, 2*unlikely))
				tr.likely[i] = append(tr.likely[i], t)
			}
		}
	}
	return emit
}

// ahead are the forward sums.
func (tr *trainer) ahead(emit []float32, n int) []float32 {
	tags := tr.tags
	a := tr.scratch(5, n*tags)
	for _, t := range tr.likely[0] {
		if follows(-1, t) {
			a[t] = exp(tr.start[t]) * emit[t]
		}
	}
	scale(a[:tags])
	for i := 1; i < n; i++ {
		before, here := a[(i-1)*tags:i*tags], a[i*tags:(i+1)*tags]
		for _, b := range tr.likely[i-1] {
			if before[b] < 1e-12 {
				continue
			}
			for _, t := range tr.likely[i] {
				here[t] += before[b] * tr.factor[b*tags+t]
			}
		}
		for t := range here {
			here[t] *= emit[i*tags+t]
		}
		scale(here)
	}
	return a
}

// pairs adds the probabilities of the pairs of tags of tokens i and i+1 to edge. here are
// the backward sums of token i, and total is what before and these make.
func (tr *trainer) pairs(edge, before, here, after []float32, i int) {
	tags, total := tr.tags, float32(0)
	for _, b := range tr.likely[i] {
		total += before[b] * here[b]
	}
	if total == 0 {
		return
	}
	for _, b := range tr.likely[i] {
		p := before[b] / total
		if p*here[b] < 1e-5 {
			continue // next to nothing is to be learnt of it
		}
		for _, t := range tr.likely[i+1] {
			edge[b*tags+t] += p * tr.factor[b*tags+t] * after[t]
		}
	}
}

// scratch is memory k of n zeros, used again for each sentence.
func (tr *trainer) scratch(k, n int) []float32 {
	tr.memory[k] = slices.Grow(tr.memory[k][:0], n)[:n]
	clear(tr.memory[k])
	return tr.memory[k]
}

func exp(x float32) float32 { return float32(math.Exp(float64(x))) }

// scale makes the sum of p one.
func scale(p []float32) {
	sum := float32(0)
	for _, v := range p {
		sum += v
	}
	if sum == 0 {
		return
	}
	for i := range p {
		p[i] /= sum
	}
}

// compact is the model without the weights that are next to nothing.
func (tr *trainer) compact() *Model {
	const least = 0.01
	m := tr.Model
	m.index = make(map[uint64]int32, len(tr.index))
	names := make([]uint64, len(tr.often))
	for f, k := range tr.index {
		names[k] = f
	}
	for k, f := range names {
		from := len(m.weight)
		for t, w := range tr.dense[k*tr.tags : (k+1)*tr.tags] {
			if w > least || w < -least {
				m.tag = append(m.tag, uint16(t))
				m.weight = append(m.weight, w)
			}
		}
		if len(m.weight) > from {
			m.index[f] = int32(len(m.rows))
			m.rows = append(m.rows, int32(from))
		}
	}
	m.rows = append(m.rows, int32(len(m.weight)))
	m.exponentials()
	m.tag, m.weight = slices.Clip(m.tag), slices.Clip(m.weight)
	return &m
}
