package skills

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"vapd/skill/say"

	"vapd/hub/intent/entity"
	"vapd/hub/intent/nlu"
	"vapd/hub/speech"
	"vapd/protocol/vap/template"
)

// Sentences adds what can be said to skills, in a language (the first part of a BCP 47
// tag), to what the hub understands itself, whose rules <number>, <duration> and <level>
// are used for those built-in entities. An utterance with a slot of which nobody knows
// what can be said, such as a name, can't be heard by a grammar and is left out.
func (s *Skills) Sentences(own speech.Grammar, language string) speech.Grammar {
	s.mu.Lock()
	known := maps.Clone(s.sets)
	s.mu.Unlock()
	g := composer{Grammar: maps.Clone(own), language: language, samples: entity.For(language)}
	g.Grammar[speech.Start] = slices.Clone(own[speech.Start])
	for _, id := range slices.Sorted(maps.Keys(known)) {
		for _, set := range known[id] {
			if base, _, _ := strings.Cut(set.Language, "-"); strings.EqualFold(base, language) {
				g.add(set)
			}
		}
	}
	return g.Grammar
}

// composer makes a grammar.
type composer struct {
	speech.Grammar
	language string
	samples  entity.Language
	rules    int // that were made
}

func (g *composer) add(set nlu.Set) {
	rules := make(map[string]string) // of entities, by name
	for _, i := range set.Intents {
		slots := make(map[string]string)
		for _, s := range i.Slots {
			slots[s.Name] = s.Entity
		}
		for _, u := range i.Utterances {
			if sentence, ok := g.sentence(u, slots, rules, set.Entities); ok {
				g.Grammar[speech.Start] = append(g.Grammar[speech.Start], sentence)
			}
		}
	}
}

// sentence is an utterance as an alternative of a grammar.
func (g *composer) sentence(utterance string, slots, rules map[string]string, entities []nlu.Entity) (string, bool) {
	pieces, err := template.Parse(utterance)
	if err != nil {
		return "", false
	}
	var tokens []string
	for _, p := range pieces {
		if p.Slot == "" {
			tokens = append(tokens, spoken(p.Text)...)
			continue
		}
		name := cmp.Or(p.Entity, slots[p.Slot])
		if _, made := rules[name]; !made {
			rules[name] = g.entity(name, entities)
		}
		if rules[name] == "" {
			return "", false
		}
		tokens = append(tokens, "<"+rules[name]+">")
	}
	return strings.Join(tokens, " "), len(tokens) > 0
}

// entity is the rule of what can be said for an entity; "" when nobody knows.
func (g *composer) entity(name string, entities []nlu.Entity) string {
	i := slices.IndexFunc(entities, func(e nlu.Entity) bool { return e.Name == name })
	kind, builtIn := entity.Named(name)
	var said []string
	switch {
	case i >= 0:
		for _, v := range entities[i].Values {
			said = append(append(said, v.Value), v.Synonyms...)
		}
	case !builtIn:
		return ""
	default:
		if rule := own(kind); rule != "" && g.Grammar[rule] != nil {
			return rule
		}
		said = g.samples.Samples(kind)
	}
	var alternatives []string
	for _, text := range said {
		if strings.ContainsAny(text, "{[(") {
			continue // of other entities
		}
		if words := strings.Join(spoken(text), " "); words != "" && !slices.Contains(alternatives, words) {
			alternatives = append(alternatives, words)
		}
	}
	if len(alternatives) == 0 {
		return ""
	}
	g.rules++
	rule := fmt.Sprintf("skill%d", g.rules)
	g.Grammar[rule] = alternatives
	return rule
}

// own is the hub's rule of a kind of entity.
func own(k entity.Kind) string {
	switch k {
	case entity.Number:
		return "number"
	case entity.Duration:
		return "duration"
	case entity.Percentage:
		return "level"
	}
	return ""
}

// spoken are the words of a text as they are spoken: numbers in words, no signs.
func spoken(text string) (words []string) {
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\''
	}) {
		w = strings.Trim(w, "'")
		if n, err := strconv.Atoi(w); err == nil && n < 1000 {
			words = append(words, strings.Fields(strings.ReplaceAll(say.Number(n), "-", " "))...)
			continue
		}
		if w != "" && !strings.ContainsFunc(w, unicode.IsDigit) {
			words = append(words, w)
		}
	}
	return words
}
