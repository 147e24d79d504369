package enroll

import (
	"fmt"
	"math"
	"slices"
)

// Word is a word that somebody said a few times. It is for any number of goroutines.
type Word struct {
	templates []Template
	usual     []usual // costs of each template for the cohort
}

// How many examples make a word. Three to five are right.
const (
	fewest = 1
	most   = 8
)

// NewWord makes a word of its examples (see Network.Listen).
func (n *Network) NewWord(examples []Template) (*Word, error) {
	if len(examples) < fewest || len(examples) > most {
		return nil, fmt.Errorf("enroll: %d examples of a word: must be %d to %d", len(examples), fewest, most)
	}
	w := &Word{templates: examples}
	for i, t := range examples {
		if len(t) < shortest || len(t) > longest {
			return nil, fmt.Errorf("enroll: example %d has %d frames of speech: must be %d to %d", i+1, len(t), shortest, longest)
		}
		var u usual
		for of := range u {
			u[of] = against(t, of, n.cohort)
		}
		w.usual = append(w.usual, u)
	}
	return w, nil
}

// Join makes a word of the examples of others, which are of the same network.
func Join(words ...*Word) *Word {
	all := new(Word)
	for _, w := range words {
		all.templates = append(all.templates, w.templates...)
		all.usual = append(all.usual, w.usual...)
	}
	return all
}

// without is the word without one of its examples.
func (w *Word) without(i int) *Word {
	return &Word{slices.Concat(w.templates[:i], w.templates[i+1:]), slices.Concat(w.usual[:i], w.usual[i+1:])}
}

// Unlike is which example is least like the others, from 0 on, and the score that it has
// as what is heard. Where that is below Threshold, another word may have been said, or
// over a noise: the remedy is to say it again. A word of one example has none to compare.
func (w *Word) Unlike() (example int, score float32) {
	score = math.MaxFloat32
	for i := 0; i < len(w.templates) && len(w.templates) > 1; i++ {
		if s := w.without(i).Score(w.templates[i]); s < score {
			example, score = i, s
		}
	}
	return example, score
}

// Score is the highest score that frames have as a Spotter hears them.
func (w *Word) Score(frames []Frame) float32 {
	m := newMatcher(w)
	best := float32(-math.MaxFloat32)
	for i := range frames {
		best = max(best, m.hear(&frames[i]))
	}
	return best
}

// usual is the mean and the standard deviation of a template's costs for other speech, by
// part of the frames.
type usual [parts]struct{ mean, dev float32 }

// against is one part of that. Pieces of speech are heard one after another, so that none
// is too short for the template, and each counts with its lowest cost.
func against(t Template, of int, cohort []Template) (u struct{ mean, dev float32 }) {
	var sum, squares, n float64
	w := newWarp(t, of)
	for _, piece := range cohort {
		lowest := float32(none)
		for i := range piece {
			lowest = min(lowest, w.hear(&piece[i]))
		}
		if lowest <= 2 {
			sum += float64(lowest)
			squares += float64(lowest) * float64(lowest)
			n++
		}
	}
	n = max(1, n)
	sum /= n
	u.mean, u.dev = float32(sum), float32(math.Sqrt(max(1e-6, squares/n-sum*sum)))
	return u
}
