package skillregistry

import (
	"strings"

	"vapd/protocol/vap"
	"vapd/protocol/vap/template"
)

// check says what is wrong with a registration, in the seed's words where it has some.
func check(m vap.RegisterIntents, knows func(vap.Language, string) bool) *vap.Error {
	for _, name := range m.Events {
		if !named(name) {
			return malformed("events")
		}
	}
	seen := make(map[vap.Language]bool, len(m.NLU))
	for _, n := range m.NLU {
		if seen[n.Language] {
			return malformed("language " + n.Language.String())
		}
		seen[n.Language] = true
		if e := checkSet(n, knows); e != nil {
			return e
		}
	}
	return nil
}

func named(name string) bool { return strings.TrimSpace(name) != "" && vap.Printable(name) }

// checkSet checks what is registered of one language.
func checkSet(n vap.NLU, knows func(vap.Language, string) bool) *vap.Error {
	entities := make(map[string]bool, len(n.Entities))
	for _, one := range n.Entities {
		if one.Name == "" {
			continue // the seed gives them no name, and then nothing can mean them
		}
		if !named(one.Name) || entities[one.Name] {
			return malformed("entity " + one.Name)
		}
		entities[one.Name] = true
	}
	defined := func(name string) bool { return entities[name] || knows(n.Language, name) }
	for _, one := range n.Entities {
		if e := checkEntity(one, defined); one.Name != "" && e != nil {
			return e
		}
	}
	intents := make(map[string]bool, len(n.Intents))
	for _, i := range n.Intents {
		if !named(i.Name) || intents[i.Name] {
			return malformed("intent " + i.Name)
		}
		intents[i.Name] = true
		if e := checkIntent(i, defined); e != nil {
			return e
		}
	}
	return nil
}

// checkEntity refuses an entity that has no words, or one whose words stand for those of an
// entity that nobody defines. Whether they lead back to it the hub's understanding finds.
func checkEntity(one vap.Entity, defined func(string) bool) *vap.Error {
	if len(one.Values) == 0 || circular(one.Values) {
		return missing(vap.TypeMissingEntity, one.Name)
	}
	for _, v := range one.Values {
		if strings.TrimSpace(v.Value) == "" {
			return missing(vap.TypeMissingEntity, one.Name)
		}
		for _, words := range append([]string{v.Value}, v.Synonyms...) {
			pieces, err := template.Parse(words)
			if err != nil {
				return malformed("entity " + one.Name)
			}
			for _, p := range pieces {
				if p.Slot != "" && !defined(p.Slot) {
					return missing(vap.TypeMissingEntity, p.Slot)
				}
			}
		}
	}
	return nil
}

// circular reports whether a value is, by way of synonyms, a synonym of itself, so that
// nobody can tell which of them is meant.
func circular(values []vap.EntityValue) bool {
	const entered, left = 1, 2
	fold := func(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
	synonyms := make(map[string][]string, len(values))
	for _, v := range values {
		synonyms[fold(v.Value)] = v.Synonyms
	}
	state := make(map[string]int, len(values))
	var visit func(value string) bool
	visit = func(value string) bool {
		state[value] = entered
		for _, s := range synonyms[value] {
			s = fold(s)
			if _, isValue := synonyms[s]; !isValue || s == value || state[s] == left {
				continue
			}
			if state[s] == entered || visit(s) {
				return true
			}
		}
		state[value] = left
		return false
	}
	for value := range synonyms {
		if state[value] == 0 && visit(value) {
			return true
		}
	}
	return false
}

func checkIntent(i vap.Intent, defined func(string) bool) *vap.Error {
	slots := make(map[string]string, len(i.Slots)) // name to entity
	for _, s := range i.Slots {
		if _, twice := slots[s.Name]; twice || !named(s.Name) {
			return malformed("slot " + s.Name)
		}
		slots[s.Name] = s.Entity
		if !defined(s.Entity) {
			return missing(vap.TypeMissingEntity, s.Entity)
		}
	}
	for _, u := range i.Utterances {
		pieces, err := template.Parse(u)
		if err != nil || strings.TrimSpace(u) == "" {
			return malformed("utterance " + u)
		}
		for _, p := range pieces {
			entity, ok := slots[p.Slot]
			switch {
			case p.Slot == "":
			case !ok:
				return missing(vap.TypeMissingSlot, p.Slot)
			case p.Entity != "" && !defined(p.Entity):
				return missing(vap.TypeMissingEntity, p.Entity)
			case p.Entity != "" && p.Entity != entity:
				return malformed("utterance " + u)
			}
		}
	}
	return nil
}
