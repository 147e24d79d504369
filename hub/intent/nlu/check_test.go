package nlu

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	with := func(change func(*Set)) Set {
		s := home()
		change(&s)
		return s
	}
	for name, c := range map[string]struct {
		set    Set
		reason Reason
		object string
	}{
		"good":    {home(), "", ""},
		"nothing": {Set{Language: "en"}, "", ""},
		"slot of an entity that nobody defines": {
			with(func(s *Set) { s.Intents[0].Slots[1].Entity = "gadget" }), MissingEntity, "gadget",
		},
		"entities are missing": {with(func(s *Set) { s.Entities = nil }), MissingEntity, "device"},
		"utterance with a slot that the intent lacks": {
			with(func(s *Set) { s.Intents[1].Utterances[0] = "heat {where}" }), MissingSlot, "where",
		},
		"lily's slot that the intent lacks": {
			with(func(s *Set) { s.Intents[1].Utterances[0] = "heat ($where)" }), MissingSlot, "where",
		},
		"sample of another entity": {
			with(func(s *Set) { s.Intents[0].Utterances[0] = "turn on [device:thing](lamp)" }), MissingEntity, "thing",
		},
		"strict without values":  {with(func(s *Set) { s.Entities[0].Values = nil }), EmptyEntity, "device"},
		"value without words":    {with(func(s *Set) { s.Entities[0].Values[0].Value = "?!" }), EmptyEntity, "device"},
		"synonym without words":  {with(func(s *Set) { s.Entities[0].Values[0].Synonyms = []string{""} }), EmptyEntity, "device"},
		"entity without name":    {with(func(s *Set) { s.Entities[0].Name = "" }), MissingEntity, ""},
		"intent without name":    {with(func(s *Set) { s.Intents[0].Name = "" }), EmptyIntent, ""},
		"intent of no sentences": {with(func(s *Set) { s.Intents[2].Utterances = nil }), EmptyIntent, "paint"},
		"utterance of no words":  {with(func(s *Set) { s.Intents[2].Utterances[0] = "..." }), InvalidText, "..."},
		"place without end":      {with(func(s *Set) { s.Intents[2].Utterances[0] = "make {device" }), InvalidText, "make {device"},
		"two intents":            {with(func(s *Set) { s.Intents[1].Name = "switch" }), Duplicate, "switch"},
		"two slots":              {with(func(s *Set) { s.Intents[0].Slots[1].Name = "state" }), Duplicate, "state"},
		"two entities":           {with(func(s *Set) { s.Entities = append(s.Entities, s.Entities[0]) }), Duplicate, "device"},
		"value of a missing one": {with(func(s *Set) { s.Entities[0].Values[0].Value = "{size} lamp" }), MissingEntity, "size"},
		"cycle of one":           {with(func(s *Set) { s.Entities[0].Values[0].Value = "big {device}" }), CyclicEntity, "device"},
		"cycle of two": {
			with(func(s *Set) {
				s.Entities[0].Values[0].Synonyms = []string{"{b}"}
				s.Entities = append(s.Entities, Entity{Name: "b", Values: values("my {device}")})
			}), CyclicEntity, "device",
		},
		"too many combinations": {
			with(func(s *Set) {
				s.Entities = append(s.Entities, Entity{Name: "n", Values: numbered(300)})
				s.Entities[0].Values[0].Value = "{n} {n}"
			}), TooMany, "device",
		},
		"too many intents": {
			with(func(s *Set) {
				for i := range maxIntents {
					s.Intents = append(s.Intents, Intent{Name: fmt.Sprint(i), Utterances: []string{"a"}})
				}
			}), TooMany, "intents",
		},
		"too many utterances": {
			with(func(s *Set) { s.Intents[0].Utterances = make([]string, maxUtterances+1) }), TooMany, "utterances",
		},
		"too many slots": {with(func(s *Set) { s.Intents[0].Slots = make([]Slot, maxSlots+1) }), TooMany, "switch"},
		"long utterance": {
			with(func(s *Set) { s.Intents[0].Utterances[0] = strings.Repeat("word ", 101) }), InvalidText, "word word word word ...",
		},
		"many words": {
			with(func(s *Set) { s.Intents[0].Utterances[0] = strings.Repeat("a ", 65) }), InvalidText, "a a a a a a a a a a ...",
		},
		"long value": {
			with(func(s *Set) { s.Entities[0].Values[0].Value = strings.Repeat("word ", 101) }), InvalidText, "word word word word ...",
		},
	} {
		err := fault(c.set)
		var invalid *Invalid
		switch {
		case c.reason == "":
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		case !errors.As(err, &invalid) || invalid.Reason != c.reason || invalid.Object != c.object || invalid.Detail == "":
			t.Errorf("%s: %v, want %s %q", name, err, c.reason, c.object)
		}
	}
}

func numbered(n int) []Value {
	var out []Value
	for i := range n {
		out = append(out, Value{Value: fmt.Sprint("v", i)})
	}
	return out
}

func TestCheckLanguage(t *testing.T) {
	for tag, good := range map[string]bool{
		"en": true, "en-GB": true, "zh-Hans-CN": true, "de-1901": true, "es-419": true, "ast": true, "sl-rozaj-biske": true, "en-u-hc-h12": true, "x": false,
		"": false, "english": false, "e": false, "en_GB": false, "en-": false, "-en": false, "en-GB-": false, "en GB": false, "en\n": false,
		strings.Repeat("en-", 20) + "en": false, "日本": false,
	} {
		err := fault(Set{Language: tag})
		var invalid *Invalid
		if good != (err == nil) || !good && (!errors.As(err, &invalid) || invalid.Reason != InvalidLanguage || invalid.Object != tag) {
			t.Errorf("%q: %v", tag, err)
		}
	}
	m := New(Config{})
	err := m.Replace("org.x", []Set{{Language: "en"}, {Language: "EN"}})
	var invalid *Invalid
	if !errors.As(err, &invalid) || invalid.Reason != Duplicate {
		t.Errorf("two sets of one language: %v", err)
	}
}

// Values may be made of those of other entities.
func TestValuesOfValues(t *testing.T) {
	s := Set{
		Language: "en",
		Intents:  []Intent{{Name: "find", Utterances: []string{"where is {thing}"}, Slots: []Slot{{Name: "thing", Entity: "thing"}}}},
		Entities: []Entity{
			{Name: "thing", Strict: true, Values: []Value{{Value: "{owner} keys"}, {Value: "car", Synonyms: []string{"{owner} {car}"}}}},
			{Name: "owner", Values: []Value{{Value: "my"}, {Value: "Anna's"}}},
			{Name: "car", Values: values("car", "van")},
		},
	}
	m := model(t, map[string]Set{"org.x": s})
	for text, want := range map[string]string{
		"where is my keys": "find thing=my keys", "where is anna's keys": "find thing=Anna's keys", "where is anna's van": "find thing=car", "where is car": "find thing=car",
	} {
		if got := best(m.Parse(text, "en")); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// fault is what is wrong with a set.
func fault(s Set) error {
	_, err := compile("", s)
	return err
}
