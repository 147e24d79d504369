package skills

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vapd/protocol/vap"
	"vapd/skill"
)

// A skill that may know is told which skills there are, and what can be said to them.
func TestSkillsAreTold(t *testing.T) {
	h := newHub(t)
	h.add(t, "org.example.lamps", `
name = "Lamps"
[intents.do]
utterances = ["call {who}", "turn {state} the {lamp}", "switch {state} a light"]
slots = {lamp.entity = "lamp", state.entity = "on_off", who.entity = "name"}
[entities.lamp]
values = [["kitchen lamp", "kitchen"]]
[entities.name]
values = [["owner of the {lamp}"]]
`, says("done"), nil)
	line, err := h.Connect(skill.Service{ID: "org.example.help", Name: "Help", NLU: []vap.NLU{
		{Language: vap.Language{Language: "en"}, Intents: []vap.Intent{
			{Name: "later", Slots: []vap.Slot{{Name: "when", Entity: "time"}}, Utterances: []string{"[when:time](at eight) wake me"}}, {Name: "now", Utterances: []string{"wake me up"}},
		}},
		{Language: vap.Language{Language: "de"}, Intents: []vap.Intent{{Name: "now", Utterances: []string{"weck mich"}}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := line.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	found, err := line.Query(t.Context(), vap.ClientQuery{ClientID: vap.System, Capabilities: []vap.Capability{{Name: "skills"}}})
	if err != nil || len(found) != 1 || len(found[0].Results) != 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	want := []any{
		map[string]any{"id": "org.example.help", "name": "Help", "examples": []any{"at eight wake me", "wake me up"}},
		map[string]any{"id": "org.example.lamps", "name": "Lamps", "examples": []any{"turn on the kitchen lamp"}},
	}
	if d := cmp.Diff(want, found[0].Results[0].Fields["skills"]); d != "" {
		t.Error(d)
	}
}
