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
	scores := make([]float32, n*tags)
	for i, features := range e.tokens {
		row := scores[i*tags : (i+1)*tags]
		for _, k := range features {
			for t, w := range tr.dense[int(k)*tags : (int(k)+1)*tags] {
				row[t] += w
			}
		}
	}
	node, edge := tr.marginals(scores, n)
	for i, features := range e.tokens {
		p := node[i*tags : (i+1)*tags]
		p[e.tags[i]]--
		for _, k := range features {
			decay := tr.t.L2 / tr.often[k]
			at := int(k) * tags
			for t, g := range p {
				if g < 1e-3 && g > -1e-3 {
					continue
				}
				step(&tr.dense[at+t], &tr.moved[at+t], e.weight*g+decay*tr.dense[at+t], rate)
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
		if g > 1e-3 || g < -1e-3 {
			step(&tr.between[k], &tr.moves[k], e.weight*g, rate)
		}
	}
}

func step(w, moved *float32, g, rate float32) {
	*moved += g * g
	*w -= rate * g / (float32(math.Sqrt(float64(*moved))) + 1e-6)
}

// marginals are the probabilities of each token's tags, and the expected counts of each
// pair of tags in the whole sentence. They are computed with scaled sums, not logarithms.
func (tr *trainer) marginals(scores []float32, n int) (node, edge []float32) {
	tags := tr.tags
	emit := make([]float32, n*tags)
	for i := range n {
		row := scores[i*tags : (i+1)*tags]
		top := slices.Max(row)
		for t, s := range row {
			emit[i*tags+t] = exp(s - top)
		}
	}
	move := make([]float32, tags*tags)
	for b := range tags {
		for t := range tags {
			if follows(b, t) {
				move[b*tags+t] = exp(tr.between[b*tags+t])
			}
		}
	}
	a, z := make([]float32, n*tags), make([]float32, n*tags)
	for t := range tags {
		if follows(-1, t) {
			a[t] = exp(tr.start[t]) * emit[t]
		}
	}
	scale(a[:tags])
	for i := 1; i < n; i++ {
		here := a[i*tags : (i+1)*tags]
		for b, p := range a[(i-1)*tags : i*tags] {
			if p < 1e-12 {
				continue
			}
			for t, m := range move[b*tags : (b+1)*tags] {
				here[t] += p * m
			}
		}
		for t := range here {
			here[t] *= emit[i*tags+t]
		}
		scale(here)
	}
	edge = make([]float32, tags*tags)
	last := z[(n-1)*tags:]
	for t := range last {
		last[t] = 1
	}
	after := make([]float32, tags)
	for i := n - 2; i >= 0; i-- {
		for t := range after {
			after[t] = z[(i+1)*tags+t] * emit[(i+1)*tags+t]
		}
		here := z[i*tags : (i+1)*tags]
		for b := range here {
			for t, m := range move[b*tags : (b+1)*tags] {
				here[b] += m * after[t]
			}
		}
		tr.pairs(edge, a[i*tags:(i+1)*tags], move, after)
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

// pairs adds the probabilities of the pairs of tags at one place to edge.
func (tr *trainer) pairs(edge, before, move, after []float32) {
	tags := tr.tags
	total := float32(0)
	for b, p := range before {
		for t, m := range move[b*tags : (b+1)*tags] {
			total += p * m * after[t]
		}
	}
	if total == 0 {
		return
	}
	for b, p := range before {
		p /= total
		if p < 1e-9 {
			continue
		}
		for t, m := range move[b*tags : (b+1)*tags] {
			edge[b*tags+t] += p * m * after[t]
		}
	}
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
	m.tag, m.weight = slices.Clip(m.tag), slices.Clip(m.weight)
	return &m
}
