package entity

import (
	"strconv"
	"strings"
	"time"

	"vapd/hub/intent/normal"
)

// reader reads entities from the words of a sentence. Its methods read at word i and
// return the word behind what they read: i where there is nothing.
type reader struct {
	tokens []normal.Token
	now    time.Time
	*english
}

// word is word i in normal form; empty where there is none.
func (r reader) word(i int) string {
	if i < 0 || i >= len(r.tokens) {
		return ""
	}
	return r.tokens[i].Text
}

// longestPhrase is how many words a phrase has at most.
const longestPhrase = 7

// phrase reads one of the phrases, of any number of words; the longest counts.
func (r reader) phrase(i int, phrases map[string]string) (value string, end int) {
	if !r.begins[r.word(i)] {
		return "", i
	}
	key := ""
	end = i
	for j := i; j < min(i+longestPhrase, len(r.tokens)); j++ {
		if j > i {
			key += " "
		}
		key += r.tokens[j].Text
		if v, ok := phrases[key]; ok {
			value, end = v, j+1
		}
	}
	return value, end
}

// text is a number without needless zeros.
func text(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// largest number that is taken for one: beyond it digits get lost.
const largest = 1e12

// digits reads one word of digits.
func (r reader) digits(i int) (float64, int) {
	w := r.word(i)
	if w == "" || w[0] < '0' || w[0] > '9' || strings.Trim(w, "0123456789.") != "" {
		return 0, i
	}
	n, err := strconv.ParseFloat(w, 64)
	if err != nil || n > largest {
		return 0, i
	}
	return n, i + 1
}

// number reads "25", "minus 3", "2 point 5", "2 and a half", "half", "a dozen".
func (r reader) number(i int) (float64, int) {
	if w := r.word(i); w == "minus" || w == "negative" {
		if n, end := r.number(i + 1); end > i+1 && n > 0 {
			return -n, end
		}
		return 0, i
	}
	switch r.word(i) {
	case "half":
		return 0.5, i + 1
	case "dozen":
		return 12, i + 1
	case "a":
		if r.word(i+1) == "dozen" {
			return 12, i + 2
		}
	}
	n, end := r.digits(i)
	switch {
	case end == i:
		return 0, i
	case r.word(end) == "point":
		if f, after, ok := r.fraction(end + 1); ok && n == float64(int64(n)) {
			return n + f, after
		}
	case r.word(end) == "and" && r.word(end+1) == "a" && r.word(end+2) == "half":
		return n + 0.5, end + 3
	case r.word(end) == "and" && r.word(end+1) == "half":
		return n + 0.5, end + 2
	}
	return n, end
}

// fraction reads the digits behind "point", said one by one or as a number.
func (r reader) fraction(i int) (float64, int, bool) {
	all, end := "", i
	for end < i+6 {
		w := r.word(end)
		if w == "" || strings.Trim(w, "0123456789") != "" || all != "" && len(w) > 1 {
			break
		}
		all += w
		end++
	}
	f, err := strconv.ParseFloat("0."+all, 64)
	return f, end, err == nil && all != ""
}

// ordinal reads "3rd", "second", "last".
func (r reader) ordinal(i int) (int, int) {
	w := r.word(i)
	switch w {
	case "second", "2nd":
		return 2, i + 1
	case "last", "final":
		return -1, i + 1
	}
	if n, end := r.digits(i); end > i && n >= 20 && n == float64(int(n)) && int(n)%10 == 0 && r.word(end) == "second" {
		return int(n) + 2, end + 1
	}
	if len(w) < 3 || !strings.Contains("st nd rd th", w[len(w)-2:]) {
		return 0, i
	}
	n, err := strconv.ParseUint(w[:len(w)-2], 10, 31)
	if err != nil || n > 1e9 {
		return 0, i
	}
	return int(n), i + 1
}
