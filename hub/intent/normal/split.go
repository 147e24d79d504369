package normal

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// alone reports whether a letter is a token of its own, in scripts that have no spaces.
func alone(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// marks counts the bytes of the marks that text begins with.
func marks(text string) int {
	for i, r := range text {
		if !unicode.IsMark(r) {
			return i
		}
	}
	return len(text)
}

// letters counts the bytes of the word that text begins with: letters, the digits
// behind them, apostrophes between them, and dots between single letters ("a.m.").
func letters(text string) int {
	single := true // so far each letter has a dot
	run := 0       // letters since the last dot
	for i, r := range text {
		next := behind(text[i:])
		switch {
		case r == utf8.RuneError, alone(r):
			return i
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
			if run++; run > 1 {
				single = false
			}
		case (r == '\'' || r == '’') && i > 0 && unicode.IsLetter(next) && !alone(next):
		case r == '.' && i > 0 && single && run == 1 && unicode.IsLetter(next) && letterEnds(text[i+1:]):
			run = 0
		default:
			return i
		}
	}
	return len(text)
}

// behind is the second rune of text.
func behind(text string) rune {
	_, size := utf8.DecodeRuneInString(text)
	r, _ := utf8.DecodeRuneInString(text[size:])
	return r
}

// letterEnds reports whether text begins with a letter that no other one follows.
func letterEnds(text string) bool {
	return !unicode.IsLetter(behind(text))
}

// numeral counts the bytes of the number that text begins with: digits, with ':', '.'
// or ',' between them, and an ending such as "th" or "s". Another word that follows at
// once ("5pm") is one of its own.
func numeral(text string) int {
	end := 0
	for i, r := range text {
		next := behind(text[i:])
		if !unicode.IsDigit(r) && (i == 0 || !strings.ContainsRune(":.,", r) || !unicode.IsDigit(next)) {
			break
		}
		end = i + utf8.RuneLen(r) // a digit, or one of the signs
	}
	n := letters(text[end:])
	switch strings.ToLower(text[end : end+n]) {
	case "st", "nd", "rd", "th", "s", "k", "d":
		return end + n
	}
	return end
}

// digits is a number in ASCII digits, without the commas of thousands.
func digits(text string) string {
	if plain := strings.Trim(text, "0123456789"); plain == "" {
		return strings.TrimLeft(text[:len(text)-1], "0") + text[len(text)-1:] // "05"
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == ',':
			return -1
		case r > unicode.MaxASCII && unicode.IsDigit(r):
			return '0' + value(r)
		default:
			return unicode.ToLower(r)
		}
	}, text)
}

// value is the value of a decimal digit: Unicode has the ten of a script in a row, and
// those of all scripts at multiples that the rune before zero ends.
func value(r rune) rune {
	n := rune(0)
	for n < 9 && unicode.IsDigit(r-n-1) {
		n++
	}
	return n
}

// sign is the word for a sign that is spoken; empty for others.
func sign(text string, at int, r rune, size int) string {
	switch r {
	case '%':
		return "percent"
	case '°':
		return "degrees"
	case '&':
		return "and"
	case '+':
		return "plus"
	case '-', '−':
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[at+size:])
		if unicode.IsDigit(after) && !unicode.IsLetter(before) && !unicode.IsDigit(before) {
			return "minus"
		}
	}
	return ""
}
