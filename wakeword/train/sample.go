package train

import (
	"math/rand/v2"

	"vapd/wakeword/frontend"
	"vapd/wakeword/train/net"
)

// What an output should be, by how many features after the word's end it is made (see the
// package's documentation). A feature is 10 ms.
const (
	early   = -1 // before this it is not the end yet
	late    = 24 // until here the word has just been said
	settled = 60 // from here on it is over
)

// place is where the network was wrong in a store.
type place struct {
	Other bool `json:"other"` // of other words
	Take  int  `json:"take"`
	End   int  `json:"end"` // the feature after which the network was wrong
}

// sampler makes the batches.
type sampler struct {
	recipe                       *Recipe
	positives, others, negatives *store
	mined                        []place
	batch                        []net.Example
}

func newSampler(r *Recipe, positives, others, negatives *store) *sampler {
	s := &sampler{recipe: r, positives: positives, others: others, negatives: negatives, batch: make([]net.Example, r.Batch)}
	for i := range s.batch {
		s.batch[i] = net.Example{
			Features: make([]int8, r.features()*frontend.Channels),
			Targets:  make([]float32, r.Positions), Weights: make([]float32, r.Positions),
		}
	}
	return s
}

// next makes a batch: a quarter is the word, an eighth other words, and of the rest half
// what was mined, when there is some. The shards of a batch are alike, since each is
// normalised by itself.
func (s *sampler) next(random *rand.Rand) ([]net.Example, error) {
	for i := range s.batch {
		e := &s.batch[i]
		var err error
		switch k := i % shard; {
		case k < shard/4:
			err = s.word(e, s.positives, true, random)
		case k < shard/4+shard/8 && len(s.others.takes) > 0:
			err = s.word(e, s.others, false, random)
		case k%2 == 0 && len(s.mined) > 0:
			err = s.hard(e, random)
		default:
			t, from := s.negatives.place(random.IntN(s.negatives.windows()))
			err = s.fill(e, s.negatives, t, from, false)
		}
		if err != nil {
			return nil, err
		}
	}
	return s.batch, nil
}

// word takes a clip of a word. It ends within the last two thirds of a second.
func (s *sampler) word(e *net.Example, from *store, said bool, random *rand.Rand) error {
	i := random.IntN(len(from.takes))
	return s.until(e, from, i, from.takes[i].End+random.IntN(67), said)
}

// hard takes a place where the network was wrong, up to a third of a second earlier.
func (s *sampler) hard(e *net.Example, random *rand.Rand) error {
	p := s.mined[random.IntN(len(s.mined))]
	from := s.negatives
	if p.Other {
		from = s.others
	}
	return s.until(e, from, p.Take, p.End+random.IntN(34), false)
}

// until takes the features up to end, as far as they are there.
func (s *sampler) until(e *net.Example, from *store, i, end int, said bool) error {
	n := s.recipe.features()
	return s.fill(e, from, i, max(0, min(from.takes[i].N, end+1)-n), said)
}

func (s *sampler) fill(e *net.Example, from *store, i, at int, said bool) error {
	t := &from.takes[i]
	for p := range e.Targets {
		e.Targets[p], e.Weights[p] = 0, 1
		if said {
			last := at + s.recipe.Net.Context() - 1 + p*s.recipe.Net.Stride
			e.Targets[p], e.Weights[p] = s.target(last, t)
		}
	}
	return from.read(e.Features, i, at)
}

// target is what an output should be that has heard the features of a take up to last.
func (s *sampler) target(last int, t *take) (target, weight float32) {
	switch after := last - t.End; {
	case after >= early && after <= late:
		return 1, float32(s.recipe.Weight)
	case last <= (t.Start+t.End)/2, after >= settled:
		return 0, 1
	}
	return 0, 0
}
