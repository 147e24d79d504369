package intent

import (
	"slices"
	"strings"
	"testing"
	"time"

	"vapd/skill/say"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	e := NewEnglish()
	set := func(d time.Duration) Intent { return Intent{Kind: SetTimer, Duration: d} }
	for text, want := range map[string]Intent{
		"What time is it?":                             {Kind: TellTime},
		"what's the time":                              {Kind: TellTime},
		"What’s today's date?":                         {Kind: TellDate},
		"whats the date":                               {Kind: TellDate},
		"Set a timer for 5 minutes.":                   set(5 * time.Minute),
		"set a 5-minute timer":                         set(5 * time.Minute),
		"SET A TIMER FOR 30 SECONDS":                   set(30 * time.Second),
		"timer for an hour":                            set(time.Hour),
		"set a minute timer":                           set(time.Minute),
		"start a timer for half an hour":               set(30 * time.Minute),
		"set a timer for an hour and a half":           set(90 * time.Minute),
		"set a timer for one minute and a half":        set(90 * time.Second),
		"set a timer for two and a half hours":         set(150 * time.Minute),
		"set a two and a half minute timer":            set(150 * time.Second),
		"set a timer for twenty-five minutes":          set(25 * time.Minute),
		"set a timer for one hour and twenty minutes":  set(80 * time.Minute),
		"set a timer for 1 hour 20 minutes":            set(80 * time.Minute),
		"set a timer for 10 minutes and 15 seconds":    set(10*time.Minute + 15*time.Second),
		"set a timer for a quarter of an hour":         set(15 * time.Minute),
		"set a timer for three quarters of an hour":    set(45 * time.Minute),
		"set a half hour timer":                        set(30 * time.Minute),
		"start a 90 minute timer":                      set(90 * time.Minute),
		"cancel the timer":                             {Kind: CancelTimer},
		"cancel all timers":                            {Kind: CancelTimer, All: true},
		"stop my timers":                               {Kind: CancelTimer, All: true},
		"cancel the five minute timer":                 {Kind: CancelTimer, Duration: 5 * time.Minute},
		"How long is left?":                            {Kind: TellTimer},
		"how much time is left on my ten minute timer": {Kind: TellTimer, Duration: 10 * time.Minute},
		"volume up":                                    {Kind: ChangeVolume, Steps: 1},
		"turn it up":                                   {Kind: ChangeVolume, Steps: 1},
		"make it quieter":                              {Kind: ChangeVolume, Steps: -1},
		"set the volume to 5":                          {Kind: SetVolume, Volume: 50},
		"set the volume to ten":                        {Kind: SetVolume, Volume: 100},
		"volume 5 %":                                   {Kind: SetVolume, Volume: 5},
		"set volume to 35":                             {Kind: SetVolume, Volume: 35},
		"volume to one hundred percent":                {Kind: SetVolume, Volume: 100},
		"volume zero":                                  {Kind: SetVolume, Volume: 0},
		"Stop!":                                        {Kind: Stop},
		"never mind":                                   {Kind: Stop},
		"what can I say":                               {Kind: Help},
	} {
		if got, ok := e.Parse(text); !ok || got != want {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", text, got, ok, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	e := NewEnglish()
	for _, text := range []string{
		"", "   ", "?!", "set a timer", "set a timer for", "set a timer for five", "five minutes",
		"what time is it in new york", "volume", "volume one hundred one", "set a timer for 5 parsecs",
		"set a timer for 99999999999999999999 minutes", "set a timer for 0 minutes", "set a timer for 1.5 minutes",
		"stop stop", strings.Repeat("set a timer for five minutes ", 10_000),
	} {
		if got, ok := e.Parse(text); ok {
			t.Errorf("Parse(%.40q) = %+v; want nothing", text, got)
		}
	}
}

// spoken is a sentence of the grammar and what it must mean, found by a way that has
// nothing in common with Parse: numbers are drawn first and then put into words.
func TestGrammarMeansWhatItSays(t *testing.T) {
	e := NewEnglish()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 99).Draw(t, "n")
		m := rapid.IntRange(2, 99).Draw(t, "m")
		unit := rapid.SampledFrom([]string{"second", "minute", "hour"}).Draw(t, "unit")
		size := map[string]time.Duration{"second": time.Second, "minute": time.Minute, "hour": time.Hour}[unit]
		d := time.Duration(n) * size
		for text, want := range map[string]Intent{
			"set a timer for " + say.Number(n) + " " + unit + "s":                         {Kind: SetTimer, Duration: d},
			"set a " + say.Number(n) + " " + unit + " timer":                              {Kind: SetTimer, Duration: d},
			"cancel the " + say.Number(n) + " " + unit + " timer":                         {Kind: CancelTimer, Duration: d},
			"timer for " + say.Number(n) + " hours and " + say.Number(m) + " minutes":     {Kind: SetTimer, Duration: time.Duration(n)*time.Hour + time.Duration(m)*time.Minute},
			"set a timer for " + say.Number(n) + " minutes " + say.Number(m) + " seconds": {Kind: SetTimer, Duration: time.Duration(n)*time.Minute + time.Duration(m)*time.Second},
			"set a timer for " + say.Number(n) + " and a half hours":                      {Kind: SetTimer, Duration: time.Duration(n)*time.Hour + 30*time.Minute},
			"set the volume to " + say.Number(n) + " percent":                             {Kind: SetVolume, Volume: n},
			"how long is left on the " + say.Number(n) + " " + unit + " timer":            {Kind: TellTimer, Duration: d},
		} {
			if got, ok := e.Parse(text); !ok || got != want {
				t.Fatalf("Parse(%q) = %+v, %v; want %+v", text, got, ok, want)
			}
		}
	})
}

