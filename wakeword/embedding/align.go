package embedding

import "math"

// align finds where the words are in a clip of which the logarithms of the probability of
// every phone are known at each step: the most likely path through the phones in order,
// each of one step or more, with silence where it is likely before, between and after
// words (Viterbi). It returns the phone of each step; nil where there are fewer steps than
// phones.
func align(logs [][Phones]float32, words [][]Phone) []Phone {
	// Even states are the silences, which can be left out.
	type state struct {
		phone Phone
		skip  bool // it may be passed over
	}
	states := []state{{Silence, true}}
	for _, w := range words {
		for _, p := range w {
			states = append(states, state{p, false})
		}
		states = append(states, state{Silence, true})
	}
	never := float32(math.Inf(-1))
	n := len(states)
	best := make([]float32, n)
	for i := range best {
		best[i] = never
	}
	best[0] = 0 // before the first step
	from := make([]uint8, len(logs)*n)
	for t := range logs {
		for s := n - 1; s >= 0; s-- {
			b, back := best[s], uint8(0)
			if s > 0 && best[s-1] > b {
				b, back = best[s-1], 1
			}
			if s > 1 && states[s-1].skip && best[s-2] > b {
				b, back = best[s-2], 2
			}
			best[s] = b + logs[t][states[s].phone]
			from[t*n+s] = back
		}
	}
	s := n - 1
	if n > 1 && best[n-2] > best[n-1] {
		s = n - 2
	}
	if math.IsInf(float64(best[s]), -1) {
		return nil
	}
	out := make([]Phone, len(logs))
	for t := len(logs) - 1; t >= 0; t-- {
		out[t] = states[s].phone
		s -= int(from[t*n+s])
	}
	return out
}
