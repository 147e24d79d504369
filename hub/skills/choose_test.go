package skills

import (
	"testing"
	"time"

	"vapd/hub/intent/nlu"
)

func TestChoose(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	made := func(skill string, confidence float64, slots int, used time.Duration) candidate {
		return candidate{Match: nlu.Match{Skill: skill, Confidence: 1, Slots: make([]nlu.Filled, slots)}, said: true, confidence: confidence, used: now.Add(used)}
	}
	late := made("late", 1, 5, 0)
	late.said = false
	for name, c := range map[string]struct {
		all  []candidate
		want string
	}{
		"nobody":            {nil, ""},
		"all say no":        {[]candidate{made("a", 0, 1, 0), made("b", 0, 2, 0)}, ""},
		"the surest":        {[]candidate{made("a", 0.5, 3, 2), made("b", 0.6, 0, 1)}, "b"},
		"more understood":   {[]candidate{made("a", 0.5, 1, 2), made("b", 0.5, 2, 1)}, "b"},
		"the last used":     {[]candidate{made("a", 0.5, 1, 1), made("b", 0.5, 1, 2)}, "b"},
		"always the same":   {[]candidate{made("b", 0.5, 1, 1), made("a", 0.5, 1, 1)}, "a"},
		"in time only":      {[]candidate{late, made("b", 0.1, 0, 1)}, "b"},
		"nobody is in time": {[]candidate{late}, ""},
	} {
		if best, ok := choose(c.all); best.Skill != c.want || ok != (c.want != "") {
			t.Errorf("%s: %s, %v", name, best.Skill, ok)
		}
	}
}

func TestCouldAnswer(t *testing.T) {
	found := []nlu.Match{
		{Skill: "a", Intent: "x", Confidence: 0.95},
		{Skill: "b", Intent: "y", Confidence: 0.9},
		{Skill: "a", Intent: "z", Confidence: 0.88},
		{Skill: "c", Intent: "w", Confidence: 0.5},
	}
	some := couldAnswer(found)
	if len(some) != 2 || some[0].Intent != "x" || some[1].Intent != "y" {
		t.Errorf("%+v", some)
	}
}
