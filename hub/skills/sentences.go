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

// Sentences are what can be said to the skills that are known, in a language (BCP 47).
func (s *Skills) Sentences(language string) speech.Grammar {
	s.mu.Lock()
	known := maps.Clone(s.sets)
	s.mu.Unlock()
	return Grammar(known, language)
}

// Grammar is what can be said to skills, in a language (BCP 47): their utterances, with all
// that is listed of their entities and what entity.Spoken allows for built-in ones, and the
// answers to what is asked for when it was not said. An
// utterance with a slot of which nobody knows what can be said, such as a name, can't be
// heard by a grammar and is left out. It is empty when nothing can be said.
func Grammar(known map[string][]nlu.Set, language string) speech.Grammar {
	g := composer{Grammar: speech.Grammar{}, builtIn: entity.For(language)}
	base, _, _ := strings.Cut(language, "-")
	for _, id := range slices.Sorted(maps.Keys(known)) {
		for _, set := range known[id] {
			if b, _, _ := strings.Cut(set.Language, "-"); strings.EqualFold(b, base) {
				g.add(set)
			}
		}
	}
	return g.Grammar
}

// composer makes a grammar.
type composer struct {
	speech.Grammar
	builtIn entity.Language
	rules   int // that were made
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
		for _, s := range i.Slots {
			if answer, ok := g.sentence("{"+s.Name+"}", slots, rules, set.Entities); ok && s.Required {
				g.Grammar[speech.Start] = append(g.Grammar[speech.Start], answer)
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
		if kind, _ := entity.Named(name); kind == entity.DateTime && len(tokens) > 0 && tokens[len(tokens)-1] == "at" {
			name = clock
		}
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

// clock is the rule of a datetime behind "at", which begins with a time.
const clock = "clock"

// entity is the rule of what can be said for an entity; "" when nobody knows.
func (g *composer) entity(name string, entities []nlu.Entity) string {
	i := slices.IndexFunc(entities, func(e nlu.Entity) bool { return e.Name == name })
	kind, isBuiltIn := entity.Named(name)
	switch {
	case i >= 0:
		var said []string
		for _, v := range entities[i].Values {
			said = append(append(said, v.Value), v.Synonyms...)
		}
		return g.rule(said)
	case name == clock && g.use(clock):
		return clock
	case isBuiltIn && g.use(string(kind)):
		return string(kind)
	case isBuiltIn:
		return g.rule(g.builtIn.Samples(kind))
	}
	return ""
}

// use adds the rule of how a kind of entity is spoken, and those that it refers to; false
// when there is none.
func (g *composer) use(rule string) bool {
	alternatives := g.builtIn.Spoken()[rule]
	if _, there := g.Grammar[rule]; there || len(alternatives) == 0 {
		return there
	}
	g.Grammar[rule] = alternatives
	for _, a := range alternatives {
		for _, token := range strings.Fields(a) {
			if name, isRule := strings.CutPrefix(token, "<"); isRule {
				g.use(strings.TrimSuffix(name, ">"))
			}
		}
	}
	return true
}

// rule makes a rule of what can be said; "" when that is nothing.
func (g *composer) rule(said []string) string {
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
