package entity

import "strings"

// unit reads a unit of time: its letter of ISO 8601, and whether that stands behind
// the "T".
func unitOfTime(w string) (letter string, ofDay, ok bool) {
	switch w {
	case "second", "seconds":
		return "S", true, true
	case "minute", "minutes":
		return "M", true, true
	case "hour", "hours":
		return "H", true, true
	case "day", "days":
		return "D", false, true
	case "week", "weeks":
		return "W", false, true
	case "month", "months":
		return "M", false, true
	case "year", "years":
		return "Y", false, true
	}
	return "", false, false
}

// span is a length of time: years, months, weeks, days, hours, minutes, seconds.
type span [7]float64

// place of a unit in a span.
func place(letter string, ofDay bool) int {
	if ofDay {
		return 4 + strings.Index("HMS", letter)
	}
	return strings.Index("YMWD", letter)
}

// factor is how many of the next smaller unit one has; 0 where that is not fixed.
func factor(unit int) float64 { return [...]float64{12, 0, 7, 24, 60, 60, 0}[unit] }

// whole moves fractions to smaller units, and what is too much to larger ones.
func (s span) whole() span {
	for i := range len(s) - 1 {
		if f := s[i] - float64(int64(s[i])); f > 0 && factor(i) > 0 {
			s[i] -= f
			s[i+1] += f * factor(i)
		}
	}
	for i := len(s) - 1; i > 4; i-- {
		if per := factor(i - 1); s[i] >= per {
			n := float64(int64(s[i] / per))
			s[i] -= n * per
			s[i-1] += n
		}
	}
	return s
}

// iso is the span as ISO 8601 has it. Weeks stand alone there: else they are days.
func (s span) iso() string {
	s = s.whole()
	if s[2] > 0 && s != (span{2: s[2]}) {
		s[3] += 7 * s[2]
		s[2] = 0
	}
	out := "P"
	for i, n := range s {
		if n == 0 {
			continue
		}
		if i >= 4 && !strings.Contains(out, "T") {
			out += "T"
		}
		out += text(n) + string("YMWDHMS"[i])
	}
	if out == "P" {
		return "PT0S"
	}
	return out
}

// duration reads "5 minutes", "an hour and a half", "1 hour and 20 minutes", "half an
// hour", "3 quarters of an hour".
func (r reader) duration(i int) (span, int) {
	var s span
	end := i
	for last := -1; ; {
		at := end
		if end > i && r.word(at) == "and" {
			at++
		}
		n, unit, next := r.measured(at)
		if next == at || unit <= last {
			break
		}
		s[unit] += n
		end, last = next, unit
		if f, after := r.andHalf(end); after > end {
			s[unit] += f
			end = after
			break
		}
	}
	return s, end
}

// measured reads a count and a unit.
func (r reader) measured(i int) (n float64, unit, end int) {
	n, end = r.count(i)
	if end == i {
		return 0, 0, i
	}
	letter, ofDay, ok := unitOfTime(r.word(end))
	if !ok || n < 0 {
		return 0, 0, i
	}
	return n, place(letter, ofDay), end + 1
}

// count reads how many of a unit: a number, "a", "half an", "a couple of".
func (r reader) count(i int) (float64, int) {
	a := func(j int) int {
		if w := r.word(j); w == "a" || w == "an" {
			return j + 1
		}
		return j
	}
	of := func(j int) int {
		if r.word(j) == "of" {
			return j + 1
		}
		return j
	}
	switch j := a(i); r.word(j) {
	case "half":
		return 0.5, a(of(j + 1))
	case "quarter":
		return 0.25, a(of(j + 1))
	case "couple":
		return 2, of(j + 1)
	case "few":
		return 3, j + 1
	}
	if n, end := r.number(i); end > i {
		if w := r.word(end); w == "quarters" || w == "quarter" {
			return n / 4, a(of(end + 1))
		}
		return n, end
	}
	if j := a(i); j > i {
		return 1, j
	}
	return 0, i
}

// andHalf reads what is added to a unit: "and a half", "and a quarter".
func (r reader) andHalf(i int) (float64, int) {
	if r.word(i) != "and" || r.word(i+1) != "a" {
		return 0, i
	}
	switch r.word(i + 2) {
	case "half":
		return 0.5, i + 3
	case "quarter":
		return 0.25, i + 3
	}
	return 0, i
}
