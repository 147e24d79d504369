package train

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"

	"vapd/wakeword/frontend"
	"vapd/wakeword/train/net"
)

const (
	apart   = 100   // features between two places that are mined
	perTake = 3     // places of a take, at most
	notable = 0.005 // what a score is that is worth to be shown again
)

// scored is a place and what the network said there.
type scored struct {
	place
	score float32
}

// mine finds where the network says the word most that should not: among other words
// first, up to half, then in all other sound.
func (r *run) mine(ctx context.Context, n *net.Net, others, negatives *store) ([]place, error) {
	worst := func(s *store, other bool, most int) ([]place, error) {
		found, err := r.scan(ctx, n, s, other)
		if err != nil {
			return nil, err
		}
		slices.SortStableFunc(found, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
		var places []place
		for _, f := range found[:min(most, len(found))] {
			places = append(places, f.place)
		}
		return places, nil
	}
	words, err := worst(others, true, r.cfg.Recipe.Mined/2)
	if err != nil {
		return nil, err
	}
	sound, err := worst(negatives, false, r.cfg.Recipe.Mined-len(words))
	return append(words, sound...), err
}

// scan scores all of a store, take by take as streams.
func (r *run) scan(ctx context.Context, n *net.Net, s *store, other bool) ([]scored, error) {
	found := make([][]scored, len(s.takes))
	errs := make([]error, r.cfg.Workers)
	stages := n.Fold()
	var workers sync.WaitGroup
	for w := range r.cfg.Workers {
		workers.Go(func() {
			stream := net.NewStream(stages)
			for i := w; i < len(s.takes) && errs[w] == nil; i += r.cfg.Workers {
				if errs[w] = context.Cause(ctx); errs[w] == nil {
					found[i], errs[w] = scanTake(stream, s, i, other, r.cfg.Recipe.Window)
				}
			}
		})
	}
	workers.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return slices.Concat(found...), nil
}

// scanTake finds the highest peaks of one take.
func scanTake(stream *net.Stream, s *store, i int, other bool, window int) (found []scored, err error) {
	features := make([]int8, s.takes[i].N*frontend.Channels/stream.Step()*stream.Step())
	if err := s.read(features, i, 0); err != nil {
		return nil, err
	}
	stream.Reset()
	scores := means(stream.Process(features), window)
	stride := stream.Step() / frontend.Channels
	for len(found) < perTake {
		best := 0
		for k, v := range scores {
			if v > scores[best] {
				best = k
			}
		}
		if len(scores) == 0 || scores[best] < notable {
			break
		}
		found = append(found, scored{place{other, i, (best+1)*stride - 1}, scores[best]})
		for k := max(0, best-apart/stride); k < min(len(scores), best+apart/stride+1); k++ {
			scores[k] = 0
		}
	}
	return found, nil
}

// means are the averages of the last outputs, as the runtime has them.
func means(logits []float32, window int) []float32 {
	p := make([]float32, len(logits))
	for i, x := range logits {
		p[i] = float32(1 / (1 + math.Exp(-float64(x))))
	}
	out := make([]float32, len(p))
	for i := range p {
		var sum float32
		for _, v := range p[max(0, i-window+1) : i+1] {
			sum += v
		}
		out[i] = sum / float32(window)
	}
	return out
}
