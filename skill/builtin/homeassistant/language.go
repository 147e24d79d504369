package homeassistant

import (
	"maps"
	"slices"
	"strings"

	"vapd/protocol/vap"
)

// language is what can be said to a house: all that could be, with the names of the house,
// and without the utterances that need what it has none of.
func language(all vap.NLU, h *house) vap.NLU {
	out := vap.NLU{Language: all.Language}
	known := make(map[string]bool)
	for _, e := range all.Entities {
		if e.Values = h.values(e); len(e.Values) > 0 {
			known[e.Name] = true
			out.Entities = append(out.Entities, e)
		}
	}
	defined := func(name string) bool {
		return known[name] || !slices.ContainsFunc(all.Entities, func(e vap.Entity) bool { return e.Name == name })
	}
	for _, i := range all.Intents {
		i.Utterances = slices.Clone(i.Utterances)
		for _, s := range i.Slots {
			if !defined(s.Entity) {
				i.Utterances = slices.DeleteFunc(i.Utterances, func(u string) bool { return strings.Contains(u, "{"+s.Name+"}") })
			}
		}
		if len(i.Utterances) == 0 || !answerable(i.Name, h) {
			continue
		}
		if len(h.floors) > 0 {
			i.Utterances = onFloors(i.Utterances)
		}
		i.Slots = slices.DeleteFunc(slices.Clone(i.Slots), func(s vap.Slot) bool { return !defined(s.Entity) })
		out.Intents = append(out.Intents, i)
	}
	return out
}

// onFloors adds to utterances what is said of floors: "on the first floor", "upstairs".
func onFloors(all []string) []string {
	for _, u := range slices.Clone(all) {
		for _, other := range []string{"on {area}", "{area}"} {
			if o := strings.Replace(u, "in {area}", other, 1); !slices.Contains(all, o) {
				all = append(all, o)
			}
		}
	}
	return all
}

// answerable reports whether a house has any use for an intent: rooms are only asked for
// where there are several.
func answerable(intent string, h *house) bool {
	return intent != "answer" || len(areas(h.entities)) > 1
}

// words are those of sentences that name no thing: of utterances, of the values that are
// words, and of areas.
func words(all vap.NLU) map[string]bool {
	known := make(map[string]bool)
	note := func(text string) {
		for _, w := range split(text) {
			known[w] = true
		}
	}
	for _, i := range all.Intents {
		for _, u := range i.Utterances {
			note(u)
		}
	}
	for _, e := range all.Entities {
		if classes()[e.Name] != nil {
			continue
		}
		for _, v := range e.Values {
			for _, text := range append(v.Synonyms, v.Value) {
				note(text)
			}
		}
	}
	return known
}

// values are those of an entity of the language model in a house.
func (h *house) values(e vap.Entity) []vap.EntityValue {
	if is := classes()[e.Name]; is != nil {
		return h.names(is)
	}
	if e.Name == "area" {
		return h.areaNames()
	}
	words, measured := kinds()[e.Name], measures()
	return slices.DeleteFunc(slices.Clone(e.Values), func(v vap.EntityValue) bool {
		switch e.Name {
		case "measure":
			return len(h.of(measuring(measured[v.Value]))) == 0
		case "warm":
			return len(h.of(measuring("temperature"))) == 0
		case "warmth", "turned":
			return len(h.of(in("climate"))) == 0
		case "play":
			return len(h.of(in("media_player"))) == 0
		case "brightness":
			return len(h.of(in("light"))) == 0
		case "move":
			return len(h.of(in("cover"))) == 0
		case "covers": // people call them what they like
			return len(h.of(drape)) == 0
		}
		return words != nil && len(h.of(words[v.Value].is)) == 0
	})
}

func (h *house) areaNames() (values []vap.EntityValue) {
	for _, n := range slices.Sorted(maps.Keys(h.areaNamed)) {
		values = append(values, value(n, "the "+n))
	}
	return values
}

// names are the names of entities.
func (h *house) names(is func(*entity) bool) (values []vap.EntityValue) {
	said := make(map[string]string) // how each is typed
	for _, e := range h.of(is) {
		for _, n := range e.said {
			said[n] = n
		}
		if name := spoken(e.name); said[name] != "" {
			said[name] = written(e.name)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(said)) {
		values = append(values, value(n, said[n]))
	}
	return values
}

// value is one of an entity, which may be written in another way than it is spoken.
func value(spoken string, others ...string) vap.EntityValue {
	v := vap.EntityValue{Value: spoken}
	for _, o := range others {
		if o != spoken && o != "" {
			v.Synonyms = append(v.Synonyms, o)
		}
	}
	return v
}
