package entity

import (
	"testing"
	"time"

	"vapd/hub/intent/normal"
)

// now is a Thursday morning.
func now() time.Time { return time.Date(2026, 11, 26, 9, 30, 0, 0, time.UTC) }

// longest is the value of the entity of a kind that is the whole text; empty where there
// is none.
func whole(l Language, words normal.Language, k Kind, text string) (value string, weak bool) {
	tokens := words.Tokens(text)
	for _, m := range l.Find(tokens, now()) {
		if m.Kind == k && m.Start == 0 && m.End == len(tokens) {
			return m.Value, m.Weak
		}
	}
	return "", false
}

func TestEnglish(t *testing.T) {
	l, words := For("en-GB"), normal.For("en-GB")
	for k, table := range map[Kind]map[string]string{
		Number: {
			"25": "25", "twenty five": "25", "minus three": "-3", "negative 3": "-3", "-3": "-3", "3.5": "3.5", "three point one four": "3.14",
			"two and a half": "2.5", "half": "0.5", "a dozen": "12", "a hundred and one": "101", "1,000": "1000", "zero": "0",
			"five apples": "", "apples": "", "99999999999999999999": "",
		},
		Ordinal: {"first": "1", "second": "2", "2nd": "2", "3rd": "3", "twenty first": "21", "twenty second": "22", "last": "-1", "five": "", "north": ""},
		Duration: {
			"5 minutes": "PT5M", "five minutes": "PT5M", "an hour": "PT1H", "an hour and a half": "PT1H30M", "half an hour": "PT30M",
			"a quarter of an hour": "PT15M", "three quarters of an hour": "PT45M", "1 hour and 20 minutes": "PT1H20M", "1 hour 20 minutes 5 seconds": "PT1H20M5S",
			"two and a half hours": "PT2H30M", "ninety minutes": "PT1H30M", "90 seconds": "PT1M30S", "3 days": "P3D", "two weeks": "P2W",
			"a week and 2 days": "P9D", "a couple of hours": "PT2H", "a month": "P1M", "1 year and six months": "P1Y6M", "1.5 hours": "PT1H30M",
			"five": "", "minutes": "", "20 minutes and 1 hour": "", "minus 5 minutes": "", "zero seconds": "PT0S", "half a day": "PT12H",
		},
		Time: {
			"7 pm": "2026-11-26T19:00", "7pm": "2026-11-26T19:00", "at 7 pm": "2026-11-26T19:00", "seven a.m.": "2026-11-27T07:00",
			"19:30": "2026-11-26T19:30", "7:30": "2026-11-26T19:30", "11:15": "2026-11-26T11:15", "half past seven": "2026-11-26T19:30",
			"quarter to 10": "2026-11-26T09:45", "a quarter past nine": "2026-11-26T21:15", "ten to eleven in the morning": "2026-11-26T10:50",
			"20 minutes past 4": "2026-11-26T16:20", "noon": "2026-11-26T12:00", "midnight": "2026-11-27T00:00", "10 o'clock": "2026-11-26T10:00",
			"seven thirty": "2026-11-26T19:30", "seven thirty pm": "2026-11-26T19:30", "8 in the evening": "2026-11-26T20:00", "12 am": "2026-11-27T00:00",
			"12 pm": "2026-11-26T12:00", "25:00": "", "7:99": "", "13 pm": "", "quarter to 25": "", "nineteen": "2026-11-26T19:00",
		},
		Date: {
			"today": "2026-11-26", "tomorrow": "2026-11-27", "yesterday": "2026-11-25", "the day after tomorrow": "2026-11-28",
			"friday": "2026-11-27", "on friday": "2026-11-27", "thursday": "2026-12-03", "next thursday": "2026-12-03", "this thursday": "2026-11-26",
			"last monday": "2026-11-23", "last friday": "2026-11-20", "this weekend": "2026-11-28/2026-11-29", "next week": "2026-11-30/2026-12-06",
			"this month": "2026-11-01/2026-11-30", "next year": "2027-01-01/2027-12-31", "may 3rd": "2027-05-03", "the 3rd of may": "2027-05-03",
			"3 may": "2027-05-03", "may the third 2028": "2028-05-03", "december 24": "2026-12-24", "december 24th, 2030": "2030-12-24",
			"in 3 days": "2026-11-29", "2 weeks from now": "2026-12-10", "three days ago": "2026-11-23", "christmas": "2026-12-25",
			"christmas eve": "2026-12-24", "new year's day": "2027-01-01", "february": "2027-02-01/2027-02-28", "march 2028": "2028-03-01/2028-03-31",
			"2026-12-05": "2026-12-05", "on the 28th": "2026-11-28", "on the 3rd": "2026-12-03", "the weekend": "2026-11-28/2026-11-29",
			"in 1000000000 years": "", "may 45th": "", "someday": "", "in 3 hours": "", "january first, twenty thirty": "2030-01-01",
		},
		DateTime: {
			"tomorrow at 7 pm": "2026-11-27T19:00", "tomorrow at seven": "2026-11-27T07:00", "7 pm tomorrow": "2026-11-27T19:00",
			"friday morning": "2026-11-27T06:00/2026-11-27T12:00", "tomorrow in the evening": "2026-11-27T18:00/2026-11-27T22:00",
			"tonight": "2026-11-26T18:00/2026-11-27T00:00", "this afternoon": "2026-11-26T12:00/2026-11-26T18:00", "tonight at 8": "2026-11-26T20:00",
			"8 tonight": "2026-11-26T20:00", "in 5 minutes": "2026-11-26T09:35:00", "in 2 hours": "2026-11-26T11:30:00", "in 3 days": "2026-11-29",
			"half an hour ago": "2026-11-26T09:00:00", "two hours from now": "2026-11-26T11:30:00", "on monday at 8 am": "2026-11-30T08:00",
			"8 am on monday": "2026-11-30T08:00", "next week": "2026-11-30/2026-12-06", "today at 3": "2026-11-26T15:00",
			"the 3rd of may at noon": "2027-05-03T12:00", "noon": "2026-11-26T12:00", "tomorrow": "2026-11-27", "in an hour and a half": "2026-11-26T11:00:00",
			"at 6 tomorrow morning": "2026-11-27T06:00", "tomorrow morning at six": "2026-11-27T06:00", "tomorrow evening at half past six": "2026-11-27T18:30",
			"half past six tomorrow evening": "2026-11-27T18:30", "7 this evening": "2026-11-26T19:00", "this afternoon at 2": "2026-11-26T14:00",
			"at 12 tonight": "2026-11-27T00:00", "12 this afternoon": "2026-11-26T12:00", "11 in the morning": "2026-11-26T11:00", "at 10 this morning": "2026-11-26T10:00", "friday night at 20:30": "2026-11-27T20:30",
			"7 in the morning on monday": "2026-11-30T07:00", "tomorrow in the morning at 8": "2026-11-27T08:00",
			"tomorrow afternoon": "2026-11-27T12:00/2026-11-27T18:00", "whenever": "",
		},
		Percentage:  {"50 percent": "50", "50%": "50", "fifty per cent": "50", "a hundred percent": "100", "12.5 %": "12.5", "50": "50", "500": "", "percent": ""},
		Temperature: {"21 degrees": "21", "21°": "21", "-5 degrees celsius": "-5 C", "seventy degrees fahrenheit": "70 F", "70 f": "70 F", "21 c": "21 C", "21": "21", "degrees": ""},
		Colour:      {"blue": "blue", "Light Blue": "light blue", "grey": "gray", "cool white": "cold white", "loud": ""},
		Room:        {"kitchen": "kitchen", "living room": "living room", "lounge": "living room", "children's room": "children's room", "room": ""},
		OnOff:       {"on": "on", "OFF": "off", "one": ""},
		Country:     {"France": "france", "united states of america": "united states of america", "narnia": ""},
		State:       {"New York": "new york", "TX": "texas", "in": ""},
	} {
		for text, want := range table {
			if got, _ := whole(l, words, k, text); got != want {
				t.Errorf("%s %q: %q, want %q", k, text, got, want)
			}
		}
	}
}

