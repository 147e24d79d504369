// Package classify tells classes of sentences apart, and those that are of none: for each
// class a logistic regression against all else, trained by AdaGrad. It knows features
// by their hashes, and nothing of language.
package classify

import (
	"math"
	"math/rand/v2"
)

// Features are the hashes of what is true of a sentence, each once.
type Features []uint64

// Class is what is known of one class. It does not change.
type Class struct {
	bias    float32
	weights map[uint64]float32
}

// Training says how a Class is learnt.
type Training struct {
	Epochs int
	Rate   float32
	L2     float32
	Seed   uint64
}

// Train learns a class from sentences that are of it, and others. Both sides count the
// same, however many there are.
func Train(of, others []Features, t Training) *Class {
	if len(of) == 0 {
		return &Class{bias: -10}
	}
	tr := trainer{index: make(map[uint64]int32), t: t}
	for _, f := range of {
		tr.add(f, 1)
	}
	for _, f := range others {
		tr.add(f, -1)
	}
	tr.weights, tr.moved = make([]float32, len(tr.often)+1), make([]float32, len(tr.often)+1)
	balance := float32(1)
	if len(others) > 0 {
		balance = max(1, min(float32(len(others))/float32(len(of)), 30))
	}
	order := rand.New(rand.NewPCG(t.Seed, 1))
	for epoch := range t.Epochs {
		rate := t.Rate / (1 + 0.2*float32(epoch))
		for _, i := range order.Perm(len(tr.examples)) {
			weight := float32(1)
			if tr.examples[i].sign > 0 {
				weight = balance
			}
			tr.learn(&tr.examples[i], weight, rate)
		}
	}
	c := &Class{bias: tr.weights[0], weights: make(map[uint64]float32)}
	for f, k := range tr.index {
		if w := tr.weights[k+1]; w > 0.01 || w < -0.01 {
			c.weights[f] = w
		}
	}
	return c
}

type trainer struct {
	t              Training
	index          map[uint64]int32
	often          []float32
	examples       []example
	weights, moved []float32 // of the bias, then by index
}

type example struct {
	features []int32
	scale    float32
	sign     float32
}

func (tr *trainer) add(f Features, sign float32) {
	e := example{scale: scale(len(f)), sign: sign}
	for _, h := range f {
		k, ok := tr.index[h]
		if !ok {
			k = int32(len(tr.often))
			tr.index[h] = k
			tr.often = append(tr.often, 0)
		}
		tr.often[k]++
		e.features = append(e.features, k)
	}
	tr.examples = append(tr.examples, e)
}

// scale makes sentences of any length count the same. Features that no class knows are not
// in their number: names are many, and say nothing.
func scale(features int) float32 {
	return 1 / float32(math.Sqrt(float64(max(features, 1))))
}

func (tr *trainer) learn(e *example, weight, rate float32) {
	z := tr.weights[0]
	for _, k := range e.features {
		z += tr.weights[k+1] * e.scale
	}
	// The slope of log(1+exp(-sign*z)).
	g := -weight * e.sign / (1 + float32(math.Exp(float64(e.sign*z))))
	if g < 1e-4 && g > -1e-4 {
		return
	}
	tr.step(0, g, rate)
	for _, k := range e.features {
		tr.step(int(k)+1, g*e.scale+tr.t.L2*tr.weights[k+1]/tr.often[k], rate)
	}
}

func (tr *trainer) step(k int, g, rate float32) {
	tr.moved[k] += g * g
	tr.weights[k] -= rate * g / (float32(math.Sqrt(float64(tr.moved[k]))) + 1e-6)
}

// Classifier tells classes apart. It does not change, and is safe for any number of
// goroutines.
type Classifier struct {
	bias []float32
	rows map[uint64][]weight
}

type weight struct {
	class int32
	value float32
}

// New puts classes together.
func New(classes []*Class) *Classifier {
	c := &Classifier{rows: make(map[uint64][]weight)}
	for i, k := range classes {
		c.bias = append(c.bias, k.bias)
		for f, w := range k.weights {
			c.rows[f] = append(c.rows[f], weight{int32(i), w})
		}
	}
	return c
}

// Scores are for each class the logarithm of the odds that a sentence is of it.
func (c *Classifier) Scores(f Features) []float32 {
	out := make([]float32, len(c.bias))
	known := 0
	for _, h := range f {
		if len(c.rows[h]) > 0 {
			known++
		}
		for _, w := range c.rows[h] {
			out[w.class] += w.value
		}
	}
	s := scale(known)
	for i := range out {
		out[i] = out[i]*s + c.bias[i]
	}
	return out
}

// Known is the share of features that any class knows.
func (c *Classifier) Known(f Features) float64 {
	known := 0
	for _, h := range f {
		if len(c.rows[h]) > 0 {
			known++
		}
	}
	return float64(known) / float64(max(len(f), 1))
}
