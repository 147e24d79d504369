package config

import (
	"fmt"
	"strings"
	"time"
)

// Hours are hours of every day, "22:00-07:00"; the zero Hours are none.
type Hours struct{ From, To time.Duration } // since midnight, by the clock on the wall

// ParseHours reads two times of day, or nothing.
func ParseHours(text string) (h Hours, err error) {
	if text == "" {
		return Hours{}, nil
	}
	wrong := fmt.Errorf("%q: want two times of day like \"22:00-07:00\", or nothing", text)
	from, to, ok := strings.Cut(text, "-")
	if !ok {
		return Hours{}, wrong
	}
	for _, t := range []struct {
		text string
		into *time.Duration
	}{{from, &h.From}, {to, &h.To}} {
		at, err := time.Parse("15:04", t.text)
		if err != nil {
			return Hours{}, wrong
		}
		*t.into = sinceMidnight(at)
	}
	if h.From == h.To {
		return Hours{}, fmt.Errorf("%q is no time at all: want two times of day that differ, or nothing", text)
	}
	return h, nil
}

func sinceMidnight(t time.Time) time.Duration {
	hour, minute, _ := t.Clock()
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
}

// Has reports whether a time is in these hours, by the clock of its zone.
func (h Hours) Has(t time.Time) bool {
	at := sinceMidnight(t)
	if h.From <= h.To {
		return h.From <= at && at < h.To
	}
	return at >= h.From || at < h.To
}
