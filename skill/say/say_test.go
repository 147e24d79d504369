package say

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // where the machine has none
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

func TestWhen(t *testing.T) {
	now := time.Date(2026, 11, 26, 20, 0, 0, 0, time.UTC) // a Thursday
	for in, want := range map[string]string{
		"2026-11-26T07:00": "seven o'clock this morning",
		"2026-11-26T12:00": "noon today",
		"2026-11-26T21:30": "half past nine this evening",
		"2026-11-26T22:15": "quarter past ten tonight",
		"2026-11-27T00:00": "midnight tonight",
		"2026-11-27T00:05": "five past twelve tomorrow morning",
		"2026-11-27T06:30": "half past six tomorrow morning",
		"2026-11-27T12:00": "noon tomorrow",
		"2026-11-27T14:00": "two o'clock tomorrow afternoon",
		"2026-11-28T00:00": "midnight tomorrow night",
		"2026-11-30T19:00": "seven o'clock on Monday evening",
		"2026-12-02T12:00": "noon on Wednesday",
		"2026-12-03T08:00": "eight o'clock in the morning on Thursday, the third of December",
		"2026-12-03T23:10": "ten past eleven at night on Thursday, the third of December",
		"2026-12-25T12:00": "noon on Friday, the twenty fifth of December",
		"2027-01-05T00:00": "midnight on Monday, the fourth of January",
		"2026-11-25T08:00": "eight o'clock in the morning on Wednesday, the twenty fifth of November",
	} {
		at, err := time.Parse("2006-01-02T15:04", in)
		if err != nil {
			t.Fatal(err)
		}
		if got := When(at, now); got != want {
			t.Errorf("When(%s) = %q, want %q", in, got, want)
		}
	}
}

func TestTimeOfDay(t *testing.T) {
	for in, want := range map[string]string{
		"00:00": "midnight", "00:05": "five past twelve in the morning", "06:30": "half past six in the morning", "12:00": "noon",
		"12:10": "ten past twelve in the afternoon", "19:00": "seven o'clock in the evening", "23:10": "ten past eleven at night",
	} {
		at, err := time.Parse("15:04", in)
		if err != nil {
			t.Fatal(err)
		}
		if got := TimeOfDay(at); got != want {
			t.Errorf("TimeOfDay(%s) = %q, want %q", in, got, want)
		}
	}
}

// A day counts that is shorter than others.
func TestDays(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	a := time.Date(2026, 3, 28, 23, 59, 0, 0, zone)
	for n := range 4 {
		if got := Days(a, time.Date(2026, 3, 28+n, 0, 1, 0, 0, zone)); got != n {
			t.Errorf("%d days are %d", n, got)
		}
	}
	if got := Days(a, a.AddDate(0, 0, -30)); got != -30 {
		t.Errorf("30 days ago are %d", got)
	}
}

func TestSpan(t *testing.T) {
	for in, want := range map[time.Duration]string{
		5 * time.Minute: "five minute", time.Hour: "one hour", 150 * time.Minute: "two hour and thirty minute", 30 * time.Second: "thirty second",
	} {
		if got := Span(in); got != want {
			t.Errorf("Span(%s) = %q, want %q", in, got, want)
		}
	}
	if Capital("a timer") != "A timer" || Capital("élan") != "Élan" || Capital("") != "" {
		t.Error("capitals")
	}
}
