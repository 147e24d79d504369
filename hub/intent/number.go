package intent

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"vapd/skill/say"
)

// words are the numbers from a to b in words.
func words(a, b int) []string {
	var out []string
	for n := a; n <= b; n++ {
		out = append(out, say.Number(n))
	}
	return out
}

// value is the number that one word stands for.
func value(word string) (n int, ok bool) {
	for n := range 20 {
		if word == say.Number(n) {
			return n, true
		}
	}
	for n := 20; n < 100; n += 10 {
		if word == say.Number(n) {
			return n, true
		}
	}
	return 0, false
}

// normalize is text as the words of the grammar: lower-case, without punctuation,
// numbers up to 999 in words.
func normalize(text string) []string {
	text = strings.NewReplacer("’", "'", "%", " percent ").Replace(strings.ToLower(text))
	var out []string
	for _, word := range strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\''
	}) {
		head := strings.TrimRightFunc(word, unicode.IsLetter) // "5min" is two words
		if n, err := strconv.ParseUint(head, 10, 32); err == nil && n < 1000 {
			out = append(out, strings.Fields(say.Number(int(n)))...)
			word = word[len(head):]
		}
		if word = strings.Trim(word, "'"); word == "whats" {
			word = "what's"
		}
		if word != "" {
			out = append(out, word)
		}
	}
	return out
}

// duration is the time that words name: a duration or a span of the grammar.
func duration(spoken ...[]string) time.Duration {
	units := map[string]time.Duration{
		"second": time.Second, "seconds": time.Second,
		"minute": time.Minute, "minutes": time.Minute,
		"hour": time.Hour, "hours": time.Hour,
	}
	var total, last time.Duration // last is the unit that was named last
	quarters, counted := 0, false // of the unit to come
	for _, words := range spoken {
		for _, word := range words {
			n, isNumber := value(word)
			unit, isUnit := units[word]
			switch {
			case isNumber:
				quarters, counted = quarters+4*n, true
			case word == "half":
				quarters, counted = quarters+2, true
			case word == "quarter":
				quarters, counted = 1, true
			case word == "quarters": // "three quarters"
				quarters /= 4
			case isUnit && counted:
				total += unit * time.Duration(quarters) / 4
				last, quarters, counted = unit, 0, false
			case isUnit: // "an hour", "hour"
				total += unit
				last = unit
			}
		}
	}
	return total + last*time.Duration(quarters)/4 // "an hour and a half"
}

// level is the volume that words name, 0 to 100. Numbers up to ten are on a scale of
// ten, unless they are followed by "percent".
func level(words []string) int {
	n := 0
	for _, word := range words {
		switch v, isNumber := value(word); {
		case isNumber:
			n += v
		case word == "hundred":
			return 100
		case word == "percent":
			return n
		}
	}
	if n <= 10 {
		return 10 * n
	}
	return n
}
