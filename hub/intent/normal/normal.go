// Package normal brings sentences into one form: lower-case words without punctuation,
// numbers as digits, contractions in full. What is said, typed and registered by
// skills differs in all of these, and means the same.
package normal

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Token is a word, a number, or a sign that is spoken ("%" is "percent").
type Token struct {
	Text       string // in normal form: "what", "25", "3rd", "percent"
	Start, End int    // its bytes in the sentence
}

// Language is how one language is normalised. The zero value does what all languages
// share: case, punctuation, digits.
type Language struct {
	// contractions are endings behind an apostrophe, and what they stand for.
	contractions map[string]string
	// elides is whether short words lose their last letter before others ("l'heure").
	elides bool
	// spellings are words that are written in another way, as their normal words.
	spellings map[string]string
	// fillers are words that mean nothing.
	fillers map[string]bool
	// common are the words that make sentences and are seldom names of anything.
	common map[string]bool
	// general are the words that say what to do, or when, and not with what.
	general map[string]bool
	// others are sentences that people say of no matter of an assistant.
	others []string
	// sounds is how a word sounds.
	sounds func(word string) string
	// number reads the number that words begin with, as its normal form, and says how
	// many words it has: none where they begin with no number.
	number func(words []Token) (text string, n int)
}

// For is the language of a BCP 47 tag; its region does not matter.
func For(tag string) Language {
	base, _, _ := strings.Cut(strings.ToLower(tag), "-")
	switch base {
	case "en":
		return english()
	case "fr", "it", "ca":
		return Language{elides: true}
	default:
		return Language{}
	}
}

// Filler reports whether a normal word means nothing ("please", "uhm"), and may be
// there or not.
func (l Language) Filler(word string) bool { return l.fillers[word] }

// Common reports whether a normal word is one of those that sentences are made of
// ("the", "of"), rather than the name of something.
func (l Language) Common(word string) bool { return l.common[word] }

// General reports whether a normal word says little of what is meant, as "turn" and "next"
// do: common words, and those that people say to do anything.
func (l Language) General(word string) bool { return l.common[word] || l.general[word] }

// Others are sentences such as people say to each other, and not to an assistant; none
// where nobody has written any down in the language.
func (l Language) Others() []string { return l.others }

// Tokens are the words of text in their normal form. Their spans are in order and don't
// overlap; what lies between them is no part of a word. Bytes that are no UTF-8 are none.
func (l Language) Tokens(text string) []Token {
	raw := l.split(text)
	if l.number == nil {
		return raw
	}
	out := raw[:0]
	for i := 0; i < len(raw); {
		if number, n := l.number(raw[i:]); n > 0 {
			out = append(out, Token{number, raw[i].Start, raw[i+n-1].End})
			i += n
			continue
		}
		out = append(out, raw[i])
		i++
	}
	return out
}

// Words are the texts of Tokens.
func (l Language) Words(text string) []string {
	tokens := l.Tokens(text)
	out := make([]string, len(tokens))
	for i, t := range tokens {
		out[i] = t.Text
	}
	return out
}

// split finds the words, numbers still as they are written.
func (l Language) split(text string) []Token {
	out := make([]Token, 0, len(text)/4+1)
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		switch {
		case unicode.IsDigit(r):
			n := numeral(text[at:])
			out = append(out, Token{digits(text[at : at+n]), at, at + n})
			at += n
		case alone(r):
			n := size + marks(text[at+size:])
			out = append(out, Token{text[at : at+n], at, at + n})
			at += n
		case unicode.IsLetter(r):
			n := letters(text[at:])
			out = l.word(out, text, at, at+n)
			at += n
		case r == '\'' || r == '’':
			if name := l.ending(out, text, at, at+size); name != "" {
				n := size + letters(text[at+size:])
				out = append(out, Token{name, at, at + n})
				at += n
				continue
			}
			at += size
		default:
			if name := sign(text, at, r, size); name != "" {
				out = append(out, Token{name, at, at + size})
			}
			at += size
		}
	}
	return out
}

// word adds the word text[start:end] to out.
func (l Language) word(out []Token, text string, start, end int) []Token {
	w := strings.ReplaceAll(strings.ToLower(text[start:end]), "’", "'")
	if l.elides {
		if before, after, ok := strings.Cut(w, "'"); ok && after != "" && utf8.RuneCountInString(before) <= 2 {
			at := start + strings.IndexAny(text[start:end], "'’")
			_, size := utf8.DecodeRuneInString(text[at:])
			return l.word(append(out, Token{before, start, at}), text, at+size, end)
		}
	}
	if abbreviated := strings.ReplaceAll(w, ".", ""); abbreviated != w {
		w = abbreviated // "a.m"
	}
	if i := strings.LastIndexByte(w, '\''); i > 0 {
		if full, ok := l.contractions[w[i:]]; ok {
			at := start + strings.LastIndexAny(text[start:end], "'’")
			out = append(out, Token{l.spelling(w[:i]), start, at})
			return append(out, Token{l.contraction(w[:i], full), at, end})
		}
	}
	if first, rest, ok := strings.Cut(l.spelling(w), " "); ok {
		// What is written as one word has no border to divide it at.
		return append(out, Token{first, start, end}, Token{rest, end, end})
	}
	return append(out, Token{l.spelling(w), start, end})
}

// contraction is what an ending stands for behind a word: "what's" is "what is", and
// "Anna's" not "Anna is".
func (l Language) contraction(word, full string) string {
	if full == "is" && !l.common[word] {
		return "'s"
	}
	return full
}

// ending is what an ending stands for that follows no letter: "80's", "of 2018's".
func (l Language) ending(out []Token, text string, quote, at int) string {
	n := len(out)
	if n == 0 || out[n-1].End != quote {
		return ""
	}
	if strings.EqualFold(text[at:at+letters(text[at:])], "s") && l.contractions != nil {
		return "'s"
	}
	return ""
}

func (l Language) spelling(w string) string {
	if s, ok := l.spellings[w]; ok {
		return s
	}
	return w
}
