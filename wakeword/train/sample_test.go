package train

import (
	"math/rand/v2"
	"slices"
	"testing"

	"vapd/wakeword/trial"
)

func TestTarget(t *testing.T) {
	s := &sampler{recipe: &Recipe{Weight: 3}}
	word := &take{Start: 100, End: 160}
	for _, c := range []struct {
		last           int
		target, weight float32
	}{
		{0, 0, 1},
		{130, 0, 1},
		{131, 0, 0},
		{158, 0, 0}, // half of it
		{159, 1, 3},
		{184, 1, 3}, // just said
		{185, 0, 0},
		{219, 0, 0},
		{220, 0, 1},
		{400, 0, 1}, // over
	} {
		if target, weight := s.target(c.last, word); target != c.target || weight != c.weight {
			t.Errorf("at %d: target %v, weight %v: must be %v, %v", c.last, target, weight, c.target, c.weight)
		}
	}
}

// Each batch has the word at an end that is judged, and everything else in its share.
func TestSampler(t *testing.T) {
	recipe := DefaultRecipe()
	n := recipe.features()
	var stores []*store
	for _, chunk := range []string{
		writeChunk(t, take{N: n + 60, Start: 150, End: 200}, take{N: n, Start: 10, End: n - 5}),
		writeChunk(t, take{N: n + 10, Start: 150, End: 200}), writeChunk(t, take{N: 3 * n, Start: -1, End: -1}),
	} {
		s, err := openStore([]string{chunk}, n)
		if err != nil {
			t.Fatal(err)
		}
		defer s.close()
		stores = append(stores, s)
	}
	s := newSampler(&recipe, stores[0], stores[1], stores[2])
	s.mined = []place{{Other: true, Take: 0, End: 220}, {Take: 0, End: 500}}
	for i := range 50 {
		batch, err := s.next(rand.New(rand.NewPCG(uint64(i), 0)))
		if err != nil {
			t.Fatal(err)
		}
		for k := range batch {
			said := slices.Contains(batch[k].Targets, 1)
			if word := k%shard < shard/4; said != word {
				t.Fatalf("example %d of batch %d: said %v, targets %v", k, i, said, batch[k].Targets)
			}
			if !slices.ContainsFunc(batch[k].Weights, func(w float32) bool { return w > 0 }) {
				t.Fatalf("example %d of batch %d counts nothing", k, i)
			}
		}
	}
}

// Rounds of mining come in order, at checkpoints, and before the end.
func TestRounds(t *testing.T) {
	for _, steps := range []int{1, 150, 400, 1000, 10000, 33333} {
		r := Recipe{Steps: steps, Rounds: 5}
		last := 0
		for s := range steps {
			round := r.round(s)
			if round != last && (round != last+1 || s%between != 0) || round > r.Rounds {
				t.Fatalf("of %d steps, at %d: round %d after %d", steps, s, round, last)
			}
			last = round
		}
		if steps >= 1000 && last != r.Rounds {
			t.Errorf("of %d steps: %d rounds", steps, last)
		}
	}
}

// Whatever was measured, nothing is drawn outside of the chart.
func TestCharts(t *testing.T) {
	var none, all trial.Curve
	for _, cutoff := range trial.Cutoffs() {
		none = append(none, trial.Counts{Cutoff: cutoff})
		all = append(all, trial.Counts{Cutoff: cutoff, Said: 10, Missed: 10, Accepts: 300, Hours: 0.1})
	}
	for _, c := range []*chart{
		curveChart(none, nil, none[0]), curveChart(all, all, all[3]),
		lossChart([]Loss{{100, 0}, {200, 1e9}}), lossChart([]Loss{{100, 0.1}, {200, 0.1}}),
	} {
		for _, tick := range slices.Concat(c.X, c.Y) {
			if tick.At < 0 || tick.At > float64(c.Width) {
				t.Errorf("a tick at %v", tick)
			}
		}
		if m := c.Chosen; m != nil && (m.X < float64(c.Left) || m.X2 > float64(c.Right) || m.Y2 < float64(c.Top) || m.Y1 > float64(c.Bottom)) {
			t.Errorf("the chosen point is at %+v", *m)
		}
	}
	if lossChart([]Loss{{100, 0.1}}) != nil {
		t.Error("a line of one point")
	}
}

func TestID(t *testing.T) {
	for word, want := range map[string]string{"Hey Jarvis": "hey_jarvis", "computer!": "computer", "../etc": "etc", "Öl?": "öl"} {
		if got := ID(word); got != want {
			t.Errorf("%q: %q, must be %q", word, got, want)
		}
	}
}

func TestCutoff(t *testing.T) {
	curve := func(accepts func(cutoff float64) int) (c trial.Curve) {
		for _, cutoff := range trial.Cutoffs() {
			c = append(c, trial.Counts{Cutoff: cutoff, Accepts: accepts(cutoff), Hours: 2})
		}
		return c
	}
	for name, c := range map[string]struct {
		accepts func(float64) int
		cutoff  float64
		reached bool
		spoken  float64 // the cutoff where only voices say the word
	}{
		"nothing wakes it": {func(float64) int { return 0 }, 0.5, true, 0.05},
		"less and less":    {func(c float64) int { return int(10 * (1 - c)) }, 0.71, true, 0.71},
		"soon nothing":     {func(c float64) int { return int(4 * (1 - c)) }, 0.5, true, 0.26},
		"always":           {func(float64) int { return 3 }, 0.999, false, 0.999},
	} {
		r := run{fromText: true}
		if got, reached := chooseFrom(r.lowest(), curve(c.accepts), 1); got.Cutoff != c.spoken || reached != c.reached {
			t.Errorf("%s, said by voices: %v, %v: must be %v, %v", name, got.Cutoff, reached, c.spoken, c.reached)
		}
		if got, reached := Choose(curve(c.accepts), 1); got.Cutoff != c.cutoff || reached != c.reached {
			t.Errorf("%s: %v, %v: must be %v, %v", name, got.Cutoff, reached, c.cutoff, c.reached)
		}
	}
}
