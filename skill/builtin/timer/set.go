package timer

import (
	"context"
	"fmt"

	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/say"
)

const tooMany = "You have too many timers. Cancel one first."

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
	k, err := s.kept(ctx, r)
	if err != nil {
		return skill.Answer{}, err
	}
	if k.full() {
		return skill.Say(tooMany), nil
	}
	t.Action = vap.TimerSet
	return skill.Say("%s", words).With(k.room(1)...).With(t.Capability()), nil
}

// left says how long timers still run.
func (s *timers) left(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	k, err := s.kept(ctx, r)
	if err != nil {
		return skill.Answer{}, err
	}
	some, called := meant(k.timers, r)
	switch {
	case len(k.timers) == 0:
		return skill.Say("There is no timer."), nil
	case len(some) == 0:
		return skill.Say("There is no %s.", called), nil
	case len(some) == 1:
		return skill.Say("%s", some[0].alone()), nil
	}
	parts := make([]string, len(some))
	for i, t := range some {
		parts[i] = t.progress()
	}
	return skill.Say("%s.", say.Capital(say.List(parts))), nil
}

// add makes a timer run longer.
func (s *timers) add(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	more, ok := r.Duration("more")
	if !ok || more <= 0 {
		return skill.Ask("How much longer? Say, for example, add five minutes to the timer."), nil
	}
	k, err := s.kept(ctx, r)
	if err != nil {
		return skill.Answer{}, err
	}
	some, called := meant(k.timers, r)
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
	a := skill.Say("%s", t.alone()).With(t.set(d))
	if t.Paused {
		a = a.With(t.do(vap.TimerPause))
	}
	return a, nil
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
