package nlu

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vapd/hub/intent/entity"
	"vapd/hub/intent/normal"
)

// tongue is a language with all that is known of it.
type tongue struct {
	normal.Language
	entities entity.Language
}

func tongueOf(tag string) tongue { return tongue{normal.For(tag), entity.For(tag)} }

// sentence is one that is looked at.
type sentence struct {
	text   string
	tokens []normal.Token
	cased  bool // capitals mean something
	found  []entity.Match
	keys   [][]string // of the words from i to i+1+j
	common []bool     // words that are seldom names
	hashes []hash     // of the words
	near   map[stretch]guess
	heard  int // comparisons with values, to find what was misheard
}

// stretch is the words from start to end, compared with an entity.
type stretch struct {
	entity     *gazetteer
	start, end int
}

// guess is the value that words sound like.
type guess struct {
	value *known
	sure  float64
}

func (t tongue) sentence(text string, now time.Time) *sentence {
	return t.sentenceOf(text, t.Tokens(text), now)
}

func (t tongue) sentenceOf(text string, tokens []normal.Token, now time.Time) *sentence {
	s := &sentence{text: text, tokens: tokens, keys: make([][]string, len(tokens)), common: make([]bool, len(tokens)), hashes: make([]hash, len(tokens))}
	s.found = t.entities.Find(tokens, now)
	for i, w := range tokens {
		s.common[i], s.hashes[i] = t.Common(w.Text), newHash(w.Text)
		r, _ := utf8.DecodeRuneInString(text[w.Start:])
		s.cased = s.cased || i > 0 && unicode.IsUpper(r)
	}
	return s
}

// key is the words from i to j, which are at most longestValue.
func (s *sentence) key(i, j int) string {
	if s.keys[i] == nil {
		n := min(longestValue, len(s.tokens)-i)
		size := n
		for _, t := range s.tokens[i : i+n] {
			size += len(t.Text)
		}
		var b strings.Builder
		b.Grow(size)
		ends := make([]int, n)
		for k, t := range s.tokens[i : i+n] {
			if k > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(t.Text)
			ends[k] = b.Len()
		}
		keys := make([]string, n)
		for k, end := range ends {
			keys[k] = b.String()[:end]
		}
		s.keys[i] = keys
	}
	return s.keys[i][j-i-1]
}

// span is the bytes of the words from i to j.
func (s *sentence) span(i, j int) (start, end int) { return s.tokens[i].Start, s.tokens[j-1].End }

// word is the normal form of word i; empty outside.
func (s *sentence) word(i int) string {
	if i < 0 || i >= len(s.tokens) {
		return ""
	}
	return s.tokens[i].Text
}

// raw is word i as it is written.
func (s *sentence) raw(i int) string {
	if i < 0 || i >= len(s.tokens) {
		return ""
	}
	return s.text[s.tokens[i].Start:s.tokens[i].End]
}

// String is the sentence in normal form.
func (s *sentence) String() string {
	words := make([]string, len(s.tokens))
	for i, t := range s.tokens {
		words[i] = t.Text
	}
	return strings.Join(words, " ")
}
