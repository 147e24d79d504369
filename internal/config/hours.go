package config

import (
	"fmt"
	"strings"
	"time"
)

// Hours are hours of every day, "22:00-07:00"; the zero Hours are none.
type Hours struct{ From, To time.Duration } // since midnight, by the clock on the wall

// UnmarshalText reads two times of day, or nothing.
func (h *Hours) UnmarshalText(text []byte) error {
	*h = Hours{}
	if len(text) == 0 {
		return nil
	}
	wrong := fmt.Errorf("%q: want two times of day like \"22:00-07:00\", or nothing", text)
	from, to, ok := strings.Cut(string(text), "-")
	if !ok {
		return wrong
	}
	for _, t := range []struct {
		text string
		into *time.Duration
	}{{from, &h.From}, {to, &h.To}} {
		at, err := time.Parse("15:04", t.text)
		if err != nil {
			return wrong
		}
		*t.into = sinceMidnight(at)
	}
	if h.From == h.To {
		return fmt.Errorf("%q is no time at all: want two times of day that differ, or nothing", text)
	}
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (h Hours) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// String is as in the settings.
func (h Hours) String() string {
	if h == (Hours{}) {
		return ""
	}
	midnight := time.Time{}
	return midnight.Add(h.From).Format("15:04") + "-" + midnight.Add(h.To).Format("15:04")
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
