package trial

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"vapd/audio"
	"vapd/wakeword"
	"vapd/wakeword/pack"
	"vapd/wakeword/train/corpus"
)

// strictness gives loudPack another cutoff.
func strictness(t *testing.T, cutoff float64) *pack.Pack {
	t.Helper()
	p := *loudPack(t)
	p.Manifest.Micro.ProbabilityCutoff = cutoff
	return &p
}

// softer is pcm at a level of 0 to 1.
func softer(pcm []int16, level float64) []int16 {
	out := make([]int16, len(pcm))
	for i, v := range pcm {
		out[i] = int16(float64(v) * level)
	}
	return out
}

// between is a noise that a pack hears and a stricter one does not.
func between(t *testing.T, first, second *pack.Pack, pcm []int16) []int16 {
	t.Helper()
	var trials [2]*Trial
	for i, p := range []*pack.Pack{first, second} {
		var err error
		if trials[i], err = New([]wakeword.Word{{Pack: p}}); err != nil {
			t.Fatal(err)
		}
	}
	hears := func(tr *Trial, pcm []int16) bool {
		for _, e := range tr.Run(pcm) {
			if e.Kind == wakeword.Detected {
				return true
			}
		}
		return false
	}
	for level := 1.0; level > 0.001; level *= 0.95 {
		if soft := softer(pcm, level); hears(trials[0], soft) && !hears(trials[1], soft) {
			return soft
		}
	}
	t.Fatal("no level tells them apart")
	return nil
}

func TestCascade(t *testing.T) {
	first, second := strictness(t, 0.2), strictness(t, 0.95)
	loud, quiet := noise(audio.WakeRate, 3, 1), noise(audio.WakeRate, 3)
	soft := between(t, first, second, loud)
	c := Cascade{First: first, Second: second, Set: corpus.Set{
		Positives: recordings(t, map[string][]int16{"w/1.wav": loud, "w/2.wav": loud, "w/3.wav": loud, "w/4.wav": soft, "w/5.wav": quiet}),
		// The last noise is over only a little before the end of all.
		Negatives: recordings(t, map[string][]int16{"a.wav": noise(audio.WakeRate, 30, 10), "b.wav": soft, "c.wav": noise(audio.WakeRate, 27, 26.7)}),
	}}
	var progress float64
	c.Progress = func(done float64) { progress = done }
	got, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(got.First.Hours-1.0/60) > 1e-9 {
		t.Errorf("%v hours", got.First.Hours)
	}
	got.First.Hours = 0
	if want := (Cascaded{First: Counts{Cutoff: 0.2, Said: 5, Missed: 1, Accepts: 3}, Rejected: 1, Removed: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got.Heard() != 4 || got.FalseRejects() != 0.25 || progress != 1 {
		t.Errorf("heard %d, rejected %v, progress %v", got.Heard(), got.FalseRejects(), progress)
	}
	bench := Bench{Packs: []*pack.Pack{first}, Second: second, Set: c.Set, Progress: c.Progress}
	results, err := bench.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s := results[0].Second; s == nil || s.Rejected != 1 || s.Removed != 1 || progress != 1 {
		t.Errorf("a bench has %+v, progress %v", s, progress)
	}
	var out, data strings.Builder
	if err := errors.Join(WriteResults(&out, results, false), WriteJSON(&data, results)); err != nil ||
		!strings.Contains(out.String(), "\nloud  4      1         25.0 % (4.6 to 69.9)        3              1        120.00 (14.53 to 433.48)") ||
		!strings.Contains(data.String(), `"removed": 1`) {
		t.Errorf("%v:\n%s\n%s", err, out.String(), data.String())
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := c.Run(stopped); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

// With the same pack behind it little is rejected that people said.
func TestASecondLookWithTheSamePack(t *testing.T) {
	p := loudPack(t)
	c := Cascade{First: p, Second: p, Set: corpus.Set{Positives: recordings(t, map[string][]int16{
		"w/1.wav": noise(audio.WakeRate, 2, 0), "w/2.wav": noise(audio.WakeRate, 2, 0.5), "w/3.wav": noise(audio.WakeRate, 2, 1.7),
	})}}
	got, err := c.Run(t.Context())
	if err != nil || got.Heard() != 3 || got.Rejected != 0 || (Cascaded{}).FalseRejects() != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}
