// Package say writes times, dates and numbers in English words, the way they are spoken:
// an engine of speech makes of "7:05" what it likes.
package say

import (
	"fmt"
	"strings"
	"time"
)

// Clock is the time of day of t as it is spoken: "twenty past four", "quarter to
// five", "four o'clock", "noon".
func Clock(t time.Time) string {
	hour, minute := t.Hour(), t.Minute()
	switch {
	case minute == 0 && hour == 0:
		return "midnight"
	case minute == 0 && hour == 12:
		return "noon"
	case minute == 0:
		return onDial(hour) + " o'clock"
	case minute <= 30:
		return minutesOf(minute) + " past " + onDial(hour)
	default:
		return minutesOf(60-minute) + " to " + onDial(hour+1)
	}
}

// onDial is an hour of the day on the dial of twelve.
func onDial(hour int) string { return Number((hour+11)%12 + 1) }

// minutesOf names 1 to 30 minutes before or after the hour.
func minutesOf(n int) string {
	switch {
	case n == 30:
		return "half"
	case n == 15:
		return "quarter"
	case n%5 == 0:
		return Number(n)
	default:
		return plural(n, "minute")
	}
}

// Date is the day of t as it is spoken: "Wednesday, the twenty fifth of November".
func Date(t time.Time) string {
	return fmt.Sprintf("%s, the %s of %s", t.Weekday(), Ordinal(t.Day()), t.Month())
}

// Ordinal is n in words: "first", "twenty fifth".
func Ordinal(n int) string {
	words := strings.Fields(Number(n))
	last := len(words) - 1
	switch w := words[last]; w {
	case "one":
		words[last] = "first"
	case "two":
		words[last] = "second"
	case "three":
		words[last] = "third"
	case "five":
		words[last] = "fifth"
	case "eight":
		words[last] = "eighth"
	case "nine":
		words[last] = "ninth"
	case "twelve":
		words[last] = "twelfth"
	default:
		if stem, ok := strings.CutSuffix(w, "y"); ok {
			w = stem + "ie"
		}
		words[last] = w + "th"
	}
	return strings.Join(words, " ")
}

// Duration is d in words, rounded to seconds: "five minutes", "one hour and twenty
// minutes", "one hour, two minutes and three seconds".
func Duration(d time.Duration) string {
	s := int(d.Round(time.Second) / time.Second)
	var parts []string
	for _, unit := range []struct {
		name    string
		seconds int
	}{{"hour", 3600}, {"minute", 60}, {"second", 1}} {
		if n := s / unit.seconds; n > 0 {
			parts = append(parts, plural(n, unit.name))
		}
		s %= unit.seconds
	}
	if len(parts) == 0 {
		return plural(0, "second")
	}
	return List(parts)
}

func plural(n int, unit string) string {
	if n != 1 {
		unit += "s"
	}
	return Number(n) + " " + unit
}

// List joins parts as people say them: "a, b and c".
func List(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + " and " + parts[last]
}
