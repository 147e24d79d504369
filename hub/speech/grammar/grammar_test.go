package grammar_test

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vapd/hub/speech"
	"vapd/hub/speech/grammar"
)

func TestGrammarIsChecked(t *testing.T) {
	for want, g := range map[string]speech.Grammar{
		"no rule <sentence>":       {"other": {"stop"}},
		"nothing in it":            {"sentence": {""}},
		"<count> is referred to":   {"sentence": {"stop <count>"}},
		"<a> refers":               {"sentence": {"<a>"}, "a": {"x", "<b>"}, "b": {"y <a>"}},
		"<sentence> refers":        {"sentence": {"again <sentence>"}},
		`alternative "/0/ a"`:      {"sentence": {"/0/ a"}},
		`alternative "/NaN/ a"`:    {"sentence": {"/NaN/ a"}},
		`alternative "/2 a"`:       {"sentence": {"/2 a"}},
		`alternative "/2/"`:        {"sentence": {"/2/"}},
		`alternative "a /2/ b"`:    {"sentence": {"a /2/ b"}},
		`alternative "/2/ /3/ a"`:  {"sentence": {"/2/ /3/ a"}},
		`alternative "stop ) ; <"`: {"sentence": {"stop ) ; <"}},
		`alternative "<a"`:         {"sentence": {"<a"}},
	} {
		if _, err := grammar.Parse(g); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %s", g, err, want)
		}
	}
}

// build makes the automaton of g.
func build(t interface {
	Helper()
	Fatal(args ...any)
}, g speech.Grammar,
) *grammar.Automaton {
	t.Helper()
	rules, err := grammar.Parse(g)
	if err != nil {
		t.Fatal(err)
	}
	a, err := rules.Automaton()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestWithout(t *testing.T) {
	rules, err := grammar.Parse(speech.Grammar{
		"sentence": {"ask <who>", "play <song> now", "stop", ""},
		"who":      {"/3/ anna", "zork"},
		"song":     {"<title>"},
		"title":    {"zork"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Fields("anna ask now play stop zork"), rules.Words()); d != "" {
		t.Error(d)
	}
	a, err := rules.Without([]string{"zork"}).Automaton()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"ask anna", "stop"}, sentences(a)); d != "" {
		t.Error(d)
	}
	if _, err := rules.Without([]string{"zork", "stop", "ask"}).Automaton(); err == nil || !strings.Contains(err.Error(), "nothing remains") {
		t.Errorf("nothing known: %v", err)
	}
}

// What begins alike shares its beginning, and what ends alike its end. References with
// the same continuation share one copy of a rule.
func TestSharing(t *testing.T) {
	for _, c := range []struct {
		name           string
		g              speech.Grammar
		states, arcs   int
		word, nonsense string
	}{
		{"beginnings", speech.Grammar{"sentence": {"turn on a", "turn on b", "turn off"}}, 4, 5, "turn on b", "turn off a"},
		{"ends", speech.Grammar{"sentence": {"a b c d", "x b c d", "b c d"}}, 5, 6, "x b c d", "x c d"},
		{
			"a rule that ends two sentences", speech.Grammar{
				"sentence": {"open the <thing>", "please <thing>"},
				"thing":    {"door", "window", "gate"},
			}, 4, 6, "please gate", "open gate",
		},
		{
			"a rule that goes on in two ways", speech.Grammar{
				"sentence": {"<thing> up", "lift <thing>"},
				"thing":    {"door", "window"},
			}, 5, 7, "door up", "lift door up",
		},
	} {
		a := build(t, c.g)
		arcs := 0
		for _, s := range a.States {
			arcs += len(s)
		}
		if len(a.States) != c.states || arcs != c.arcs {
			t.Errorf("%s: %d states and %d arcs, want %d and %d", c.name, len(a.States), arcs, c.states, c.arcs)
		}
		if !a.Accepts(strings.Fields(c.word)) || a.Accepts(strings.Fields(c.nonsense)) {
			t.Errorf("%s: %q is not accepted, or %q is", c.name, c.word, c.nonsense)
		}
	}
}

// Rules that double their references grow beyond all bounds, and are refused.
func TestTooLarge(t *testing.T) {
	g := speech.Grammar{"sentence": {"<r0> x"}, "r30": {"a b", "a c"}}
	for i := range 30 {
		next := fmt.Sprintf("<r%d>", i+1)
		g[fmt.Sprintf("r%d", i)] = []string{next + " y " + next, next + " z"}
	}
	rules, err := grammar.Parse(g)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rules.Automaton(); err == nil || !strings.Contains(err.Error(), "states") {
		t.Errorf("the error is %v", err)
	}
}

func TestWriteFSG(t *testing.T) {
	var b strings.Builder
	err := build(t, speech.Grammar{"sentence": {"for <n>"}, "n": {"/2/ ten", "/4/ two", "two hundred", "one"}}).WriteFSG(&b)
	const want = `FSG_BEGIN grammar
NUM_STATES 4
START_STATE 1
FINAL_STATE 0
TRANSITION 1 2 1 for
TRANSITION 2 0 0.125 one
TRANSITION 2 0 0.25 ten
TRANSITION 2 3 0.594604 two
TRANSITION 3 0 0.840896 
TRANSITION 3 0 0.210224 hundred
FSG_END
`
	if d := cmp.Diff(want, b.String()); d != "" || err != nil {
		t.Error(d, err)
	}
}

// grammars draws a grammar of rules that refer to later ones.
func grammars(t *rapid.T) speech.Grammar {
	names := []string{speech.Start, "a", "b", "c"}
	g := speech.Grammar{}
	for i, name := range names {
		tokens := []string{"x", "y", "z"}
		for _, later := range names[i+1:] {
			tokens = append(tokens, "<"+later+">")
		}
		alternatives := rapid.SliceOfN(rapid.SliceOfN(rapid.SampledFrom(tokens), 1, 3), 1, 4).Draw(t, name)
		for _, a := range alternatives {
			text := strings.Join(a, " ")
			if rapid.Bool().Draw(t, "weighted") {
				text = "/2.5/ " + text
			}
			g[name] = append(g[name], text)
		}
	}
	return g
}

// expand writes out what pattern can be, naively.
func expand(g speech.Grammar, pattern []string) map[string]bool {
	out := map[string]bool{"": true}
	for _, token := range pattern {
		heads := map[string]bool{token: true}
		switch {
		case token[0] == '/':
			continue
		case token[0] == '<':
			heads = map[string]bool{}
			for _, a := range g[strings.Trim(token, "<>")] {
				for s := range expand(g, strings.Fields(a)) {
					heads[s] = true
				}
			}
		}
		next := map[string]bool{}
		for o := range out {
			for h := range heads {
				next[strings.TrimSpace(o+" "+h)] = true
			}
		}
		out = next
	}
	return out
}

// The automaton accepts what the rules expand to, and nothing else.
func TestAutomatonIsTheExpansion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := grammars(t)
		want := expand(g, []string{"<" + speech.Start + ">"})
		if len(want) > 2000 {
			t.Skip("too many sentences to write out")
		}
		a := build(t, g)
		got := sentences(a)
		if len(got) != len(want) {
			t.Fatalf("%d sentences, want %d", len(got), len(want))
		}
		for _, s := range got {
			if !want[s] {
				t.Fatalf("%q is in the automaton", s)
			}
		}
		if all := likelihood(a, a.Start); all < 0.3 || all > 3 {
			t.Fatalf("all sentences together have the likelihood %g", all)
		}
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"x", "y", "z"}), 0, 8).Draw(t, "words")
		complete, open := a.Follow(words)
		if complete != want[strings.Join(words, " ")] {
			t.Fatalf("%q is a sentence: %v", words, complete)
		}
		longer := false
		for s := range want {
			longer = longer || len(words) == 0 && s != "" || len(words) > 0 && strings.HasPrefix(s, strings.Join(words, " ")+" ")
		}
		if open != longer {
			t.Fatalf("%q goes on: %v", words, open)
		}
	})
}

