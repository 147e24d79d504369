// Package home has what the hub's own skills understand, without a hub: for those who try
// how sentences are heard.
package home

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"vapd/hub/intent/nlu"
	"vapd/hub/skills"
	"vapd/hub/speech"
	"vapd/skill/builtin"
)

// language is what people speak.
const language = "en-US"

// Home understands what people say at home.
type Home struct {
	// Grammar is all that can be heard.
	Grammar speech.Grammar
	model   *nlu.Model
}

// New learns the sentences of all skills.
func New() (*Home, error) {
	h := &Home{model: nlu.New(nlu.Config{Now: time.Now})}
	all := make(map[string][]nlu.Set)
	for _, s := range builtin.New(nil, "", slog.New(slog.DiscardHandler)) {
		all[s.ID()] = skills.Sets(s.Manifest().NLU)
		if err := h.model.Replace(s.ID(), all[s.ID()]); err != nil {
			return nil, fmt.Errorf("home: %w", err)
		}
	}
	h.Grammar = skills.Grammar(all, language)
	return h, nil
}

// Meaning is the skill, the intent and the slots of a sentence, in one line; ok is false for
// one that the hub would not act on.
func (h *Home) Meaning(text string) (meaning string, ok bool) {
	found := skills.Understood(h.model.Parse(text, language).Intents)
	if len(found) == 0 {
		return "", false
	}
	slots := make(map[string]string)
	for _, s := range found[0].Slots {
		slots[s.Name] = s.Value
	}
	parts := []string{found[0].Skill, found[0].Intent}
	for _, name := range slices.Sorted(maps.Keys(slots)) {
		parts = append(parts, name+"="+slots[name])
	}
	return strings.Join(parts, " "), true
}

// Known reports whether text is one of the sentences, word by word: those can be heard.
func (h *Home) Known(text string) bool {
	found := h.model.Parse(text, language).Intents
	return len(found) > 0 && found[0].Confidence == 1
}
