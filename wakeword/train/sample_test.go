package train

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"vapd/wakeword/frontend"
	"vapd/wakeword/trial"
)

// takes of features whose every value is the number of the feature.
func writeChunk(t *testing.T, takes ...take) string {
	t.Helper()
	var features []byte
	for _, take := range takes {
		for i := range take.N {
			for range frontend.Channels {
				features = append(features, byte(i%100))
			}
		}
	}
	data, err := encodeChunk(takes, features)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "chunk")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestStore(t *testing.T) {
	chunk := writeChunk(t, take{N: 10, End: -1}, take{N: 12, Start: 3, End: 6})
	s, err := openStore([]string{chunk, chunk}, 10)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if s.windows() != 2*(1+3) || len(s.takes) != 4 || s.takes[3].End != 6 {
		t.Fatalf("%d windows of %+v", s.windows(), s.takes)
	}
	var places [][2]int
	for i := range s.windows() {
		take, from := s.place(i)
		places = append(places, [2]int{take, from})
	}
	if want := [][2]int{{0, 0}, {1, 0}, {1, 1}, {1, 2}, {2, 0}, {3, 0}, {3, 1}, {3, 2}}; !slices.Equal(places, want) {
		t.Errorf("windows are at %v: must be %v", places, want)
	}
	got := make([]int8, 2*frontend.Channels)
	if err := s.read(got, 3, 10); err != nil || got[0] != 10 || got[frontend.Channels] != 11 {
		t.Errorf("features 10 and 11: %v, %v", got, err)
	}
}

// A chunk that is cut off, or that says more than it has, is refused.
func TestStoreRefuses(t *testing.T) {
	path := writeChunk(t, take{N: 10}, take{N: 12})
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if n > 60 && n < len(whole)-60 {
			continue
		}
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := openStore([]string{path}, 5); err == nil {
			s.close()
			t.Errorf("%d bytes of %d are taken", n, len(whole))
		}
	}
	for name, takes := range map[string][]take{"short": {{N: 4}}, "negative": {{N: -1}}, "huge": {{N: 1 << 60}, {N: 1 << 60}}} {
		data, err := encodeChunk(takes, make([]byte, 1000))
		if err == nil {
			err = os.WriteFile(path, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		if s, err := openStore([]string{path}, 5); err == nil {
			s.close()
			t.Errorf("a %s take is taken", name)
		}
	}
}

func TestTarget(t *testing.T) {
	s := &sampler{recipe: &Recipe{Weight: 3}}
	word := &take{Start: 100, End: 160}
	for _, c := range []struct {
		last           int
		target, weight float32
	}{
		{0, 0, 1}, {130, 0, 1},
		{131, 0, 0}, {158, 0, 0}, // half of it
		{159, 1, 3}, {184, 1, 3}, // just said
		{185, 0, 0}, {219, 0, 0},
		{220, 0, 1}, {400, 0, 1}, // over
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
