package entity

import (
	"strings"
	"time"
)

// clock is a time of day.
type clock struct {
	hour, minute int
	half         bool // before or after noon is known
}

// meridiem reads "am", "pm", "in the evening", "at night". after is whether it is the
// second half of the day.
func (r reader) meridiem(i int) (after bool, end int) {
	switch r.word(i) {
	case "am":
		return false, i + 1
	case "pm":
		return true, i + 1
	case "a", "p":
		if r.word(i+1) == "m" {
			return r.word(i) == "p", i + 2
		}
	case "in":
		if r.word(i+1) == "the" {
			switch r.word(i + 2) {
			case "morning":
				return false, i + 3
			case "afternoon", "evening":
				return true, i + 3
			}
		}
	case "at":
		if r.word(i+1) == "night" {
			return true, i + 2
		}
	}
	return false, i
}

// hour reads an hour of the clock.
func (r reader) hour(i int) (int, int) {
	n, end := r.digits(i)
	if end == i || strings.Contains(r.word(i), ".") || n > 24 {
		return 0, i
	}
	return int(n), end
}

// clock reads "7 pm", "19:30", "7 30", "half past 7", "quarter to 8", "7 o'clock",
// "noon". weak is whether it may be something else, as a bare "7".
func (r reader) clock(i int) (c clock, end int, weak bool) {
	if r.word(i) == "at" || r.word(i) == "around" {
		if c, end, weak = r.clock(i + 1); end > i+1 {
			return c, end, weak && r.word(i) != "at"
		}
		return c, i, false
	}
	switch r.word(i) {
	case "noon", "midday":
		return clock{12, 0, true}, i + 1, false
	case "midnight":
		return clock{0, 0, true}, i + 1, false
	}
	if c, end := r.dial(i); end > i {
		return r.withHalf(c, end), r.behindHalf(end), false
	}
	if h, m, ok := colon(r.word(i)); ok {
		c = clock{h, m, h > 12 || h == 0 || strings.HasPrefix(r.word(i), "0")}
		return r.withHalf(c, i+1), r.behindHalf(i + 1), false
	}
	h, end := r.hour(i)
	if end == i {
		return c, i, false
	}
	c = clock{hour: h % 24, half: h > 12 || h == 0}
	weak = true
	if r.word(end) == "o'clock" {
		end, weak = end+1, false
	} else if m, next := r.digits(end); next > end && m >= 10 && m < 60 && len(r.word(end)) == 2 {
		if _, _, unit := unitOfTime(r.word(next)); !unit {
			c.minute, end = int(m), next
		}
	}
	if next := r.behindHalf(end); next > end {
		if h > 12 {
			return clock{}, i, false
		}
		return r.withHalf(c, end), next, false
	}
	return c, end, weak
}

func (r reader) behindHalf(i int) int {
	_, end := r.meridiem(i)
	return end
}

func (r reader) withHalf(c clock, i int) clock {
	after, end := r.meridiem(i)
	if end == i || c.hour > 12 {
		return c
	}
	c.hour %= 12
	if after {
		c.hour += 12
	}
	c.half = true
	return c
}

// dial reads the minutes before or after an hour.
func (r reader) dial(i int) (clock, int) {
	minutes, end := 0, i
	switch w := r.word(i); {
	case w == "half":
		minutes, end = 30, i+1
	case w == "quarter":
		minutes, end = 15, i+1
	case w == "a" && r.word(i+1) == "quarter":
		minutes, end = 15, i+2
	default:
		n, next := r.digits(i)
		if next == i || n < 1 || n > 59 {
			return clock{}, i
		}
		minutes, end = int(n), next
		if w := r.word(end); w == "minutes" || w == "minute" {
			end++
		}
	}
	back := false
	switch r.word(end) {
	case "past", "after":
	case "to", "til", "till", "before":
		back = true
	default:
		return clock{}, i
	}
	h, next := r.hour(end + 1)
	if next == end+1 || h > 12 {
		return clock{}, i
	}
	if back {
		return clock{hour: (h + 11) % 12, minute: 60 - minutes}, next
	}
	return clock{hour: h % 12, minute: minutes}, next
}

// colon reads "7:30".
func colon(w string) (hour, minute int, ok bool) {
	h, m, ok := strings.Cut(w, ":")
	if !ok || len(h) == 0 || len(h) > 2 || len(m) != 2 || strings.Trim(h+m, "0123456789") != "" {
		return 0, 0, false
	}
	hour, minute = number2(h), number2(m)
	return hour % 24, minute, hour <= 24 && minute < 60
}

func number2(digits string) int {
	n := 0
	for _, d := range digits {
		n = 10*n + int(d-'0')
	}
	return n
}

// on is the time of day on a day; where half of the day is not known, the one that is
// to come, and on other days than today from 7 in the morning on.
func (c clock) on(day time.Time, now time.Time, dayKnown bool) time.Time {
	at := func(hour int) time.Time {
		return time.Date(day.Year(), day.Month(), day.Day(), hour, c.minute, 0, 0, day.Location())
	}
	t := at(c.hour)
	if !c.half && c.hour <= 12 {
		early, late := at(c.hour%12), at(c.hour%12+12)
		switch {
		case dayKnown && (c.hour%12 < 7 || !sameDay(day, now) && c.hour == 12):
			t = late
		case dayKnown && !sameDay(day, now), early.After(now):
			t = early
		default:
			t = late
		}
	}
	if !dayKnown && !t.After(now) {
		if !c.half && c.hour <= 12 {
			day = day.AddDate(0, 0, 1)
			return at(c.hour % 12)
		}
		return t.AddDate(0, 0, 1)
	}
	return t
}

func sameDay(a, b time.Time) bool { return a.Year() == b.Year() && a.YearDay() == b.YearDay() }
