package intent

import "strings"

// expand writes out a pattern's choices and optional parts: "[a] (b|c)" becomes
// "a b", "a c", "b", "c". Patterns are constants of the program: a wrong one panics.
func expand(pattern string) []string {
	spaced := strings.NewReplacer("(", " ( ", ")", " ) ", "[", " [ ", "]", " ] ", "|", " | ")
	x := expander{strings.Fields(spaced.Replace(pattern))}
	out := x.choice()
	if len(x.rest) > 0 {
		panic("intent: pattern " + pattern + ": unexpected " + x.rest[0])
	}
	return out
}

// expander is a recursive descent over the tokens of a pattern.
type expander struct{ rest []string }

// choice is sequence | sequence | ...
func (x *expander) choice() []string {
	out := x.sequence()
	for len(x.rest) > 0 && x.rest[0] == "|" {
		x.rest = x.rest[1:]
		out = append(out, x.sequence()...)
	}
	return out
}

func (x *expander) sequence() []string {
	out := []string{""}
	for len(x.rest) > 0 {
		token := x.rest[0]
		var next []string
		switch token {
		case "|", ")", "]":
			return out
		case "(":
			next = x.group(")")
		case "[":
			next = append(x.group("]"), "")
		default:
			x.rest = x.rest[1:]
			next = []string{token}
		}
		out = product(out, next)
	}
	return out
}

func (x *expander) group(end string) []string {
	x.rest = x.rest[1:]
	out := x.choice()
	if len(x.rest) == 0 || x.rest[0] != end {
		panic("intent: pattern: missing " + end)
	}
	x.rest = x.rest[1:]
	return out
}

func product(heads, tails []string) []string {
	out := make([]string, 0, len(heads)*len(tails))
	for _, h := range heads {
		for _, t := range tails {
			out = append(out, strings.TrimSpace(h+" "+t))
		}
	}
	return out
}

// matcher matches the words of one text. It remembers what it found out about
// rules, since many sentences ask the same.
type matcher struct {
	rules map[string][][]string
	words []string
	known map[question]bool
}

// question is whether words[from:to] are an alternative of the rule.
type question struct {
	rule     string
	from, to int
}

// match reports whether words[from:to] are what pattern describes, and what stood
// for its references.
func (m *matcher) match(pattern []string, from, to int) (slots, bool) {
	if len(pattern) == 0 {
		return slots{}, from == to
	}
	if len(pattern) > to-from { // nothing stands for no word
		return nil, false
	}
	name, isRule := reference(pattern[0])
	if !isRule {
		if m.words[from] != pattern[0] {
			return nil, false
		}
		return m.match(pattern[1:], from+1, to)
	}
	for end := from + 1; end <= to-len(pattern)+1; end++ {
		if !m.derives(question{name, from, end}) {
			continue
		}
		if found, ok := m.match(pattern[1:], end, to); ok {
			found[name] = m.words[from:end]
			return found, true
		}
	}
	return nil, false
}

func (m *matcher) derives(q question) bool {
	yes, ok := m.known[q]
	if ok {
		return yes
	}
	for _, alternative := range m.rules[q.rule] {
		if _, yes = m.match(alternative, q.from, q.to); yes {
			break
		}
	}
	m.known[q] = yes
	return yes
}

// reference is the name of the rule that token refers to.
func reference(token string) (name string, ok bool) {
	name, ok = strings.CutPrefix(token, "<")
	return strings.TrimSuffix(name, ">"), ok
}
