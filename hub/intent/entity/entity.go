// Package entity finds what people mean everywhere: numbers, ordinals, durations, times,
// dates, percentages, temperatures, colours, rooms, and on and off. Skills name these
// kinds in their slots and need not define them.
package entity

import (
	"slices"
	"time"

	"vapd/hub/intent/normal"
)

// Kind is a kind of entity. It is also the name by which slots ask for it.
type Kind string

// Kinds of entities, with their values.
const (
	Number      Kind = "number"      // decimal: "25", "-3", "2.5"
	Ordinal     Kind = "ordinal"     // "3"; the last is "-1"
	Duration    Kind = "duration"    // ISO 8601: "PT1H30M", "P2W"
	Time        Kind = "time"        // of day, the next one: "2026-11-26T19:00"
	Date        Kind = "date"        // "2026-11-27", or the interval "2026-11-28/2026-11-29"
	DateTime    Kind = "datetime"    // one of the two, or both
	Percentage  Kind = "percentage"  // "50"
	Temperature Kind = "temperature" // "21", "21 C", "70 F"
	Colour      Kind = "colour"      // "blue"
	Room        Kind = "room"        // "living room"
	OnOff       Kind = "on_off"      // "on", "off"
	Country     Kind = "country"     // "france"
	State       Kind = "us_state"    // "new york"
)

// Kinds are all of them.
func Kinds() []Kind {
	return []Kind{Number, Ordinal, Duration, Time, Date, DateTime, Percentage, Temperature, Colour, Room, OnOff, Country, State}
}

// Named is the kind that a slot's entity stands for: the name of a Kind, or what others
// call it ("color", "snips/datetime").
func Named(name string) (Kind, bool) {
	if k := Kind(name); slices.Contains(Kinds(), k) {
		return k, true
	}
	k, ok := map[string]Kind{
		"color": Colour, "on/off": OnOff, "onoff": OnOff, "percent": Percentage,
		"snips/number": Number, "snips/ordinal": Ordinal, "snips/duration": Duration, "snips/datetime": DateTime,
		"snips/time": Time, "snips/date": Date, "snips/percentage": Percentage, "snips/temperature": Temperature,
	}[name]
	return k, ok
}

// Match is an entity in a sentence.
type Match struct {
	Kind       Kind
	Start, End int    // tokens
	Value      string // as its Kind says
	// Weak is that it only is one where one is asked for: "seven" as a time.
	Weak bool
}

// Language finds entities in one language.
type Language struct {
	find    func(tokens []normal.Token, now time.Time) []Match
	samples map[Kind][]string
	spoken  map[string][]string
}

// For is the language of a BCP 47 tag; its region does not matter. Of languages other
// than English it knows numbers and percentages in digits.
func For(tag string) Language {
	if base := tag[:min(len(tag), 2)]; (base == "en" || base == "EN") && (len(tag) == 2 || tag[2] == '-') {
		return Language{find: findEnglish(), samples: englishSamples(), spoken: englishSpoken()}
	}
	return Language{find: findDigits, samples: map[Kind][]string{
		Number: {"1", "2", "5", "10", "25"}, Percentage: {"10 %", "50 %"},
	}}
}

// Find are the entities among tokens, in normal form, as they are said at now: for each
// token and kind the longest that begins there.
func (l Language) Find(tokens []normal.Token, now time.Time) []Match { return l.find(tokens, now) }

// Samples are ways to say an entity, to learn sentences from; none where the language
// has no such kind.
func (l Language) Samples(k Kind) []string { return l.samples[k] }

// findDigits is for languages that we have no words of.
func findDigits(tokens []normal.Token, now time.Time) []Match {
	r := reader{tokens: tokens, now: now}
	var out []Match
	for i := range tokens {
		n, end := r.number(i)
		if end == i {
			continue
		}
		out = append(out, Match{Number, i, end, text(n), false})
		if r.word(end) == "percent" {
			out = append(out, Match{Percentage, i, end + 1, text(n), false})
		}
	}
	return out
}