// Whatever the grammar produces parses, to an intent that is whole, and to the same
// one with its numbers as digits.
func TestEverySentenceParses(t *testing.T) {
	e := NewEnglish()
	g := e.Sentences()
	rapid.Check(t, func(t *rapid.T) {
		words := draw(t, g, "sentence")
		text := strings.Join(words, " ")
		got, ok := e.Parse(text)
		if !ok {
			t.Fatalf("Parse(%q) failed", text)
		}
		if got.Kind == SetTimer && got.Duration < time.Second || got.Volume < 0 || got.Volume > 100 {
			t.Fatalf("Parse(%q) = %+v", text, got)
		}
		if again, ok := e.Parse(withDigits(words)); !ok || again != got {
			t.Fatalf("Parse(%q) = %+v, %v; in words it is %+v", withDigits(words), again, ok, got)
		}
	})
}

// draw makes a random sentence of rule.
func draw(t *rapid.T, g map[string][]string, rule string) []string {
	var out []string
	for _, token := range unweighted(rapid.SampledFrom(g[rule]).Draw(t, rule)) {
		if name, ok := reference(token); ok {
			out = append(out, draw(t, g, name)...)
		} else {
			out = append(out, token)
		}
	}
	return out
}

// withDigits is the sentence with every number word pair up to 99 as digits.
func withDigits(words []string) string {
	out := slices.Clone(words)
	for n := 99; n > 0; n-- {
		in := strings.Fields(say.Number(n))
		for i := 0; i+len(in) <= len(out); i++ {
			// "twenty five minute" is one number, "three quarters" is none.
			if slices.Equal(out[i:i+len(in)], in) && !(i+len(in) < len(out) && (out[i+len(in)] == "hundred")) {
				out = slices.Replace(out, i, i+len(in), digits(n))
			}
		}
	}
	return strings.Join(out, " ")
}

func digits(n int) string {
	if n >= 10 {
		return string(rune('0'+n/10)) + string(rune('0'+n%10))
	}
	return string(rune('0' + n))
}

// The grammar refers only to rules that it has, and has no rule without use.
func TestGrammarIsClosed(t *testing.T) {
	g := NewEnglish().Sentences()
	used := map[string]bool{"sentence": true}
	for rule, alternatives := range g {
		if len(alternatives) == 0 {
			t.Errorf("rule %s has no alternative", rule)
		}
		for _, a := range alternatives {
			for _, token := range strings.Fields(a) {
				if name, ok := reference(token); ok {
					used[name] = true
					if g[name] == nil {
						t.Errorf("rule %s refers to <%s>, which is not there", rule, name)
					}
				}
			}
		}
	}
	for rule := range g {
		if !used[rule] {
			t.Errorf("rule %s is not used", rule)
		}
	}
}

func FuzzParse(f *testing.F) {
	e := NewEnglish()
	for _, s := range []string{"set a timer for 5 minutes", "volume 100%", "what's the time?", "5min timer", "\xff'’%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, ok := e.Parse(text); ok && got.Kind == "" {
			t.Errorf("Parse(%q) = %+v", text, got)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	e := NewEnglish()
	for b.Loop() {
		e.Parse("how much time is left on my twenty five minute timer")
	}
}

// What is said of a timer is understood when it is said back.
func TestDurationParses(t *testing.T) {
	e := NewEnglish()
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.IntRange(1, 59).Draw(t, "minutes"))*time.Minute +
			time.Duration(rapid.IntRange(0, 59).Draw(t, "seconds"))*time.Second
		text := "set a timer for " + say.Duration(d)
		if got, ok := e.Parse(text); !ok || got.Duration != d {
			t.Fatalf("Parse(%q) = %+v, %v; want %s", text, got, ok, d)
		}
	})
}
