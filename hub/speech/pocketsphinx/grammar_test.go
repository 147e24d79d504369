//go:build !vapd_nodl

package pocketsphinx

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vapd/hub/speech"
)

func TestGrammarIsChecked(t *testing.T) {
	for want, g := range map[string]speech.Grammar{
		"no rule <sentence>":            {"other": {"stop"}},
		"<count> is not in the grammar": {"sentence": {"stop <count>"}},
		"<a> of the grammar refers":     {"sentence": {"<a>"}, "a": {"x", "<b>"}, "b": {"y <a>"}},
		"<sentence> of the grammar":     {"sentence": {"again <sentence>"}},
		`["/0/" "a"] of the grammar`:    {"sentence": {"/0/ a"}},
		`["/NaN/" "a"] of`:              {"sentence": {"/NaN/ a"}},
		`["/2" "a"] of`:                 {"sentence": {"/2 a"}},
		`["/2/"] of`:                    {"sentence": {"/2/"}},
		`["a" "/2/" "b"] of`:            {"sentence": {"a /2/ b"}},
		`["/2/" "<a>"] of`:              {"sentence": {"/2/ <a>"}, "a": {"b"}}, // the library ignores it
	} {
		if _, err := newGrammar(g); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %s", g, err, want)
		}
	}
	if _, err := newGrammar(speech.Grammar{"sentence": {"<a> <a>", "<b>"}, "a": {"x"}, "b": {"<a>"}}); err != nil {
		t.Errorf("a rule that is used twice: %v", err)
	}
}

func TestWithout(t *testing.T) {
	g, err := newGrammar(speech.Grammar{
		"sentence": {"ask <who>", "play <song> now", "stop", ""},
		"who":      {"anna", "zork"},
		"song":     {"<title>"},
		"title":    {"zork"},
	})
	if err != nil {
		t.Fatal(err)
	}
	g.without([]string{"zork"})
	want := grammar{"sentence": {{"ask", "<who>"}, {"stop"}}, "who": {{"anna"}}}
	if d := cmp.Diff(want, g); d != "" {
		t.Error(d)
	}
	const jsgf = "#JSGF V1.0;\ngrammar vapd;\npublic <sentence> = (ask <who> | stop);\n<who> = anna;\n"
	if d := cmp.Diff(jsgf, g.jsgf()); d != "" {
		t.Error(d)
	}
}

// Alternatives share their ends.
func TestChoice(t *testing.T) {
	for want, alternatives := range map[string][]string{
		"a":                         {"a"},
		"(a | b)":                   {"a", "b"},
		"[a b | c] <d>":             {"a b <d>", "c <d>", "<d>"},
		"([set] a timer | stop)":    {"set a timer", "stop", "a timer"},
		"((x a | x | y) b | [x] c)": {"x a b", "c", "x b", "y b", "x c"},
	} {
		var split [][]string
		for _, a := range alternatives {
			split = append(split, strings.Fields(a))
		}
		if got := choice(split); got != want {
			t.Errorf("%q became %s, want %s", alternatives, got, want)
		}
	}
}

// The likeliest alternative of a rule costs nothing. Weights are no words.
func TestWeights(t *testing.T) {
	g, err := newGrammar(speech.Grammar{"sentence": {"for <n>"}, "n": {"/2/ ten a", "/4/ two", "one"}})
	if err != nil {
		t.Fatal(err)
	}
	const jsgf = "#JSGF V1.0;\ngrammar vapd;\n<n> = (/0.011048543/ ten a | /1.000000000/ two | /0.000122070/ one);\n" +
		"public <sentence> = for <n>;\n"
	if d := cmp.Diff(jsgf, g.jsgf()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"a", "for", "one", "ten", "two"}, g.words()); d != "" {
		t.Error(d)
	}
	if !g.complete([]string{"for", "ten", "a"}) || g.complete([]string{"for", "/2/", "ten", "a"}) {
		t.Error("a weight counts as a word")
	}
}

// What a grammar derives is complete; a beginning of it only if that is derived too.
func TestComplete(t *testing.T) {
	g, err := newGrammar(speech.Grammar{
		"sentence": {"a", "a <b>", "<b> c <b>"},
		"b":        {"b", "b b", "c <d>", "<d>"},
		"d":        {"d", "d e"},
	})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	var derive func(done string, todo []string)
	derive = func(done string, todo []string) {
		if len(todo) == 0 {
			all[strings.TrimSpace(done)] = true
			return
		}
		name, isRule := reference(todo[0])
		if !isRule {
			derive(done+" "+todo[0], todo[1:])
			return
		}
		for _, a := range g[name] {
			derive(done, append(append([]string{}, a...), todo[1:]...))
		}
	}
	derive("", []string{"<sentence>"})
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}), 0, 6).Draw(t, "words")
		if got, want := g.complete(words), all[strings.Join(words, " ")]; got != want {
			t.Fatalf("complete(%q) = %v, want %v", words, got, want)
		}
	})
	for sentence := range all {
		if !g.complete(strings.Fields(sentence)) {
			t.Errorf("%q is not complete", sentence)
		}
	}
}
