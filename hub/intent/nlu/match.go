package nlu

import (
	"vapd/hub/intent/entity"
)

// matcher finds the patterns that a sentence is.
type matcher struct {
	byWord   map[string][]ref // by the word of a pattern that the fewest others have
	wordless []ref
}

// ref is a pattern of an intent.
type ref struct {
	intent  *intent
	pattern pattern
	own     int  // its words
	telling bool // one of them is not common
	strict  bool // a slot takes listed values alone
}

func (c *intent) ref(p pattern) ref {
	r := ref{intent: c, pattern: p}
	for _, e := range p {
		if e.word != "" {
			r.own++
			r.telling = r.telling || !c.common(e.word)
		} else {
			r.strict = r.strict || c.entities[e.slot].strict
		}
	}
	return r
}

func newMatcher(intents []*intent) *matcher {
	count := make(map[string]int)
	for _, c := range intents {
		for _, p := range c.patterns {
			for _, e := range p {
				count[e.word]++
			}
		}
	}
	m := &matcher{byWord: make(map[string][]ref)}
	for _, c := range intents {
		for _, p := range c.patterns {
			key := ""
			for _, e := range p {
				if e.word != "" && (key == "" || count[e.word] < count[key]) {
					key = e.word
				}
			}
			if key == "" {
				m.wordless = append(m.wordless, c.ref(p))
			} else {
				m.byWord[key] = append(m.byWord[key], c.ref(p))
			}
		}
	}
	return m
}

// each calls f with the patterns that may be in a sentence.
func (m *matcher) each(s *sentence, f func(ref)) {
	for i, t := range s.tokens {
		again := false
		for _, before := range s.tokens[:i] {
			again = again || before.Text == t.Text
		}
		if again {
			continue
		}
		for _, r := range m.byWord[t.Text] {
			if r.pattern.in(s) {
				f(r)
			}
		}
	}
	for _, r := range m.wordless {
		f(r)
	}
}

// in reports whether the words of a pattern are in a sentence, in their order.
func (p pattern) in(s *sentence) bool {
	i := 0
	for _, e := range p {
		if e.word == "" {
			continue
		}
		for i < len(s.hashes) && s.hashes[i] != e.hash {
			i++
		}
		if i == len(s.hashes) {
			return false
		}
		i++
	}
	return true
}

// freedom is what may fill a slot.
type freedom int

const (
	listed  freedom = iota // values that are listed, and entities that are built in
	misread                // likewise, and words that sound like a listed value
	free                   // anything where the entity is not strict
)

// longestFree is how many words that nobody listed may fill a slot.
const longestFree = 8

// part is a slot and the words that fill it.
type part struct {
	slot, start, end int
	value            string
	sure             float64 // 1, or less where words only sound like a value
}

// matching is an attempt to match one pattern.
type matching struct {
	*sentence
	intent  *intent
	pattern pattern
	filler  func(string) bool
	freedom freedom
	parts   []part
	left    int // attempts, since they may be more than there is time for
}

// Attempts that there is time for, some tens of nanoseconds each.
const (
	triesOfPattern  = 2_000
	triesOfSentence = 100_000 // in each of the stages
)

// match reports whether the whole sentence is the pattern.
func (m *matching) match() bool { return m.from(0, 0) }

// from matches the pattern from element e on with the words from i on.
func (m *matching) from(e, i int) bool {
	if m.left--; m.left < 0 {
		return false
	}
	n := len(m.tokens)
	if e == len(m.pattern) {
		for i < n && m.filler(m.word(i)) {
			i++
		}
		return i == n
	}
	if n-i < len(m.pattern)-e {
		return false
	}
	if want := m.pattern[e]; want.word != "" {
		if m.word(i) == want.word && m.from(e+1, i+1) {
			return true
		}
	} else if m.slot(want.slot, e, i) {
		return true
	}
	return m.filler(m.word(i)) && m.from(e, i+1)
}

// slot matches a slot and what is behind it.
func (m *matching) slot(k, e, i int) bool {
	g := m.intent.entities[k]
	try := func(end int, value string, sure float64) bool {
		m.parts = append(m.parts, part{k, i, end, value, sure})
		if m.from(e+1, end) {
			return true
		}
		m.parts = m.parts[:len(m.parts)-1]
		return false
	}
	if g.kind != "" {
		for _, f := range m.found {
			if f.Start == i && f.Kind == g.kind && try(f.End, f.Value, 1) {
				return true
			}
		}
		return false
	}
	for j := min(len(m.tokens), i+g.longest); j > i; j-- {
		if v := g.lookup(m.sentence, i, j); v != nil && try(j, v.value, 1) {
			return true
		}
	}
	switch {
	case m.freedom == misread && g.strict:
		for j := min(len(m.tokens), i+g.longest+1); j > i; j-- {
			if v, sure := g.nearest(m.sentence, i, j); v != nil && sure < 1 && try(j, v.value, sure) {
				return true
			}
		}
	case m.freedom == free && !g.strict:
		for j := i + 1; j <= min(len(m.tokens), i+longestFree); j++ {
			start, end := m.span(i, j)
			if try(j, m.text[start:end], 1) {
				return true
			}
		}
	}
	return false
}

// known is the value that the words from i to j are, or sound like where only listed
// values count; sure is 0 where they are none.
func (g *gazetteer) known(s *sentence, i, j int) (value string, sure float64) {
	if g.kind != "" {
		return kindValue(s, g.kind, i, j)
	}
	if v := g.lookup(s, i, j); v != nil {
		return v.value, 1
	}
	if !g.strict {
		return "", 0
	}
	if v, sure := g.nearest(s, i, j); v != nil {
		return v.value, sure
	}
	return "", 0
}

// fill is the value that words get which the tagger takes for an entity.
func (g *gazetteer) fill(s *sentence, i, j int) (value string, sure float64) {
	value, sure = g.known(s, i, j)
	if sure == 0 && !g.strict && g.kind == "" {
		start, end := s.span(i, j)
		return s.text[start:end], 1
	}
	return value, sure
}

// kindValue is the value of an entity that is built in and fills most of the words from
// i to j.
func kindValue(s *sentence, k entity.Kind, i, j int) (string, float64) {
	best, longest := "", 0
	for _, f := range s.found {
		if n := f.End - f.Start; f.Kind == k && f.Start >= i && f.End <= j && n > longest {
			best, longest = f.Value, n
		}
	}
	if longest == 0 {
		return "", 0
	}
	return best, float64(longest) / float64(j-i)
}
