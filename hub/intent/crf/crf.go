// Package crf is a linear-chain conditional random field that finds segments of several
// kinds in sequences: Lafferty, McCallum, Pereira 2001, trained by AdaGrad (Duchi,
// Hazan, Singer 2011). It knows features by their hashes, and nothing of language.
package crf

import (
	"math"
	"slices"
)

// Features are the hashes of what is true of one token.
type Features []uint64

// Segment is a run of tokens of one kind.
type Segment struct {
	Kind       int // from 0
	Start, End int // tokens
}

// Sentence is one that is known.
type Sentence struct {
	Tokens   []Features
	Segments []Segment // in order, without overlap
	Weight   float32   // how much it counts; 1 is once
}

// Tags of a token: outside, or first or other token of a segment of a kind.
const outside = 0

func begin(kind int) int  { return 1 + 2*kind }
func inside(kind int) int { return 2 + 2*kind }

// kindOf is the kind of a tag other than outside, and whether it is the first.
func kindOf(tag int) (kind int, first bool) { return (tag - 1) / 2, tag%2 == 1 }

// follows reports whether tag may stand behind before (-1 at the start).
func follows(before, tag int) bool {
	if tag == outside || tag%2 == 1 {
		return true
	}
	return before == tag || before == tag-1
}

func tagsOf(n int, segments []Segment) []int {
	tags := make([]int, n)
	for _, s := range segments {
		for i := s.Start; i < min(s.End, n); i++ {
			tags[i] = inside(s.Kind)
		}
		if s.Start < s.End && s.Start < n {
			tags[s.Start] = begin(s.Kind)
		}
	}
	return tags
}

func segmentsOf(tags []int) []Segment {
	var out []Segment
	for i, tag := range tags {
		if tag == outside {
			continue
		}
		if kind, first := kindOf(tag); first {
			out = append(out, Segment{kind, i, i + 1})
		} else if n := len(out); n > 0 {
			out[n-1].End = i + 1
		}
	}
	return out
}

// Model finds segments. It does not change, and is safe for any number of goroutines.
type Model struct {
	tags    int
	index   map[uint64]int32 // of a feature in rows
	rows    []int32          // where the weights of a feature begin; one more for the end
	tag     []uint16         // of each weight
	weight  []float32
	between []float32 // by the tag before and the tag: tags*tags
	move    []float64 // the exponentials of between
	start   []float32 // of the first tag
}

// Kinds is the number of kinds of segments.
func (m *Model) Kinds() int { return (m.tags - 1) / 2 }

// scores are the sums of weights for each token and tag.
func (m *Model) scores(tokens []Features) []float32 {
	out := make([]float32, len(tokens)*m.tags)
	for i, features := range tokens {
		row := out[i*m.tags : (i+1)*m.tags]
		for _, f := range features {
			k, ok := m.index[f]
			if !ok {
				continue
			}
			for j := m.rows[k]; j < m.rows[k+1]; j++ {
				row[m.tag[j]] += m.weight[j]
			}
		}
	}
	return out
}

// Find is the likeliest segmentation, and its probability for each token: the mean
// that, taken to the power of the number of tokens, is the probability of the whole.
func (m *Model) Find(tokens []Features) (segments []Segment, certainty float64) {
	n := len(tokens)
	if n == 0 {
		return nil, 1
	}
	scores := m.scores(tokens)
	tags, best := m.viterbi(scores, n)
	certainty = math.Exp((float64(best) - m.partition(scores, n)) / float64(n))
	return segmentsOf(tags), min(certainty, 1)
}

// viterbi is the best path and its score.
func (m *Model) viterbi(scores []float32, n int) ([]int, float32) {
	best := make([]float32, n*m.tags)
	from := make([]int16, n*m.tags)
	for t := range m.tags {
		best[t] = float32(math.Inf(-1))
		if follows(-1, t) {
			best[t] = m.start[t] + scores[t]
		}
	}
	for i := 1; i < n; i++ {
		before, here := best[(i-1)*m.tags:i*m.tags], best[i*m.tags:(i+1)*m.tags]
		for t := range here {
			low, high := mayStand(t, m.tags)
			at := low
			top := before[low] + m.between[low*m.tags+t]
			for b := low + 1; b < high; b++ {
				if s := before[b] + m.between[b*m.tags+t]; s > top {
					top, at = s, b
				}
			}
			here[t] = top + scores[i*m.tags+t]
			from[i*m.tags+t] = int16(at)
		}
	}
	last := best[(n-1)*m.tags:]
	t := 0
	for u := range last {
		if last[u] > last[t] {
			t = u
		}
	}
	score := last[t]
	tags := make([]int, n)
	for i := n - 1; i >= 0; i-- {
		tags[i] = t
		t = int(from[i*m.tags+t])
	}
	return tags, score
}

// exponentials sets move.
func (m *Model) exponentials() {
	m.move = make([]float64, len(m.between))
	for i, b := range m.between {
		m.move[i] = math.Exp(float64(b))
	}
}

// mayStand is the range of tags that may stand before a tag.
func mayStand(tag, tags int) (low, high int) {
	if tag != outside && tag%2 == 0 {
		return tag - 1, tag + 1
	}
	return 0, tags
}

// partition is the logarithm of the sum over all paths: forward sums, scaled at each
// token.
func (m *Model) partition(scores []float32, n int) float64 {
	before, here := make([]float64, m.tags), make([]float64, m.tags)
	total := 0.0
	for i := range n {
		row := scores[i*m.tags : (i+1)*m.tags]
		top := float64(slices.Max(row))
		sum := 0.0
		for t, s := range row {
			reach := 0.0
			if low, high := mayStand(t, m.tags); i > 0 {
				for b := low; b < high; b++ {
					reach += before[b] * m.move[b*m.tags+t]
				}
			} else if follows(-1, t) {
				reach = math.Exp(float64(m.start[t]))
			}
			here[t] = reach * math.Exp(float64(s)-top)
			sum += here[t]
		}
		for t := range here {
			here[t] /= sum
		}
		total += top + math.Log(sum)
		before, here = here, before
	}
	return total
}