// Contracted has the same sentences, as likely, in fewer states.
func TestContracted(t *testing.T) {
	a := build(t, speech.Grammar{
		"sentence": {"turn on the <thing>", "turn off the <thing> in the middle of the night", "<thing> up"},
		"thing":    {"lamp", "garden gate"},
	}).Contracted()
	want := strings.Fields("garden_gate in_the lamp middle_of_the_night off_the on_the turn up")
	if d := cmp.Diff(want, a.Words()); d != "" {
		t.Error(d)
	}
	rapid.Check(t, func(t *rapid.T) {
		a := build(t, grammars(t))
		all := sentences(a)
		if len(all) > 2000 {
			t.Skip("too many sentences to write out")
		}
		c := a.Contracted()
		var got []string
		for _, s := range sentences(c) {
			got = append(got, strings.Join(grammar.Split(s), " "))
		}
		slices.Sort(got)
		if d := cmp.Diff(all, slices.Compact(got)); d != "" {
			t.Fatal(d)
		}
		before, after := likelihood(a, a.Start), likelihood(c, c.Start)
		if math.Abs(before-after) > 1e-9 || len(c.States) > len(a.States) {
			t.Fatalf("%d states with the likelihood %g became %d with %g", len(a.States), before, len(c.States), after)
		}
	})
}

// likelihood is that of all paths from s to the end: 1, but for what is rounded.
func likelihood(a *grammar.Automaton, s int) float64 {
	if s == a.Final {
		return 1
	}
	sum := 0.0
	for _, arc := range a.States[s] {
		sum += arc.Weight * likelihood(a, arc.To)
	}
	return sum
}

// sentences are all paths through a.
func sentences(a *grammar.Automaton) []string {
	all := map[string]bool{}
	var walk func(at int, said string)
	walk = func(at int, said string) {
		if at == a.Final {
			all[strings.TrimSpace(said)] = true
		}
		for _, arc := range a.States[at] {
			walk(arc.To, strings.TrimSpace(said+" "+arc.Word))
		}
	}
	walk(a.Start, "")
	var out []string
	for s := range all {
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

// Whatever an alternative is, it makes an automaton or an error.
func FuzzParse(f *testing.F) {
	f.Add("/8/ play <song>", "/0.5/ music")
	f.Fuzz(func(t *testing.T, sentence, song string) {
		rules, err := grammar.Parse(speech.Grammar{speech.Start: {sentence}, "song": {song, "a b"}})
		if err != nil {
			return
		}
		a, err := rules.Joined().Automaton()
		if err != nil {
			return
		}
		if err := a.WriteFSG(io.Discard); err != nil {
			t.Error(err)
		}
	})
}
