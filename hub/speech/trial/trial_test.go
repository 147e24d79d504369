package trial

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vapd/hub/speech"
	"vapd/hub/speech/grammar"
)

const small = `
context:
  expressions:
    order:
      - "[brew, can I get] [a, an] $size:size $drink:drink with $milk:milk"
      - "[brew, can I get] [a, an] $drink:drink"
  slots:
    size:
      - "small"
    drink:
      - "iced Mocha"
      - "mocha"
    milk:
      - "milk"
`

func TestDomain(t *testing.T) {
	d, err := ReadDomain(strings.NewReader(small))
	if err != nil {
		t.Fatal(err)
	}
	want := speech.Grammar{
		"choice0": {"brew", "can i get"}, "choice1": {"a", "an"},
		"size": {"small"}, "drink": {"iced mocha", "mocha"}, "milk": {"milk"},
		"sentence": {"<choice0> <choice1> <size> <drink> with <milk>", "<choice0> <choice1> <drink>"},
	}
	if d := cmp.Diff(want, d.Grammar); d != "" {
		t.Error(d)
	}
	for text, want := range map[string]map[string]string{
		"can i get a small iced mocha with milk": {"size": "small", "drink": "iced mocha", "milk": "milk"},
		"brew an mocha":                          {"drink": "mocha"},
		"brew an mocha with milk":                nil,
		"":                                       nil,
	} {
		got, ok := d.Slots(text)
		if ok != (want != nil) || ok && cmp.Diff(want, got) != "" {
			t.Errorf("%q: %v, %v, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "nothing: of it", "a:\n  - \"b\""} {
		if _, err := ReadDomain(strings.NewReader(text)); err == nil {
			t.Errorf("%q is a domain", text)
		}
	}
}

func TestMix(t *testing.T) {
	clip, noise := make([]int16, 8192), make([]int16, 5000)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range clip {
		clip[i] = int16(1000 * math.Sin(float64(i)/10))
	}
	for i := range noise {
		noise[i] = int16(100 * r.NormFloat64())
	}
	got := Mix(clip, noise, 20, 7)
	rest := make([]int16, len(got))
	for i := range got {
		rest[i] = got[i] - clip[i]
	}
	if db := 10 * math.Log10(loudest(clip)/loudest(rest)); math.Abs(db-20) > 0.1 {
		t.Errorf("the ratio is %.2f dB", db)
	}
	if cmp.Diff(got, Mix(clip, noise, 20, 7)) != "" || cmp.Diff(got, Mix(clip, noise, 20, 8)) == "" {
		t.Error("the seed does not decide")
	}
}

func TestCutoff(t *testing.T) {
	scores := []float64{5, 1, 4, 2, 3}
	for share, want := range map[float64]float64{0: 1, 0.2: 2, 0.5: 3} {
		if got := Cutoff(scores, share); got != want {
			t.Errorf("%v of the scores are below %v, want %v", share, got, want)
		}
	}
}

// A thousand templates are an automaton that an engine can search.
func TestThousand(t *testing.T) {
	rules, err := grammar.Parse(Thousand())
	if err != nil {
		t.Fatal(err)
	}
	a, err := rules.Joined().Automaton()
	if err != nil || len(a.States) > 5000 {
		t.Errorf("%d states, %v", len(a.States), err)
	}
}

func BenchmarkAutomaton(b *testing.B) {
	rules, err := grammar.Parse(Thousand())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := rules.Automaton(); err != nil {
			b.Fatal(err)
		}
	}
}
