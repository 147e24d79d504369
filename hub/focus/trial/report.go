package trial

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
)

// Interval is a figure with the bounds that it lies within with a probability of 95 %.
type Interval struct{ Value, Low, High float64 }

func (i Interval) String() string { return fmt.Sprintf("%.3g (%.3g to %.3g)", i.Value, i.Low, i.High) }

// Result is what outcomes come to.
type Result struct {
	Trials    int
	OneWinner int // trials with exactly one
	Nearest   Interval
	First     Interval // as the rules beside: percent of trials in which the nearest won
	Loudest   Interval
	VsFirst   Interval // ratio of our errors to those of who comes first
	VsLoudest Interval
}

// tally counts errors of trials.
type tally struct{ trials, ours, first, loudest float64 }

func (t *tally) add(o Outcome) {
	t.trials++
	for _, c := range []struct {
		right bool
		count *float64
	}{{o.Ours, &t.ours}, {o.First, &t.first}, {o.Loudest, &t.loudest}} {
		if !c.right {
			*c.count++
		}
	}
}

// figures are those of Result, in its order.
func (t tally) figures() [5]float64 {
	right := func(wrong float64) float64 { return 100 * (1 - wrong/max(1, t.trials)) }
	return [5]float64{right(t.ours), right(t.first), right(t.loudest), t.ours / max(1, t.first), t.ours / max(1, t.loudest)}
}

// resamples is how often the bootstrap draws.
const resamples = 2000

// Judge sums outcomes up. Trials in one home are not independent of each other, so the
// bootstrap draws whole homes.
func Judge(outcomes []Outcome) Result {
	var r Result
	var all tally
	homes := map[int]*tally{}
	for _, o := range outcomes {
		if homes[o.Home] == nil {
			homes[o.Home] = new(tally)
		}
		homes[o.Home].add(o)
		all.add(o)
		if o.Winners == 1 {
			r.OneWinner++
		}
	}
	r.Trials = len(outcomes)
	var tallies []tally
	for _, home := range slices.Sorted(maps.Keys(homes)) {
		tallies = append(tallies, *homes[home])
	}
	var drawn [5][]float64
	random := rand.New(rand.NewPCG(1, 1))
	for range resamples {
		var t tally
		for range tallies {
			one := tallies[random.IntN(len(tallies))]
			t.trials += one.trials
			t.ours += one.ours
			t.first += one.first
			t.loudest += one.loudest
		}
		for i, v := range t.figures() {
			drawn[i] = append(drawn[i], v)
		}
	}
	for i, to := range []*Interval{&r.Nearest, &r.First, &r.Loudest, &r.VsFirst, &r.VsLoudest} {
		slices.Sort(drawn[i])
		*to = Interval{all.figures()[i], drawn[i][resamples/40], drawn[i][resamples-resamples/40-1]}
	}
	return r
}

// Write writes the result as lines of text.
func (r Result) Write(w io.Writer) {
	fmt.Fprintf(w, "%d trials, exactly one winner in %d\n", r.Trials, r.OneWinner)
	fmt.Fprintf(w, "  nearest wins, percent:       %v\n", r.Nearest)
	fmt.Fprintf(w, "  if the first to arrive won:  %v\n", r.First)
	fmt.Fprintf(w, "  if the loudest won:          %v\n", r.Loudest)
	fmt.Fprintf(w, "  errors against the first:    %v\n", r.VsFirst)
	fmt.Fprintf(w, "  errors against the loudest:  %v\n", r.VsLoudest)
}
