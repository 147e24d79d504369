package crf

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func hashed(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}

// tokens are words with the word before them.
func tokens(text string) []Features {
	var out []Features
	before := ""
	for _, w := range strings.Fields(text) {
		out = append(out, Features{hashed(w), hashed("before " + before), hashed("first " + w[:1])})
		before = w
	}
	return out
}

func known(text string, segments ...Segment) Sentence {
	return Sentence{Tokens: tokens(text), Segments: segments, Weight: 1}
}

func sentences() []Sentence {
	return []Sentence{
		known("play Yellow by Coldplay", Segment{0, 1, 2}, Segment{1, 3, 4}),
		known("play Blue Monday by New Order", Segment{0, 1, 3}, Segment{1, 4, 6}),
		known("play something by Queen", Segment{1, 3, 4}),
		known("stop"),
		known("play Help", Segment{0, 1, 2}),
	}
}

func TestTrain(t *testing.T) {
	m := Train(sentences(), Training{Kinds: 2, Epochs: 30, Rate: 0.3, L2: 0.01, Seed: 1})
	for _, s := range append(sentences(),
		known("play Waterloo by Abba", Segment{0, 1, 2}, Segment{1, 3, 4}),
		known("play Hey Jude by The Beatles", Segment{0, 1, 3}, Segment{1, 4, 6})) {
		got, certainty := m.Find(s.Tokens)
		if !reflect.DeepEqual(got, s.Segments) || certainty <= 0.3 || certainty > 1 {
			t.Errorf("%+v with %.2f, want %+v", got, certainty, s.Segments)
		}
	}
	if m.Kinds() != 2 {
		t.Errorf("%d kinds", m.Kinds())
	}
	if got, certainty := m.Find(nil); got != nil || certainty != 1 {
		t.Errorf("%+v %v of nothing", got, certainty)
	}
}

func TestSameAgain(t *testing.T) {
	a := Train(sentences(), Training{Kinds: 2, Epochs: 5, Rate: 0.3, L2: 0.1, Seed: 3})
	b := Train(sentences(), Training{Kinds: 2, Epochs: 5, Rate: 0.3, L2: 0.1, Seed: 3})
	if !reflect.DeepEqual(a, b) {
		t.Error("two models of the same sentences differ")
	}
}

// What counts more is learnt more.
func TestWeight(t *testing.T) {
	for _, weight := range []float32{0.01, 4} {
		one, other := known("call Anna", Segment{0, 1, 2}), known("call Anna", Segment{1, 1, 2})
		one.Weight = weight
		m := Train([]Sentence{one, other}, Training{Kinds: 2, Epochs: 20, Rate: 0.3, L2: 0.01})
		got, _ := m.Find(one.Tokens)
		if want := map[bool]int{true: 0, false: 1}[weight > 1]; len(got) != 1 || got[0].Kind != want {
			t.Errorf("with weight %v: %+v", weight, got)
		}
	}
}

// random is a model with any weights.
func random(kinds int, seed uint64, features []uint64) *Model {
	r := rand.New(rand.NewPCG(seed, 0))
	m := &Model{tags: 1 + 2*kinds, index: make(map[uint64]int32)}
	for _, f := range features {
		m.index[f] = int32(len(m.rows))
		m.rows = append(m.rows, int32(len(m.weight)))
		for t := range m.tags {
			m.tag, m.weight = append(m.tag, uint16(t)), append(m.weight, float32(r.NormFloat64()))
		}
	}
	m.rows = append(m.rows, int32(len(m.weight)))
	for range m.tags * m.tags {
		m.between = append(m.between, float32(r.NormFloat64()))
	}
	for range m.tags {
		m.start = append(m.start, float32(r.NormFloat64()))
	}
	m.exponentials()
	return m
}