func TestWeak(t *testing.T) {
	l, words := For("en"), normal.For("en")
	for _, c := range []struct {
		kind Kind
		text string
		weak bool
	}{
		{Time, "seven", true},
		{Time, "at seven", false},
		{Time, "7 pm", false},
		{Percentage, "50", true},
		{Percentage, "50%", false},
		{Temperature, "20", true},
		{Temperature, "20 degrees", false},
		{Date, "may", true},
		{Date, "june", false},
		{Ordinal, "last", true},
		{Number, "7", false},
	} {
		if value, weak := whole(l, words, c.kind, c.text); value == "" || weak != c.weak {
			t.Errorf("%s %q: %q, weak %v", c.kind, c.text, value, weak)
		}
	}
}

// Where the zone is not that of the test, times are those of the zone.
func TestZone(t *testing.T) {
	berlin := time.FixedZone("CET", 3600)
	at := time.Date(2026, 12, 31, 23, 30, 0, 0, berlin)
	for text, want := range map[string]string{"tomorrow": "2027-01-01", "at 7": "2027-01-01T07:00", "in an hour": "2027-01-01T00:30:00", "11 pm": "2027-01-01T23:00"} {
		tokens := normal.For("en").Tokens(text)
		got := ""
		for _, m := range For("en").Find(tokens, at) {
			if m.Kind == DateTime && m.End == len(tokens) && m.Start == 0 {
				got = m.Value
			}
		}
		if got != want {
			t.Errorf("%q at %s: %q, want %q", text, at, got, want)
		}
	}
}

