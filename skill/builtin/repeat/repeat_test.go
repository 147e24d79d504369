package repeat

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/skilltest"
)

func TestRepeat(t *testing.T) {
	hub := skilltest.Start(t, New)
	for said, want := range map[string]skill.Answer{
		"":            skill.Say("I have not said anything yet."),
		"It is noon.": skill.Say("It is noon."),
		"Which one?":  skill.Ask("Which one?"),
		"100 %d":      skill.Say("%s", "100 %d"),
	} {
		if said != "" {
			hub.Know("kitchen", vap.Capability{Name: vap.AskSaid, Fields: map[string]any{"text": said}})
		}
		a, err := hub.Ask(skill.Request{Intent: "repeat", Client: "kitchen"})
		if said == "" {
			a, err = hub.Ask(skill.Request{Intent: "repeat", Client: "hall"})
		}
		if err != nil || !cmp.Equal(want, a) {
			t.Errorf("%q: %+v, %v", said, a, err)
		}
	}
}
