package timer

import (
	"context"
	"slices"

	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/say"
)

// cancel cancels the timer that is meant.
func (s *timers) cancel(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	timers, alarms, err := s.states(ctx, r.Client)
	if err != nil {
		return skill.Answer{}, err
	}
	some, called := meant(timers, r)
	if called == kindTimer {
		var over bool
		if some, over = s.loudest(r.Client, some, slices.Concat(timers, alarms)); over {
			return skill.Say("Nothing rings any more."), nil
		}
	}
	return s.cancelled(question{r, s.cancel, s.cancelAll}, kindTimer, called, some, timers), nil
}

// loudest are what rings among all, since that is what people want to stop who don't say
// which; else they are some. over says that it rang just now: the satellite fell silent when
// it heard its word.
func (s *timers) loudest(client string, some, all []state) (_ []state, over bool) {
	if rings := among(all, func(t state) bool { return t.Ringing }); len(rings) > 0 {
		return rings[:1], false
	}
	last, rang := s.rang.Take(client, s.Now())
	return some, rang && s.Now().Sub(last.at) <= stopping
}

// Kinds of what is cancelled, as they are called.
const (
	kindTimer = "timer"
	kindAlarm = "alarm"
)

// cancelled is the answer of who cancels one of some, that are called so, of all of a kind.
func (s *timers) cancelled(q question, kind, called string, some, all []state) skill.Answer {
	switch {
	case len(some) == 1:
		return skill.Say("%s is cancelled.", say.Capital(the(some[0]))).With(some[0].cancel())
	case len(some) > 1:
		s.asked.Put(q.of.Client, q, s.Now())
		return skill.Ask("There are %s. Which one? Say, for example, cancel %s, or cancel all %ss.", several(some), example(some[0]), kind)
	case len(all) == 0:
		called = kind
	}
	return skill.Say("There is no %s.", called)
}

// example is how one is named to cancel it.
func example(t state) string {
	switch {
	case t.isAlarm():
		return "the alarm for " + say.Clock(t.at())
	case t.Label != "":
		return the(t)
	}
	return "the " + say.Span(t.length()) + " timer"
}

// cancelAll cancels all timers, and no alarm.
func (s *timers) cancelAll(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	timers, alarms, err := s.states(ctx, r.Client)
	if err != nil {
		return skill.Answer{}, err
	}
	return s.cancelledAll(kindTimer, timers, alarms), nil
}

// cancelledAll is the answer of who cancels all of a kind, beside which there are others.
func (s *timers) cancelledAll(kind string, all, others []state) skill.Answer {
	if len(all) < 2 {
		return s.cancelled(question{}, kind, kind, all, all)
	}
	a := skill.Say("All %ss are cancelled.", kind)
	if len(others) == 0 {
		return a.With(vap.TimerCommand{Action: vap.TimerCancelAll}.Capability())
	}
	for _, t := range all {
		a = a.With(t.cancel())
	}
	return a
}

// question is "which one?", to somebody who spoke of several.
type question struct {
	of       *skill.Request
	one, all skill.Handler // answer of again, when one was named, or all; may be nil
}

// which takes the one that somebody names for what they were asked.
func (s *timers) which(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	q, ok := s.asked.Take(r.Client, s.Now())
	if !ok {
		return skill.Ask("What shall I do with it? Say, for example, cancel the five minute timer."), nil
	}
	again := *q.of
	again.Input, again.Slots = r.Input, map[string]string{"more": q.of.Text("more")}
	for slot, value := range r.Slots {
		again.Slots[slot] = value
	}
	return q.one(ctx, &again)
}

// whichAll takes all for what somebody was asked.
func (s *timers) whichAll(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	q, ok := s.asked.Take(r.Client, s.Now())
	switch {
	case !ok:
		return skill.Ask("All of what? Say, for example, cancel all timers."), nil
	case q.all == nil:
		return skill.Say("One at a time, please."), nil
	}
	return q.all(ctx, q.of)
}
