package homeassistant

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"vapd/hub/intent/nlu"
	"vapd/hub/skills"
	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/builtin/homeassistant/api"
)

// Whatever a house is called, the hub takes its language.
func FuzzHouse(f *testing.F) {
	m, err := skill.ReadManifest(manifest)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var in api.House
		if json.Unmarshal(data, &in) != nil {
			return
		}
		h := newHouse(&in)
		if err := nlu.New(nlu.Config{}).Replace(ID, skills.Sets([]vap.NLU{language(m.NLU[0], h)})); err != nil {
			t.Error(err)
		}
		for _, e := range h.entities {
			if name := h.label(e); strings.TrimSpace(name) == "" {
				t.Errorf("%s has no name", e.id)
			}
		}
	})
}

// No event of a state makes the skill panic, and what is not spoken of is not kept.
func FuzzChange(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		s := &Skill{changed: make(chan struct{}, 1), cfg: Config{Logger: slog.New(slog.DiscardHandler)}}
		in := &api.House{States: []api.State{{ID: "light.a", State: "on"}}}
		s.take(newHouse(in), in.States)
		s.change(api.Event{Type: api.EventState, Data: data})
		for id, state := range s.states.now {
			if id != "light.a" {
				t.Errorf("%q is kept", id)
			}
			_ = reading(string(state.State), string(state.Attributes.Unit))
		}
	})
}
