package skills

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"vapd/hub/intent/entity"
	"vapd/hub/intent/nlu"
	"vapd/protocol/vap"
	"vapd/protocol/vap/template"
)

// mostExamples is how many sentences are told of a skill.
const mostExamples = 12

// about tells of the skills that are there (vap.AskSkills).
func (s *Skills) about() vap.Capability {
	there := make(map[string]string) // names by id
	for _, k := range s.server.Skills() {
		there[k.ID] = k.Name
	}
	s.mu.Lock()
	sets := maps.Clone(s.sets)
	for id, l := range s.locals {
		there[id] = l.Name
	}
	s.mu.Unlock()
	all := []any{}
	for _, id := range slices.Sorted(maps.Keys(there)) {
		examples := []any{}
		for _, sentence := range s.examples(sets[id]) {
			examples = append(examples, sentence)
		}
		all = append(all, map[string]any{"id": id, "name": cmp.Or(there[id], id), "examples": examples})
	}
	return vap.Capability{Name: vap.AskSkills, Fields: map[string]any{"skills": all}}
}

// examples are sentences in the hub's first language: of each intent the first utterance that
// can be said with values that are known.
func (s *Skills) examples(sets []nlu.Set) (sentences []string) {
	for _, set := range sets {
		l, err := vap.ParseLanguage(set.Language)
		if err != nil || l.Language != s.cfg.Languages[0].Language {
			continue
		}
		for _, i := range set.Intents {
			for _, u := range i.Utterances {
				if text, ok := example(u, i, set); ok {
					sentences = append(sentences, text)
					break
				}
			}
		}
	}
	return sentences[:min(len(sentences), mostExamples)]
}

// example is an utterance with a value in each place.
func example(utterance string, i nlu.Intent, set nlu.Set) (string, bool) {
	pieces, err := template.Parse(utterance)
	if err != nil {
		return "", false
	}
	var words []string
	for _, p := range pieces {
		if p.Slot == "" {
			words = append(words, strings.TrimSpace(p.Text))
			continue
		}
		name := p.Entity
		for _, slot := range i.Slots {
			if slot.Name == p.Slot && name == "" {
				name = slot.Entity
			}
		}
		value := cmp.Or(p.Text, value(name, set))
		if value == "" {
			return "", false
		}
		words = append(words, value)
	}
	return strings.Join(words, " "), true
}

// value is one of an entity; "" when none is known.
func value(name string, set nlu.Set) string {
	for _, e := range set.Entities {
		if e.Name == name && len(e.Values) > 0 && !strings.ContainsAny(e.Values[0].Value, "{[(") {
			return e.Values[0].Value
		}
	}
	if kind, ok := entity.Named(name); ok {
		if samples := entity.For(set.Language).Samples(kind); len(samples) > 0 {
			return samples[0]
		}
	}
	return ""
}