// Every sample is what it is a sample of.
func TestSamples(t *testing.T) {
	for _, tag := range []string{"en", "de", "zh"} {
		l, words := For(tag), normal.For(tag)
		for _, k := range Kinds() {
			for _, s := range l.Samples(k) {
				if got, _ := whole(l, words, k, s); got == "" {
					t.Errorf("%s: %q is no %s", tag, s, k)
				}
			}
			if tag == "en" && len(l.Samples(k)) == 0 {
				t.Errorf("%s has no samples", k)
			}
		}
	}
}

func TestOtherLanguages(t *testing.T) {
	l, words := For("de-AT"), normal.For("de-AT")
	for text, want := range map[string]string{"25": "25", "25 %": "25", "-3": "-3"} {
		k := Number
		if text == "25 %" {
			k = Percentage
		}
		if got, _ := whole(l, words, k, text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
	if got := For("").Find(words.Tokens("morgen um 7"), now()); len(got) != 1 || got[0].Value != "7" {
		t.Errorf("%+v", got)
	}
}

func TestNamed(t *testing.T) {
	for name, want := range map[string]Kind{"number": Number, "color": Colour, "snips/datetime": DateTime, "on/off": OnOff, "device": "", "": ""} {
		if got, ok := Named(name); got != want || ok != (want != "") {
			t.Errorf("%q: %q %v", name, got, ok)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, s := range []string{
		"tomorrow at half past seven in the evening", "in 99999999999 years and 3 seconds", "minus 5 point 5 degrees", "the 31st of february 2027",
		"quarter to midnight on the last friday", "a couple of hours ago", "2026 13 45", "twenty second second", "20 26 of may",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tokens := normal.For("en").Tokens(text)
		if len(tokens) > 64 {
			return
		}
		for _, m := range For("en").Find(tokens, now()) {
			if m.Start < 0 || m.End <= m.Start || m.End > len(tokens) || m.Value == "" {
				t.Fatalf("%q: %+v", text, m)
			}
		}
	})
}
