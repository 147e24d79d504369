package help

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/skilltest"
)

// told is what a hub tells of a skill.
func told(id, name string, examples ...any) any {
	return map[string]any{"id": id, "name": name, "examples": examples}
}

func tells(skills ...any) vap.Capability {
	return vap.Capability{Name: vap.AskSkills, Fields: map[string]any{"skills": skills}}
}

func house(t *testing.T) *skilltest.Hub {
	t.Helper()
	hub := skilltest.Start(t, New)
	hub.Know(vap.System, tells(
		told("org.vapd.clock", "Time and date", "what time is it", "what is the date"),
		told(ID, "Help", "help me"),
		told("org.vapd.timer", "Timers and alarms", "set a timer", "wake me at seven", "snooze"),
		told("org.vapd.stop", "Stop", "stop"),
	))
	return hub
}

func TestHelp(t *testing.T) {
	hub := house(t)
	const first = "You can say, for example: what time is it, or set a timer, or stop, or what is the date. Say, what else, to hear others."
	for i, c := range []struct{ client, intent, want string }{
		{"kitchen", "help", first},
		{"kitchen", "more", "You can say, for example: wake me at seven, or snooze, or what time is it, or set a timer. Say, what else, to hear others."},
		{"hall", "more", first},
		{"kitchen", "help", "You can say, for example: stop, or what is the date, or wake me at seven, or snooze. Say, what else, to hear others."},
	} {
		a, err := hub.Ask(skill.Request{Intent: c.intent, Client: c.client})
		if d := cmp.Diff(skill.Answer{Say: c.want, Ask: true}, a); err != nil || d != "" {
			t.Errorf("%d: %v, (-want +got):\n%s", i, err, d)
		}
	}
}

func TestAbout(t *testing.T) {
	hub := house(t)
	for about, want := range map[string]skill.Answer{
		"timers":     skill.Say("You can say: set a timer, or wake me at seven, or snooze."),
		"the Alarms": skill.Say("You can say: set a timer, or wake me at seven, or snooze."),
		"dates":      skill.Say("You can say: what time is it, or what is the date."),
		"snooze":     skill.Say("You can say: snooze."),
		"taxes":      skill.Ask("I know nothing of taxes. Ask, what can I say, for what I know."),
		"s":          skill.Ask("I know nothing of s. Ask, what can I say, for what I know."),
	} {
		a, err := hub.Ask(skill.Request{Intent: "about", Slots: map[string]string{"skill": about}})
		if d := cmp.Diff(want, a); err != nil || d != "" {
			t.Errorf("%s: %v, (-want +got):\n%s", about, err, d)
		}
	}
}

// Whatever a hub tells, there is an answer.
func TestOtherHubs(t *testing.T) {
	hub := skilltest.Start(t, New)
	var refused *vap.Error
	if _, err := hub.Ask(skill.Request{Intent: "help"}); !errors.As(err, &refused) {
		t.Errorf("%v", err)
	}
	for want, c := range map[string]vap.Capability{
		"There is nothing that I understand yet.": {Name: vap.AskSkills},
		"You can say: what time is it.": tells("rubbish", map[string]any{"id": 5, "examples": "rubbish"},
			told("org.example.a", "A", 7, "what time is it")),
	} {
		hub.Know(vap.System, c)
		if a, err := hub.Ask(skill.Request{Intent: "help"}); err != nil || a.Say != want || a.Ask {
			t.Errorf("%+v, %v", a, err)
		}
	}
}