// The best path, its probability and the marginals are those that trying all paths finds.
func TestAgainstAllPaths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kinds, n := rapid.IntRange(1, 2).Draw(t, "kinds"), rapid.IntRange(1, 4).Draw(t, "tokens")
		m := random(kinds, rapid.Uint64().Draw(t, "seed"), []uint64{1, 2, 3})
		sentence := make([]Features, n)
		for i := range sentence {
			sentence[i] = rapid.SliceOfN(rapid.SampledFrom([]uint64{1, 2, 3, 4}), 1, 3).Draw(t, "features")
		}
		scores := m.scores(sentence)
		best, total := math.Inf(-1), 0.0
		var bestPath []int
		node := make([]float64, n*m.tags)
		path := make([]int, n)
		var try func(i int, score float64)
		try = func(i int, score float64) {
			if i == n {
				total += math.Exp(score)
				for k, tag := range path {
					node[k*m.tags+tag] += math.Exp(score)
				}
				if score > best {
					best, bestPath = score, append([]int(nil), path...)
				}
				return
			}
			for tag := range m.tags {
				before, move := -1, float64(m.start[tag])
				if i > 0 {
					before = path[i-1]
					move = float64(m.between[before*m.tags+tag])
				}
				if follows(before, tag) {
					path[i] = tag
					try(i+1, score+move+float64(scores[i*m.tags+tag]))
				}
			}
		}
		try(0, 0)
		got, certainty := m.Find(sentence)
		found := 0.0 // two paths may be as good
		for i, tag := range tagsOf(n, got) {
			found += float64(scores[i*m.tags+tag])
			if i == 0 {
				found += float64(m.start[tag])
			} else {
				found += float64(m.between[tagsOf(n, got)[i-1]*m.tags+tag])
			}
		}
		if math.Abs(found-best) > 1e-3 {
			t.Fatalf("%+v, want %+v", got, segmentsOf(bestPath))
		}
		if want := math.Pow(math.Exp(best)/total, 1/float64(n)); math.Abs(certainty-want) > 1e-3 {
			t.Fatalf("certainty %v, want %v", certainty, want)
		}
		tr := &trainer{Model: *m}
		tr.setFactors()
		marginals, edges := tr.marginals(scores, n)
		for i, p := range marginals {
			if math.Abs(float64(p)-node[i]/total) > 1e-2 { // unlikely tags are left out
				t.Fatalf("marginal %d is %v, want %v", i, p, node[i]/total)
			}
		}
		sum := float32(0)
		for _, e := range edges {
			sum += e
		}
		if math.Abs(float64(sum)-float64(n-1)) > 1e-2 {
			t.Fatalf("%v pairs of %d tokens", sum, n)
		}
	})
}

// However sure weights are of what can't be, the probabilities of a token's tags are one.
func TestNoDeadEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := random(2, rapid.Uint64().Draw(t, "seed"), []uint64{1, 2, 3, 4, 5})
		for i := range m.weight {
			m.weight[i] *= 20
		}
		sentence := make([]Features, rapid.IntRange(1, 6).Draw(t, "tokens"))
		for i := range sentence {
			sentence[i] = rapid.SliceOfN(rapid.Uint64Range(1, 5), 1, 2).Draw(t, "features")
		}
		tr := &trainer{Model: *m}
		tr.setFactors()
		node, _ := tr.marginals(m.scores(sentence), len(sentence))
		for i := range sentence {
			sum := float32(0)
			for _, p := range node[i*m.tags : (i+1)*m.tags] {
				sum += p
			}
			if !(sum > 0.999 && sum < 1.001) {
				t.Fatalf("token %d: %v in all", i, sum)
			}
		}
	})
}

func TestTags(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(t, "tokens")
		var segments []Segment
		for at := 0; at < n; {
			start := at + rapid.IntRange(0, 3).Draw(t, "gap")
			end := start + rapid.IntRange(1, 3).Draw(t, "length")
			if end > n {
				break
			}
			segments = append(segments, Segment{rapid.IntRange(0, 5).Draw(t, "kind"), start, end})
			at = end
		}
		if got := segmentsOf(tagsOf(n, segments)); !reflect.DeepEqual(got, segments) {
			t.Fatalf("%+v, want %+v", got, segments)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	m := Train(sentences(), Training{Kinds: 2, Epochs: 5, Rate: 0.3, L2: 0.1})
	s := tokens("play Hey Jude by The Beatles in the kitchen")
	b.ReportAllocs()
	for b.Loop() {
		m.Find(s)
	}
}
