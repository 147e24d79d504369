//go:build !vapd_nodl

package pocketsphinx

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"vapd/hub/speech"
)

// grammar is a speech.Grammar, split into tokens.
type grammar map[string][][]string

// newGrammar checks g: all rules that are referred to are there, none refers to
// itself, and weights are numbers that stand before a word.
func newGrammar(g speech.Grammar) (grammar, error) {
	out := grammar{}
	for rule, alternatives := range g {
		for _, a := range alternatives {
			out[rule] = append(out[rule], strings.Fields(a))
		}
	}
	if len(out[speech.Start]) == 0 {
		return nil, fmt.Errorf("pocketsphinx: the grammar has no rule <%s>", speech.Start)
	}
	return out, out.check(speech.Start, nil)
}

func (g grammar) check(rule string, within []string) error {
	if slices.Contains(within, rule) {
		return fmt.Errorf("pocketsphinx: rule <%s> of the grammar refers to itself", rule)
	}
	if _, ok := g[rule]; !ok {
		return fmt.Errorf("pocketsphinx: rule <%s> is not in the grammar", rule)
	}
	within = append(within, rule)
	for _, alternative := range g[rule] {
		for i, token := range alternative {
			if isWeight(token) {
				if err := checkWeight(alternative, i); err != nil {
					return err
				}
			}
			if name, ok := reference(token); ok {
				if err := g.check(name, within); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// checkWeight checks the weight that stands at place i.
func checkWeight(alternative []string, i int) error {
	number, closed := strings.CutSuffix(alternative[i][1:], "/")
	w, err := strconv.ParseFloat(number, 64)
	if i > 0 || len(alternative) == 1 || alternative[1][0] == '<' || !closed || err != nil || !(w >= 0.1 && w <= 100) {
		return fmt.Errorf("pocketsphinx: alternative %q of the grammar: want at most one weight, /0.1/ to /100/, and a word behind it", alternative)
	}
	return nil
}

// words are all words of the grammar, sorted.
func (g grammar) words() []string {
	all := map[string]bool{}
	for _, alternatives := range g {
		for _, alternative := range alternatives {
			for _, token := range alternative {
				if _, isRule := reference(token); !isRule && !isWeight(token) {
					all[token] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// without removes the alternatives that need one of the given words, or a rule of
// which nothing is left.
func (g grammar) without(words []string) {
	gone := map[string]bool{}
	for _, w := range words {
		gone[w] = true
	}
	for again := true; again; {
		again = false
		for rule, alternatives := range g {
			g[rule] = slices.DeleteFunc(alternatives, func(a []string) bool {
				return len(a) == 0 || slices.ContainsFunc(a, func(token string) bool { return gone[token] })
			})
			if ref := "<" + rule + ">"; len(g[rule]) == 0 && !gone[ref] {
				gone[ref], again = true, true
			}
		}
	}
	maps.DeleteFunc(g, func(_ string, alternatives [][]string) bool { return len(alternatives) == 0 })
}

// jsgf is the grammar in the JSpeech Grammar Format (W3C note, June 2000).
func (g grammar) jsgf() string {
	var b strings.Builder
	b.WriteString("#JSGF V1.0;\ngrammar vapd;\n")
	for _, rule := range slices.Sorted(maps.Keys(g)) {
		if rule == speech.Start {
			b.WriteString("public ")
		}
		fmt.Fprintf(&b, "<%s> = %s;\n", rule, choice(g[rule]))
	}
	return b.String()
}

// choice writes alternatives as one expression, in which those that end in the same
// way share their ends. The library makes a copy of a rule for each reference to it:
// what ends in <duration> ten times would be searched ten times.
func choice(alternatives [][]string) string {
	if slices.ContainsFunc(alternatives, func(a []string) bool { return len(a) > 0 && isWeight(a[0]) }) {
		return weighted(alternatives)
	}
	var ends []string
	heads := map[string][][]string{} // by the end, what stands before it
	empty := false
	for _, a := range alternatives {
		if len(a) == 0 {
			empty = true
			continue
		}
		last := a[len(a)-1]
		if heads[last] == nil {
			ends = append(ends, last)
		}
		heads[last] = append(heads[last], a[:len(a)-1])
	}
	out := make([]string, len(ends))
	for i, end := range ends {
		out[i] = strings.TrimSpace(choice(heads[end]) + " " + end)
	}
	switch s := strings.Join(out, " | "); {
	case empty && s == "":
		return ""
	case empty:
		return "[" + s + "]"
	case len(out) > 1:
		return "(" + s + ")"
	default:
		return s
	}
}

// languageWeight says how much more a word's probability counts than its sound, of
// which the acoustic model is too sure. It is the library's own for language models
// (its option -lw); to weights in JSGF the library does not apply it.
const languageWeight = 6.5

// weighted writes alternatives of which some begin with a weight. The likeliest gets
// one: the library adds the logarithms up as they are. It knows no exponents.
func weighted(alternatives [][]string) string {
	weights := make([]float64, len(alternatives))
	for i, a := range alternatives {
		weights[i] = 1
		if isWeight(a[0]) {
			weights[i], _ = strconv.ParseFloat(strings.Trim(a[0], "/"), 64)
		}
	}
	most := slices.Max(weights)
	out := make([]string, len(alternatives))
	for i, a := range alternatives {
		if isWeight(a[0]) {
			a = a[1:]
		}
		w := max(1e-9, math.Pow(weights[i]/most, languageWeight))
		out[i] = fmt.Sprintf("/%.9f/ %s", w, strings.Join(a, " "))
	}
	return "(" + strings.Join(out, " | ") + ")"
}

// complete reports whether words are a sentence of the grammar.
func (g grammar) complete(words []string) bool {
	return slices.Contains(g.ends(speech.Start, words), len(words))
}

// ends are the numbers of words, from the first one on, that rule can stand for.
func (g grammar) ends(rule string, words []string) []int {
	var out []int
	for _, alternative := range g[rule] {
		at := []int{0}
		for _, token := range alternative {
			at = g.step(token, words, at)
		}
		out = append(out, at...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// step is where token leads from each of the places at.
func (g grammar) step(token string, words []string, at []int) []int {
	var out []int
	name, isRule := reference(token)
	for _, i := range at {
		switch {
		case isWeight(token):
			out = append(out, i)
		case isRule:
			for _, n := range g.ends(name, words[i:]) {
				out = append(out, i+n)
			}
		case i < len(words) && words[i] == token:
			out = append(out, i+1)
		}
	}
	return out
}

// isWeight reports whether token is the weight of an alternative, such as "/2.5/".
func isWeight(token string) bool { return strings.HasPrefix(token, "/") }

// reference is the name of the rule that token refers to.
func reference(token string) (name string, ok bool) {
	name, ok = strings.CutPrefix(token, "<")
	return strings.TrimSuffix(name, ">"), ok
}
