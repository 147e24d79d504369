package say

import (
	"strings"
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	for in, want := range map[string]string{
		"00:00": "midnight", "12:00": "noon", "16:00": "four o'clock", "04:20": "twenty past four",
		"16:15": "quarter past four", "16:30": "half past four", "16:45": "quarter to five",
		"16:40": "twenty to five", "16:17": "seventeen minutes past four", "16:43": "seventeen minutes to five",
		"16:01": "one minute past four", "12:59": "one minute to one", "23:50": "ten to twelve",
		"00:05": "five past twelve", "11:55": "five to twelve",
	} {
		at, err := time.Parse("15:04", in)
		if err != nil {
			t.Fatal(err)
		}
		if got := Clock(at); got != want {
			t.Errorf("Clock(%s) = %q, want %q", in, got, want)
		}
	}
}

func TestDate(t *testing.T) {
	for in, want := range map[string]string{
		"2026-11-25": "Wednesday, the twenty fifth of November",
		"2027-01-01": "Friday, the first of January",
		"2027-02-12": "Friday, the twelfth of February",
		"2027-05-20": "Thursday, the twentieth of May",
		"2027-08-31": "Tuesday, the thirty first of August",
	} {
		day, err := time.Parse(time.DateOnly, in)
		if err != nil {
			t.Fatal(err)
		}
		if got := Date(day); got != want {
			t.Errorf("Date(%s) = %q, want %q", in, got, want)
		}
	}
}

func TestOrdinal(t *testing.T) {
	want := strings.Fields("zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth")
	for n, w := range want {
		if got := Ordinal(n); got != w {
			t.Errorf("Ordinal(%d) = %q, want %q", n, got, w)
		}
	}
}

func TestDuration(t *testing.T) {
	for in, want := range map[time.Duration]string{
		0:                       "zero seconds",
		time.Second:             "one second",
		1400 * time.Millisecond: "one second",
		5 * time.Minute:         "five minutes",
		80 * time.Minute:        "one hour and twenty minutes",
		time.Hour + 2*time.Minute + 3*time.Second: "one hour, two minutes and three seconds",
		time.Hour - time.Millisecond:              "one hour",
	} {
		if got := Duration(in); got != want {
			t.Errorf("Duration(%s) = %q, want %q", in, got, want)
		}
	}
}

func TestNumber(t *testing.T) {
	for in, want := range map[int]string{
		0: "zero", 19: "nineteen", 20: "twenty", 42: "forty two", 100: "one hundred",
		105: "one hundred and five", 1001: "one thousand and one", 2350: "two thousand three hundred and fifty",
		999_999: "nine hundred and ninety nine thousand nine hundred and ninety nine",
		-1:      "-1", 1_000_000: "1000000",
	} {
		if got := Number(in); got != want {
			t.Errorf("Number(%d) = %q, want %q", in, got, want)
		}
	}
}
