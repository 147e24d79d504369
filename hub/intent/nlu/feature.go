package nlu

import (
	"unicode"
	"unicode/utf8"

	"vapd/hub/intent/crf"
	"vapd/hub/intent/entity"
)

// hash is FNV-1a, which features are known by.
type hash uint64

func newHash(name string) hash { return hash(14695981039346656037).text(name) }

func (h hash) text(s string) hash {
	for i := range len(s) {
		h = (h ^ hash(s[i])) * 1099511628211
	}
	return (h ^ 0xff) * 1099511628211
}

func (h hash) number(n int) hash { return (h ^ hash(n&0xff)) * 1099511628211 }

// extractor makes the features of the words of an intent's sentences.
type extractor struct {
	gazetteers []*gazetteer   // of the slots
	often      map[string]int // words of the examples
}

// where a word is in what was looked up.
const (
	nowhere = iota
	first
	middle
	last
	single
)

func where(i, start, end int) int {
	switch {
	case end-start == 1:
		return single
	case i == start:
		return first
	case i == end-1:
		return last
	default:
		return middle
	}
}

// looked are for each word the entities that it is in, as features.
func (x *extractor) looked(s *sentence, skip func(g *gazetteer, i, j int) bool) [][]hash {
	out := make([][]hash, len(s.tokens))
	mark := func(name string, start, end int) {
		for i := start; i < end; i++ {
			out[i] = append(out[i], newHash(name).number(where(i, start, end)))
		}
	}
	for _, k := range entity.Kinds() {
		behind := 0 // of what was found before: inside of it is nothing new
		for _, f := range s.found {
			if f.Kind == k && !f.Weak && f.Start >= behind {
				mark(string(k), f.Start, f.End)
				behind = f.End
			}
		}
	}
	for _, g := range x.gazetteers {
		for i := 0; i < len(s.tokens); i++ {
			for j := min(len(s.tokens), i+g.longest); j > i; j-- {
				if k := g.lookup(s, i, j); k != nil && (skip == nil || !skip(g, i, j)) {
					mark("of "+g.name, i, j)
					i = j - 1
					break
				}
			}
		}
	}
	return out
}

// features are those of each word.
func (x *extractor) features(s *sentence, skip func(g *gazetteer, i, j int) bool) []crf.Features {
	looked := x.looked(s, skip)
	out := make([]crf.Features, len(s.tokens))
	all := make([]uint64, 0, 48*len(s.tokens))
	for i := range s.tokens {
		from := len(all)
		all = x.at(all, s, looked, i)
		out[i] = all[from:len(all):len(all)]
	}
	return out
}

// rare reports whether a word says little by itself.
func (x *extractor) rare(w string) bool { return x.often[w] <= 1 }

func (x *extractor) at(out []uint64, s *sentence, looked [][]hash, i int) []uint64 {
	add := func(h hash) { out = append(out, uint64(h)) }
	w := s.word(i)
	add(newHash("bias"))
	for d := -3; d <= 3; d++ {
		add(newHash("w").number(d).text(s.word(i + d)))
	}
	for d := -2; d <= 1; d++ {
		add(newHash("ww").number(d).text(s.word(i + d)).text(s.word(i + d + 1)))
	}
	add(newHash("w-w").text(s.word(i - 1)).text(s.word(i + 1)))
	for n := 1; n <= 4; n++ {
		if utf8.RuneCountInString(w) > n {
			add(newHash("pre").text(head(w, n)))
			add(newHash("suf").text(tail(w, n)))
		}
	}
	for d := -1; d <= 1; d++ {
		if i+d < 0 || i+d >= len(s.tokens) {
			continue
		}
		if s.cased {
			add(newHash("shape").number(d).text(shape(s.raw(i + d))))
		}
		kind := 0
		if x.rare(s.word(i + d)) {
			kind |= 1
		}
		if s.common[i+d] {
			kind |= 2
		}
		add(newHash("kind").number(d).number(kind))
		for _, h := range looked[i+d] {
			add(h.number(d))
		}
	}
	if i == 0 {
		add(newHash("first"))
	}
	if i == len(s.tokens)-1 {
		add(newHash("last"))
	}
	return out
}

// head and tail are the first and last n letters of w, which has more.
func head(w string, n int) string {
	for i := range w {
		if n == 0 {
			return w[:i]
		}
		n--
	}
	return w
}

func tail(w string, n int) string {
	end := len(w)
	for ; n > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(w[:end])
		end -= size
	}
	return w[end:]
}

// shape is how a word is written: capitals, letters, digits, others; runs count once.
func shape(w string) string {
	var out []byte
	for _, r := range w {
		c := byte('.')
		switch {
		case unicode.IsUpper(r):
			c = 'X'
		case unicode.IsLetter(r):
			c = 'x'
		case unicode.IsDigit(r):
			c = '0'
		}
		if n := len(out); n == 0 || out[n-1] != c {
			out = append(out, c)
		}
	}
	return string(out)
}
