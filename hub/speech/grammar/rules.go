package grammar

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"vapd/hub/speech"
)

// Rules is a speech.Grammar that was checked.
type Rules map[string][]alternative

// alternative is one way to say a rule.
type alternative struct {
	weight float64 // 0.1 to 100
	tokens []string
}

// Parse checks g: all rules that are referred to are there, none refers to itself, and
// a weight stands before an alternative. Empty alternatives are dropped.
func Parse(g speech.Grammar) (Rules, error) {
	out := Rules{}
	for rule, alternatives := range g {
		out[rule] = nil
		for _, text := range alternatives {
			a, err := parse(text)
			if err != nil {
				return nil, err
			}
			if len(a.tokens) > 0 {
				out[rule] = append(out[rule], a)
			}
		}
	}
	if len(out[speech.Start]) == 0 {
		return nil, fmt.Errorf("grammar: there is no rule <%s>, or nothing in it", speech.Start)
	}
	return out, out.check(speech.Start, nil, map[string]bool{})
}

func parse(text string) (alternative, error) {
	a := alternative{1, strings.Fields(text)}
	bad := fmt.Errorf("grammar: alternative %q: want words, references <rule>, and at most one weight, /0.1/ to /100/, before them", text)
	if len(a.tokens) > 0 && a.tokens[0][0] == '/' {
		number, closed := strings.CutSuffix(a.tokens[0][1:], "/")
		w, err := strconv.ParseFloat(number, 64)
		if len(a.tokens) == 1 || !closed || err != nil || !(w >= 0.1 && w <= 100) {
			return a, bad
		}
		a.weight, a.tokens = w, a.tokens[1:]
	}
	for _, token := range a.tokens {
		if _, isRule := reference(token); !isRule && strings.ContainsAny(token, "/<>#;|()[]{}*+_") {
			return a, bad
		}
	}
	return a, nil
}

// check follows the references of rule, which stands within others.
func (r Rules) check(rule string, within []string, done map[string]bool) error {
	if slices.Contains(within, rule) {
		return fmt.Errorf("grammar: rule <%s> refers to itself", rule)
	}
	if _, ok := r[rule]; !ok {
		return fmt.Errorf("grammar: rule <%s> is referred to and not there", rule)
	}
	if done[rule] {
		return nil
	}
	within = append(within, rule)
	for _, a := range r[rule] {
		for _, token := range a.tokens {
			if name, ok := reference(token); ok {
				if err := r.check(name, within, done); err != nil {
					return err
				}
			}
		}
	}
	done[rule] = true
	return nil
}

// Words are all words, sorted.
func (r Rules) Words() []string {
	all := map[string]bool{}
	for _, alternatives := range r {
		for _, a := range alternatives {
			for _, token := range a.tokens {
				if _, isRule := reference(token); !isRule {
					all[token] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Without is what remains without the alternatives that need one of words, or a rule of
// which nothing remains.
func (r Rules) Without(words []string) Rules {
	gone := map[string]bool{}
	for _, w := range words {
		gone[w] = true
	}
	out := maps.Clone(r)
	for again := true; again; {
		again = false
		for rule, alternatives := range out {
			left := slices.DeleteFunc(slices.Clone(alternatives), func(a alternative) bool {
				return slices.ContainsFunc(a.tokens, func(token string) bool { return gone[token] })
			})
			if out[rule] = left; len(left) == 0 {
				delete(out, rule)
				gone["<"+rule+">"], again = true, true
			}
		}
	}
	return out
}

// reference is the name of the rule that token refers to.
func reference(token string) (name string, ok bool) {
	name, ok = strings.CutPrefix(token, "<")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(name, ">")
}

// Joined is r with the alternatives of rules that are lists of words made one word each,
// "garden gate" to "garden_gate". A copy of such a list has one state, where it had one for
// every word that a name begins with.
func (r Rules) Joined() Rules {
	out := Rules{}
	for rule, alternatives := range r {
		for _, a := range alternatives {
			if rule != speech.Start && len(a.tokens) <= mostJoined && !strings.Contains(strings.Join(a.tokens, ""), "<") {
				a.tokens = []string{strings.Join(a.tokens, joint)}
			}
			out[rule] = append(out[rule], a)
		}
	}
	return out
}

const (
	joint      = "_"
	mostJoined = 4 // words
)

// Split is the words of text, some of which may be joined.
func Split(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '_' })
}
