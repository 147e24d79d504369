package entity

import (
	"strings"
	"time"

	"vapd/hub/intent/normal"
)

// english has the words of entities that are listed.
type english struct {
	colours, rooms, switches, countries, states map[string]string
	relatives, feasts                           map[string]string // days
	months, weekdays                            map[string]int
	begins                                      map[string]bool // the first words of all phrases
}

func newEnglish() *english {
	e := &english{
		colours: colours(), rooms: rooms(), switches: switches(), countries: countries(), states: states(),
		relatives: relatives(), feasts: feasts(), months: make(map[string]int), weekdays: make(map[string]int),
		begins: make(map[string]bool),
	}
	for m := time.January; m <= time.December; m++ {
		name := strings.ToLower(m.String())
		e.months[name], e.months[name[:3]] = int(m), int(m)
	}
	e.months["sept"] = int(time.September)
	for d := time.Sunday; d <= time.Saturday; d++ {
		name := strings.ToLower(d.String())
		e.weekdays[name], e.weekdays[name[:3]], e.weekdays[name+"s"] = int(d), int(d), int(d)
	}
	delete(e.weekdays, "sun") // shines
	for _, list := range []map[string]string{e.colours, e.rooms, e.switches, e.countries, e.states, e.relatives, e.feasts} {
		for phrase := range list {
			first, _, _ := strings.Cut(phrase, " ")
			e.begins[first] = true
		}
	}
	return e
}

// findEnglish is the Find of English.
func findEnglish() func(tokens []normal.Token, now time.Time) []Match {
	words := newEnglish()
	return func(tokens []normal.Token, now time.Time) []Match {
		r := reader{tokens, now, words}
		var out []Match
		for i := range tokens {
			out = r.at(out, i)
		}
		return out
	}
}

// at adds the entities that begin at word i to out.
func (e reader) at(out []Match, i int) []Match {
	add := func(k Kind, value string, end int, weak bool) {
		if end > i {
			out = append(out, Match{k, i, end, value, weak})
		}
	}
	n, end := e.number(i)
	add(Number, text(n), end, false)
	if end > i {
		e.measures(add, n, end)
	}
	o, end := e.ordinal(i)
	add(Ordinal, text(float64(o)), end, o == -1)
	s, end := e.duration(i)
	add(Duration, s.iso(), end, false)
	if c, end, weak := e.clock(i); end > i {
		add(Time, c.on(e.now, e.now, false).Format(minuteFormat), end, weak)
	}
	d, end, weak := e.days(i)
	add(Date, d.String(), end, weak)
	moment, end, weak := e.moment(i)
	add(DateTime, moment, end, weak)
	v, end := e.phrase(i, e.colours)
	add(Colour, v, end, false)
	v, end = e.phrase(i, e.rooms)
	add(Room, v, end, false)
	v, end = e.phrase(i, e.switches)
	add(OnOff, v, end, false)
	v, end = e.phrase(i, e.countries)
	add(Country, v, end, false)
	v, end = e.phrase(i, e.states)
	add(State, v, end, false)
	return out
}

// measures adds what a number is that has a unit behind it, or could have one.
func (e reader) measures(add func(Kind, string, int, bool), n float64, end int) {
	if w := e.word(end); w == "percent" || w == "per" && e.word(end+1) == "cent" {
		next := end + 1
		if w == "per" {
			next++
		}
		add(Percentage, text(n), next, false)
		return
	}
	unit, next := e.degrees(end)
	add(Temperature, text(n)+unit, max(next, end), next == end)
	if n >= 0 && n <= 100 {
		add(Percentage, text(n), end, true)
	}
}

// degrees reads "degrees", and the scale.
func (e reader) degrees(i int) (unit string, end int) {
	end = i
	if w := e.word(i); w == "degrees" || w == "degree" {
		end++
	}
	switch e.word(end) {
	case "celsius", "centigrade":
		return " C", end + 1
	case "fahrenheit":
		return " F", end + 1
	case "c":
		return " C", end + 1
	case "f":
		return " F", end + 1
	}
	return "", end
}

// listed is a table from names to values, in which most names are their own value.
func listed(names []string, others map[string]string) map[string]string {
	for _, n := range names {
		others[n] = n
	}
	return others
}

func colours() map[string]string {
	return listed([]string{
		"red", "green", "blue", "yellow", "orange", "purple", "pink", "white", "black", "brown", "gray", "cyan", "magenta",
		"turquoise", "violet", "indigo", "gold", "silver", "lime", "teal", "navy", "beige", "warm white", "cold white",
		"dark blue", "light blue", "dark green", "light green", "dark red", "lavender", "amber", "coral", "crimson", "maroon", "olive",
	}, map[string]string{"cool white": "cold white", "navy blue": "navy", "sky blue": "light blue", "lilac": "lavender", "golden": "gold"})
}

func rooms() map[string]string {
	out := listed([]string{
		"living room", "kitchen", "bedroom", "bathroom", "dining room", "hallway", "office", "study", "garage", "garden", "basement",
		"attic", "balcony", "terrace", "nursery", "guest room", "laundry room", "entrance", "stairs", "library", "children's room",
		"kids room", "playroom", "workshop", "pantry", "porch", "patio", "toilet", "shower", "wardrobe", "master bedroom", "guest bathroom",
		"conservatory", "cellar", "utility room", "front yard", "backyard", "driveway", "corridor", "den", "family room", "gym", "sauna", "closet",
	}, map[string]string{
		"lounge": "living room", "sitting room": "living room", "hall": "hallway", "restroom": "toilet", "washroom": "bathroom",
		"loft": "attic", "cupboard": "closet", "veranda": "porch", "kid 's room": "kids room", "bath": "bathroom", "yard": "garden",
	})
	delete(out, "children's room")
	out["children 's room"], out["childrens room"] = "children's room", "children's room"
	return out
}

func switches() map[string]string {
	return map[string]string{"on": "on", "off": "off"}
}

func englishSamples() map[Kind][]string {
	return map[Kind][]string{
		Number:      {"3", "seven", "12", "twenty five", "100", "one", "two and a half"},
		Ordinal:     {"first", "second", "3rd", "tenth", "last", "twenty first"},
		Duration:    {"5 minutes", "an hour", "ten minutes", "half an hour", "1 hour and 20 minutes", "30 seconds", "two weeks", "an hour and a half"},
		Time:        {"7 pm", "seven", "half past 8", "6:30 am", "noon", "quarter to nine", "10 o'clock", "eight in the morning"},
		Date:        {"tomorrow", "next friday", "may 3rd", "today", "the 12th of june", "this weekend", "monday", "christmas"},
		DateTime:    {"tomorrow at 7 pm", "this evening", "friday morning", "tonight", "in 2 hours", "8 am on monday", "tomorrow", "at noon", "next week"},
		Percentage:  {"50 percent", "20 %", "hundred percent", "75", "five percent"},
		Temperature: {"21 degrees", "20", "70 degrees fahrenheit", "minus 5 degrees", "18 celsius"},
		Colour:      {"red", "blue", "warm white", "green", "light blue", "purple", "orange"},
		Room:        {"kitchen", "living room", "bedroom", "office", "garage", "dining room"},
		OnOff:       {"on", "off"},
		Country:     {"france", "germany", "japan", "united states", "new zealand", "brazil"},
		State:       {"new york", "california", "texas", "ohio", "north carolina"},
	}
}
