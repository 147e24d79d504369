package clock

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // where the machine has none

	"vapd/skill"
	"vapd/skill/skilltest"
)

func TestAnswers(t *testing.T) {
	now := func() time.Time { return time.Date(2026, 11, 25, 16, 20, 0, 0, time.UTC) }
	hub := skilltest.Start(t, New, skill.Now(now))
	for asked, want := range map[string]string{
		"time":                           "It is twenty past four.",
		"time_elsewhere city=Berlin":     "In Berlin it is twenty past five.",
		"time_elsewhere city=Tokyo":      "In Tokyo it is twenty past one tomorrow.",
		"time_elsewhere city=Gotham":     "I do not know what time it is there.",
		"date":                           "It is Wednesday, the twenty fifth of November.",
		"date day=2026-11-25":            "It is Wednesday, the twenty fifth of November.",
		"date day=2026-11-26":            "Tomorrow is Thursday, the twenty sixth of November.",
		"date day=2026-11-24":            "Yesterday was Tuesday, the twenty fourth of November.",
		"date day=2026-12-24":            "That is Thursday, the twenty fourth of December.",
		"date day=2026-07-04":            "That was Saturday, the fourth of July.",
		"date day=2026-11-28/2026-11-29": "That is Saturday, the twenty eighth of November.",
		"until day=2026-12-25":           "Thirty days, until Friday, the twenty fifth of December.",
		"until day=2026-11-26":           "One day. That is tomorrow.",
		"until day=2026-11-25":           "That is today.",
		"until day=2026-11-20":           "That is over: it was Friday, the twentieth of November.",
		"until":                          "Until which day?",
		"year":                           "It is two thousand and twenty six.",
	} {
		intent, slot, _ := strings.Cut(asked, " ")
		name, value, _ := strings.Cut(slot, "=")
		a, err := hub.Ask(skill.Request{Intent: intent, Slots: map[string]string{name: value}})
		if err != nil || a.Say != want || a.Ask != strings.HasSuffix(want, "?") {
			t.Errorf("%s: %+v, %v", asked, a, err)
		}
	}
}

// Every city of the manifest has a time zone that exists, and the other way round.
func TestZones(t *testing.T) {
	left := zones()
	for _, e := range New(skill.State(t.TempDir())).Manifest().NLU[0].Entities {
		for _, v := range e.Values {
			if _, err := time.LoadLocation(left[v.Value]); err != nil || left[v.Value] == "" {
				t.Errorf("%s has no time zone: %v", v.Value, err)
			}
			delete(left, v.Value)
		}
	}
	if len(left) > 0 {
		t.Errorf("the manifest lacks %v", left)
	}
}
