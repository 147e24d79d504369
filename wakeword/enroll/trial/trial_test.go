package trial

import (
	"context"
	"fmt"
	"os"
	"testing"

	"vapd/internal/figure"
	"vapd/internal/sharedtest"
	"vapd/wakeword/enroll"
	"vapd/wakeword/train/corpus"
)

func TestEqualError(t *testing.T) {
	for name, c := range map[string]struct {
		draws []Scores
		want  float64
	}{
		"apart":       {[]Scores{{Word: []float32{3, 4}, Others: []float32{1, 2}}}, 0},
		"alike":       {[]Scores{{Word: []float32{1, 2, 3, 4}, Others: []float32{1, 2, 3, 4}}}, 0.5},
		"one of four": {[]Scores{{Word: []float32{1, 3, 4, 5}, Others: []float32{0, 0.5, 2, 3.5}}}, 0.25},
		"half the others, no speech": {
			[]Scores{{Word: []float32{1, 1.5, 2, 2.5}, Others: []float32{0, 0, 3, 3}, Speech: []float32{0, 0}}}, 0.25,
		},
	} {
		e := EqualError(c.draws, 1)
		if e.Equal != c.want || e.Low > e.Equal || e.High < e.Equal {
			t.Errorf("%s: %+v, want %v", name, e, c.want)
		}
	}
}

func TestMissed(t *testing.T) {
	d := []Scores{{Word: []float32{1, 2, 3, 4}, Speech: make([]float32, 1800)}} // an hour
	d[0].Speech[7], d[0].Speech[9] = 2.5, 1.5
	for perHour, want := range map[float64]float64{0: 0.5, 1: 0.25, 2: 0} {
		if got, threshold := Missed(d, perHour); got != want {
			t.Errorf("at %v an hour %v are missed, threshold %v: want %v", perHour, got, threshold, want)
		}
	}
	if got, _ := Missed(nil, 1); got != 1 {
		t.Errorf("of nothing %v are missed", got)
	}
}

// TestIntervalIsOfDraws: draws that differ make the interval wide, as those of one word may.
func TestIntervalIsOfDraws(t *testing.T) {
	good := Scores{Word: []float32{2, 2}, Others: []float32{1, 1}}
	bad := Scores{Word: []float32{1, 1}, Others: []float32{2, 2}}
	same := EqualError([]Scores{good, good, good, good}, 1)
	mixed := EqualError([]Scores{good, good, good, bad}, 1)
	if same.Low != same.High || mixed.High-mixed.Low < 0.2 {
		t.Errorf("the intervals are %+v and %+v", same, mixed)
	}
}

// standard is the network that comes with the program, which has not heard what is tried.
func standard(tb testing.TB) *enroll.Network {
	tb.Helper()
	n, err := enroll.Default()
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func recordings(tb testing.TB) corpus.Set {
	tb.Helper()
	all, err := corpus.Load(sharedtest.Path(tb, "audio", "wake"))
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

// few are some clips of each word.
func few(clips []corpus.Clip, n int) (some []corpus.Clip) {
	have := make(map[string]int)
	for _, c := range clips {
		if k := c.Word + c.Speaker; have[k] < n {
			have[k]++
			some = append(some, c)
		}
	}
	return some
}

// TestRun: few words of real people, the same scores again, and far better than chance.
func TestRun(t *testing.T) {
	words, _ := Across(recordings(t))
	p := Plan{Network: standard(t), Clips: few(words, 5), Draws: 2, Tries: 2, Seed: 1}
	first, err := Run(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Run(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	if len(first) != 2*len(Unheard()) || fmt.Sprint(first) != fmt.Sprint(again) {
		t.Errorf("%d draws, then %v and %v", len(first), first, again)
	}
	if e := EqualError(first, 1); e.Equal > 0.35 {
		t.Errorf("the equal error is %v", e.Equal)
	}
	stopped, stop := context.WithCancel(context.Background())
	stop()
	if _, err := Run(stopped, p); err == nil {
		t.Error("a stopped trial has a result")
	}
}

// BenchmarkEnroll measures what docs/wake-words.md says, on all recordings.
func BenchmarkEnroll(b *testing.B) {
	all, n := recordings(b), standard(b)
	words, speech := Across(all)
	for name, p := range map[string]Plan{
		"enroll_eer_percent":     {Network: n, Clips: words, Speech: speech, Draws: 200, Tries: 10, Seed: 1},
		"enroll_own_eer_percent": {Network: n, Clips: Digits(all), Own: true, Draws: 100, Tries: 10, Seed: 1},
	} {
		scores, err := Run(b.Context(), p)
		if err != nil {
			b.Fatal(err)
		}
		e := EqualError(scores, 1)
		if err := figure.Print(os.Stdout, name, 100*e.Equal, "percent"); err != nil {
			b.Fatal(err)
		}
		fmt.Printf("%s: 95 %% within %.2f and %.2f, threshold %.2f, %d draws\n", name, 100*e.Low, 100*e.High, e.Threshold, len(scores))
		if !p.Own {
			missed, threshold := Missed(scores, 2)
			fmt.Printf("%s: at 2 accepts in an hour of speech %.1f %% are missed, threshold %.2f\n", name, 100*missed, threshold)
		}
	}
}
