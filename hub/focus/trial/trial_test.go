package trial

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"vapd/audio"
	"vapd/internal/figure"
	"vapd/internal/sharedtest"
	"vapd/wakeword"
	"vapd/wakeword/pack"
)

// models are those of the words that there are many recordings of.
var models = map[string]string{"alexa": "alexa", "computer": "computer_tater"}

// recordings are every second one of all, from the first or the second on: the weights of
// hub/focus were chosen with the odd ones.
func recordings(tb testing.TB, from int) (words []Word, noises [][]float64) {
	tb.Helper()
	halve := func(elem ...string) (half []string) {
		files, err := filepath.Glob(sharedtest.Path(tb, append([]string{"audio", "wake"}, elem...)...))
		if err != nil {
			tb.Fatal(err)
		}
		for i := from; i < len(files); i += 2 {
			half = append(half, files[i])
		}
		return half
	}
	for _, name := range []string{"alexa", "computer"} {
		for _, file := range halve("positive", name, "*.flac") {
			if word, ok := Cut(sharedtest.ReadFLAC(tb, file)); ok {
				words = append(words, Word{name, Normal(word)})
			}
		}
	}
	for _, file := range halve("noise", "*", "*.flac") {
		if noise := sharedtest.ReadFLAC(tb, file); len(noise) > 5*int(audio.WakeRate) {
			noises = append(noises, Normal(noise))
		}
	}
	if len(words) < 100 || len(noises) < 3 {
		tb.Fatalf("%d words and %d noises: the recordings are not complete", len(words), len(noises))
	}
	return words, noises
}

// detectors hear as satellites do.
func detectors(tb testing.TB) func(string, []int16) (Heard, bool) {
	packs := map[string]*pack.Pack{}
	for word, model := range models {
		p, err := pack.Open(sharedtest.Path(tb, "models", model+".json"))
		if err != nil {
			tb.Fatal(err)
		}
		packs[word] = p
	}
	return func(word string, capture []int16) (Heard, bool) {
		d, err := wakeword.New([]wakeword.Word{{Pack: packs[word]}})
		if err != nil {
			return Heard{}, false
		}
		for _, e := range d.Process(audio.Pos{Epoch: 1}, capture, nil) {
			if e.Kind == wakeword.Detected {
				return Heard{e.Score, int(e.Start.Frame), int(e.End.Frame), int(e.At.Frame)}, true
			}
		}
		return Heard{}, false
	}
}

func config(tb testing.TB, from, homes, each int) Config {
	words, noises := recordings(tb, from)
	return Config{
		Seed: uint64(1 + from), Homes: homes, Each: each, Rooms: Rooms(),
		Words: words, Noises: noises, Hear: detectors(tb),
	}
}

// A few of the trials: always one winner, no worse than the rules beside, and the same
// from the same seed. How good it is, only many trials tell.
func TestTheNearestAnswers(t *testing.T) {
	cfg := config(t, 0, 10, 6)
	outcomes, err := Run(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r := Judge(outcomes)
	if r.Trials != 60 || r.OneWinner != r.Trials {
		t.Errorf("exactly one winner in %d of %d trials, want 60", r.OneWinner, r.Trials)
	}
	if r.Nearest.Value < 75 || r.Nearest.Value < r.First.Value || r.Nearest.Value < r.Loudest.Value {
		t.Errorf("%+v", r)
	}
	cfg.Homes, cfg.Each = 1, 2
	again, err := Run(cfg)
	if err != nil || !slices.Equal(again, outcomes[:2]) {
		t.Errorf("the same seed gave something else: %v, %v", again, err)
	}
}

func TestJudge(t *testing.T) {
	var outcomes []Outcome
	for i := range 100 { // wrong are: ours 10, the first 40, the loudest 20; alike in each home
		outcomes = append(outcomes, Outcome{Home: i / 10, Winners: 1, Ours: i%10 != 0, First: i%10 > 3, Loudest: i%10 > 1})
	}
	got := Judge(outcomes)
	always := func(v float64) Interval { return Interval{v, v, v} }
	want := Result{100, 100, always(90), always(60), always(80), always(0.25), always(0.5)}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	outcomes[3].Ours, outcomes[5].Winners = false, 2
	if r := Judge(outcomes); r.OneWinner != 99 || r.Nearest.Low >= r.Nearest.High {
		t.Errorf("with one that differs: %+v", r)
	}
}

func TestCut(t *testing.T) {
	burst := make([]int16, 32000)
	for i := range 8000 {
		burst[16000+i] = int16(8000 - 16000*(i%2))
	}
	word, ok := Cut(burst)
	if !ok || len(word) < 8000 || len(word) > 8000+4*320 {
		t.Errorf("a word of 8000 samples is %d long, %v", len(word), ok)
	}
	for i := range burst {
		burst[i] += int16(200 - 400*(i%2)) // its own noise is 32 dB softer
	}
	for name, pcm := range map[string][]int16{"empty": nil, "a constant": make([]int16, 5000), "noisy": burst} {
		if _, ok := Cut(pcm); ok {
			t.Errorf("%s: there is a word", name)
		}
	}
}

// BenchmarkArbitration is the figures of who answers: 2,000 utterances in 100 homes, with
// recordings that nothing was tuned with. Whoever tunes again takes another seed.
func BenchmarkArbitration(b *testing.B) {
	cfg := config(b, 0, 100, 20)
	cfg.Seed = 20261125
	for b.Loop() {
		outcomes, err := Run(cfg)
		if err != nil {
			b.Fatal(err)
		}
		r := Judge(outcomes)
		fmt.Println()
		r.Write(os.Stdout)
		for _, part := range []struct {
			name string
			in   func(Outcome) bool
		}{
			{"the second nearest is farther by a tenth and more", func(o Outcome) bool { return o.Lead >= 1.1 }},
			{"by a fifth and more", func(o Outcome) bool { return o.Lead >= 1.2 }},
			{"the first wake that a home's hub decides", func(o Outcome) bool { return o.Before == 0 }},
			{"after ten wakes", func(o Outcome) bool { return o.Before >= 10 }},
			{"two satellites heard it", func(o Outcome) bool { return o.Bids == 2 }},
			{"the room with the least echo", func(o Outcome) bool { return o.Home%len(cfg.Rooms) == 0 }},
			{"the room with the most echo", func(o Outcome) bool { return o.Home%len(cfg.Rooms) == len(cfg.Rooms)-1 }},
		} {
			some := slices.DeleteFunc(slices.Clone(outcomes), func(o Outcome) bool { return !part.in(o) })
			fmt.Printf("%s:\n", part.name)
			Judge(some).Write(os.Stdout)
		}
		for _, err := range []error{
			figure.Print(os.Stdout, "arbitration_nearest_percent", r.Nearest.Value, "%"),
			figure.Print(os.Stdout, "arbitration_vs_first", r.VsFirst.Value, "ratio"),
			figure.Print(os.Stdout, "arbitration_vs_loudest", r.VsLoudest.Value, "ratio"),
		} {
			if err != nil {
				b.Error(err)
			}
		}
	}
}
