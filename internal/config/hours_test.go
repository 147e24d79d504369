package config

import (
	"testing"
	"time"
)

func TestHours(t *testing.T) {
	at := func(hour, minute int) time.Time { return time.Date(2026, 11, 26, hour, minute, 59, 0, time.UTC) }
	for text, c := range map[string]struct{ in, out []time.Time }{
		"22:00-07:00": {[]time.Time{at(22, 0), at(23, 59), at(0, 0), at(6, 59)}, []time.Time{at(7, 0), at(12, 0), at(21, 59)}},
		"13:00-14:30": {[]time.Time{at(13, 0), at(14, 29)}, []time.Time{at(12, 59), at(14, 30), at(0, 0)}},
		"00:00-06:00": {[]time.Time{at(0, 0), at(5, 59)}, []time.Time{at(6, 0), at(23, 59)}},
		"":            {nil, []time.Time{at(0, 0), at(12, 0)}},
	} {
		h, err := ParseHours(text)
		if err != nil {
			t.Error(err)
		}
		for _, in := range c.in {
			if !h.Has(in) {
				t.Errorf("%q does not have %v", text, in)
			}
		}
		for _, out := range c.out {
			if h.Has(out) {
				t.Errorf("%q has %v", text, out)
			}
		}
	}
	for _, text := range []string{"22:00", "22-7", "24:00-07:00", "22:00-22:00", "-", "22:00-07:00-08:00", "ten-eleven"} {
		if _, err := ParseHours(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
