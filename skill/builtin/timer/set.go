package timer

import (
	"context"
	"fmt"

	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/say"
)

// set starts a timer.
func (s *timers) set(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	d, label := length(r), name(r)
	switch {
	case r.Text("length") == "" && r.Text("unit") == "":
		return skill.Ask("For how long? Say, for example, set a timer for five minutes."), nil
	case d == 0:
		return skill.Say("A timer needs a second at least."), nil
	case d > longest:
		return skill.Say("That is too long: a timer runs for a week at most."), nil
	}
	set := "Timer"
	if label != "" {
		set = say.Capital(label) + " timer"
	}
	return s.start(ctx, r, vap.TimerCommand{ID: newID(), Label: label, Seconds: d.Seconds()}, set+" set for "+say.Duration(d)+".")
}

// start sets a timer or an alarm, if the satellite has room for it.
func (s *timers) start(ctx context.Context, r *skill.Request, t vap.TimerCommand, words string) (skill.Answer, error) {
	timers, alarms, err := s.states(ctx, r.Client)
	if err != nil {
		return skill.Answer{}, err
	}
	if len(timers)+len(alarms) >= most {
		return skill.Say("You have too many timers. Cancel one first."), nil
	}
	t.Action = vap.TimerSet
	return skill.Say("%s", words).With(t.Capability()), nil
}

// left says how long timers still run.
func (s *timers) left(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	timers, _, err := s.states(ctx, r.Client)
	if err != nil {
		return skill.Answer{}, err
	}
	some, called := meant(timers, r)
	switch {
	case len(timers) == 0:
		return skill.Say("There is no timer."), nil
	case len(some) == 0:
		return skill.Say("There is no %s.", called), nil
	case len(some) == 1 && !some[0].Ringing && some[0].Label == "":
		return skill.Say("%s left.", say.Capital(some[0].left())), nil
	case len(some) == 1 && !some[0].Ringing:
		return skill.Say("%s left on %s.", say.Capital(some[0].left()), the(some[0])), nil
	}
	parts := make([]string, len(some))
	for i, t := range some {
		if parts[i] = t.left() + " on " + the(t); t.Ringing {
			parts[i] = the(t) + " is ringing"
		}
	}
	return skill.Say("%s.", say.Capital(say.List(parts))), nil
}

// add makes a timer run longer.
func (s *timers) add(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	more, ok := r.Duration("more")
	if !ok || more <= 0 {
		return skill.Ask("How much longer? Say, for example, add five minutes to the timer."), nil
	}
	timers, _, err := s.states(ctx, r.Client)
	if err != nil {
		return skill.Answer{}, err
	}
	some, called := meant(timers, r)
	switch {
	case len(some) == 0:
		return skill.Say("There is no %s.", called), nil
	case len(some) > 1:
		s.asked.Put(r.Client, question{r, s.add, nil}, s.Now())
		return skill.Ask("There are %s. Which one?", several(some)), nil
	}
	t := some[0]
	d := seconds(t.Remaining) + more
	if d > longest {
		return skill.Say("That is too long: a timer runs for a week at most."), nil
	}
	t.Remaining, t.Seconds = d.Seconds(), d.Seconds()
	words := "left."
	if t.Label != "" {
		words = "left on " + the(t) + "."
	}
	return skill.Say("%s %s", say.Capital(t.left()), words).With(t.set(d)), nil
}

func pause(context.Context, *skill.Request) (skill.Answer, error) {
	return skill.Say("A timer can not be paused. Ask how long is left, cancel it, and set one for that long."), nil
}

// several says how many there are, and which.
func several(some []state) string {
	parts := make([]string, len(some))
	for i, t := range some {
		parts[i] = t.one()
	}
	kind := "timers"
	if some[0].isAlarm() {
		kind = "alarms"
	}
	return fmt.Sprintf("%s %s: %s", say.Number(len(some)), kind, say.List(parts))
}
