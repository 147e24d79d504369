package people

import (
	"testing"

	"vapd/skill"
	"vapd/skill/skilltest"
)

func TestWho(t *testing.T) {
	hub := skilltest.Start(t, New)
	for _, c := range []struct {
		speaker    string
		confidence float64
		want       string
	}{
		{"Anna", 0.8, "You are Anna."},
		{"Anna", 0.79, "I think that you are Anna."},
		{"Anna", 0.5, "I think that you are Anna."},
		{"Anna", 0.49, "I do not know your voice."},
		{"", 0, "I do not know your voice."},
	} {
		a, err := hub.Ask(skill.Request{Intent: "who", Speaker: c.speaker, Confidence: c.confidence})
		if err != nil || a.Say != c.want || a.Ask || a.Do != nil {
			t.Errorf("%+v: %+v, %v", c, a, err)
		}
	}
}
