package say

import (
	"strings"
	"time"
	"unicode/utf8"
)

// When is a time as it is spoken of at now: "half past six tomorrow morning", "noon today",
// "seven o'clock on Friday evening", "midnight on Monday, the fourth of January". Seconds
// don't count.
func When(t, now time.Time) string {
	day := t
	noon, midnight := t.Hour() == 12 && t.Minute() == 0, t.Hour() == 0 && t.Minute() == 0
	if midnight {
		day = t.Add(-time.Minute) // is the end of the night before
	}
	part := partOfDay(day.Hour())
	near := map[int]string{0: "this " + part, 1: "tomorrow " + part}
	if noon {
		near, part = map[int]string{0: "today", 1: "tomorrow"}, ""
	} else if part == "night" {
		near[0] = "tonight"
	}
	away := Days(now, day)
	name, ok := near[away]
	switch {
	case ok:
	case away > 0 && away < 7:
		name = strings.TrimSpace("on " + day.Weekday().String() + " " + part)
	case part != "" && !midnight:
		name = "in the " + part + " on " + Date(day)
		if part == "night" {
			name = "at night on " + Date(day)
		}
	default:
		name = "on " + Date(day)
	}
	return Clock(t) + " " + name
}

// TimeOfDay is a time of any day as it is spoken: "half past six in the morning", "noon",
// "ten past eleven at night".
func TimeOfDay(t time.Time) string {
	part := partOfDay(t.Hour())
	switch {
	case t.Hour()%12 == 0 && t.Minute() == 0:
		return Clock(t)
	case part == "night":
		return Clock(t) + " at night"
	}
	return Clock(t) + " in the " + part
}

func partOfDay(hour int) string {
	switch {
	case hour < 12:
		return "morning"
	case hour < 18:
		return "afternoon"
	case hour < 22:
		return "evening"
	}
	return "night"
}

// Days is how many days b comes after a, by the calendar; before it, it is negative.
func Days(a, b time.Time) int {
	noon := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, time.UTC) }
	return int(noon(b).Sub(noon(a)) / (24 * time.Hour))
}

// Span is d as it stands before a noun: "five minute", "two hour and thirty minute".
func Span(d time.Duration) string {
	return strings.NewReplacer("hours", "hour", "minutes", "minute", "seconds", "second").Replace(Duration(d))
}

// Capital is s with a capital at its beginning.
func Capital(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return strings.ToUpper(s[:n]) + s[n:]
}
