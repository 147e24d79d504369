package entity

import "time"

const (
	minuteFormat = "2006-01-02T15:04"
	secondFormat = "2006-01-02T15:04:05"
)

// moment reads days and times of day in any order: "tomorrow at 7", "7 pm on friday",
// "this evening", "in 5 minutes".
func (r reader) moment(i int) (value string, end int, weak bool) {
	if s, end := r.shift(i); end > i && !s.far() {
		return r.later(s), end, false
	}
	d, at, weakDay := r.days(i)
	if at > i {
		if v, end := r.onDay(d, r.skip(at)); end > r.skip(at) {
			return v, end, false
		}
		return d.String(), at, weakDay
	}
	if v, end := r.part(r.oneDay(0), i); end > i {
		if at, next := r.clockOf(r.oneDay(0), r.word(end-1), end); next > end { // "tonight at 8"
			return at, next, false
		}
		return v, end, r.word(i) == "night"
	}
	c, at, weak := r.clock(i)
	if at == i {
		return "", i, false
	}
	if d, end, _ := r.days(r.skip(at)); end > r.skip(at) && d.one() {
		if _, next := r.part(d, r.skip(end)); next > r.skip(end) { // "at 6 tomorrow morning"
			return c.in(r.word(next-1)).on(d.from, r.now, true).Format(minuteFormat), next, false
		}
		return c.on(d.from, r.now, true).Format(minuteFormat), end, false
	}
	if _, end := r.part(r.oneDay(0), at); end > at { // "6 this evening"
		return c.in(r.word(end-1)).on(r.now, r.now, true).Format(minuteFormat), end, false
	}
	return c.on(r.now, r.now, false).Format(minuteFormat), at, weak
}

// in is a time whose half of the day is known from the part of the day that a word names.
func (c clock) in(part string) clock {
	if !c.half && c.hour <= 12 {
		twelve := c.hour == 12
		c.hour, c.half = c.hour%12, true
		if part != "morning" {
			c.hour += 12
		}
		if twelve && part != "morning" && part != "afternoon" {
			c.hour = 24 // the end of the day
		}
	}
	return c
}

// clockOf reads a time that follows the part of a day which a word names: "tonight at 8",
// "tomorrow morning at 6".
func (r reader) clockOf(d days, part string, i int) (string, int) {
	if r.word(i) != "at" && r.word(i) != "around" {
		return "", i
	}
	c, end, _ := r.clock(i)
	if end == i {
		return "", i
	}
	return c.in(part).on(d.from, r.now, true).Format(minuteFormat), end
}

// skip leaves out a word between a day and a time.
func (r reader) skip(i int) int {
	if w := r.word(i); w == "in" && r.word(i+1) == "the" {
		return i + 2
	} else if w == "for" {
		return i + 1
	}
	return i
}

// onDay reads a time or a part of a day that is known.
func (r reader) onDay(d days, i int) (string, int) {
	if !d.one() {
		return "", i
	}
	if v, end := r.part(d, i); end > i {
		if at, next := r.clockOf(d, r.word(end-1), end); next > end {
			return at, next
		}
		return v, end
	}
	c, end, weak := r.clock(i)
	if end == i || weak && r.word(i) != "at" && r.word(i) != "around" {
		return "", i
	}
	return c.on(d.from, r.now, true).Format(minuteFormat), end
}

// later is the moment that is a length of time away, as a day where it is made of days.
func (r reader) later(s span) string {
	s = s.whole()
	days := r.today(int(s[0]), int(s[1]), int(7*s[2]+s[3]))
	if s[4] == 0 && s[5] == 0 && s[6] == 0 {
		return days.Format(time.DateOnly)
	}
	t := time.Date(days.Year(), days.Month(), days.Day(), r.now.Hour(), r.now.Minute(), r.now.Second(), 0, r.now.Location())
	return t.Add(time.Duration((s[4]*3600 + s[5]*60 + s[6]) * float64(time.Second))).Format(secondFormat)
}

// part reads a part of a day: "morning", "this evening", "tonight".
func (r reader) part(d days, i int) (string, int) {
	at := i
	if w := r.word(at); w == "this" || w == "the" {
		at++
	}
	var from, to int
	switch r.word(at) {
	case "morning":
		from, to = 6, 12
	case "afternoon":
		from, to = 12, 18
	case "evening":
		from, to = 18, 22
	case "tonight", "night":
		from, to = 18, 24
	default:
		return "", i
	}
	hour := func(h int) string {
		return time.Date(d.from.Year(), d.from.Month(), d.from.Day(), h, 0, 0, 0, d.from.Location()).Format(minuteFormat)
	}
	return hour(from) + "/" + hour(to), at + 1
}
