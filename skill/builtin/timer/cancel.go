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
	k, err := s.kept(ctx, r)
	if err != nil {
		return skill.Answer{}, err
	}
	some, called := meant(k.timers, r)
	if called == kindTimer {
		var over bool
		if some, over = s.loudest(r.Client, some, slices.Concat(k.timers, k.alarms)); over {
			return skill.Say("Nothing rings any more."), nil
		}
	}
	return s.cancelled(k, question{r, s.cancel, s.cancelAll}, kindTimer, called, some)
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
func (s *timers) cancelled(k kept, q question, kind, called string, some []state) (skill.Answer, error) {
	switch {
	case len(some) == 1:
		return s.cancelledOne(k, some[0])
	case len(some) > 1:
		s.asked.Put(q.of.Client, q, k.now)
		return skill.Ask("There are %s. Which one? Say, for example, cancel %s, or cancel all %ss.", several(some), example(some[0]), kind), nil
	case len(k.of(kind)) == 0:
		called = kind
	}
	return skill.Say("There is no %s.", called), nil
}

// cancelledOne is the answer of who cancels a timer, or an alarm: of a series, all of it.
func (s *timers) cancelledOne(k kept, t state) (skill.Answer, error) {
	words := say.Capital(the(t)) + " is cancelled"
	if t.series != nil {
		words = say.Capital("the alarm for "+t.series.String()) + " is cancelled for good"
	} else if r, _, of := seriesOf(k.series, t.ID); of {
		words += ". " + r.goesOn(k.now)
	}
	do, err := s.end(k, []state{t})
	return skill.Say("%s.", words).With(do...), err
}

// end cancels some, of series all of their rings.
func (s *timers) end(k kept, some []state) (do []vap.Capability, err error) {
	for _, t := range some {
		if t.series == nil {
			do = append(do, t.do(vap.TimerCancel))
			continue
		}
		if err := s.changeOne(t.series.ID, func(r *series) { r.Ended = true }); err != nil {
			return nil, err
		}
		for _, ring := range k.there {
			if t.series.owns(ring) {
				do = append(do, state{TimerState: ring}.do(vap.TimerCancel))
			}
		}
	}
	return do, nil
}

// example is how one is named to cancel it.
func example(t state) string {
	switch {
	case t.series != nil:
		return "the alarm for " + t.series.Days.String()
	case t.isAlarm():
		return "the alarm for " + say.Clock(t.at())
	case t.Label != "":
		return the(t)
	}
	return "the " + say.Span(t.length()) + " timer"
}

// cancelAll cancels all timers, and no alarm.
func (s *timers) cancelAll(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	k, err := s.kept(ctx, r)
	if err != nil {
		return skill.Answer{}, err
	}
	return s.cancelledAll(k, kindTimer)
}

// cancelledAll is the answer of who cancels all of a kind.
func (s *timers) cancelledAll(k kept, kind string) (skill.Answer, error) {
	all := k.of(kind)
	if len(all) < 2 {
		return s.cancelled(k, question{}, kind, kind, all)
	}
	do, err := s.end(k, all)
	if len(all) == len(k.timers)+len(k.alarms) {
		do = []vap.Capability{vap.TimerCommand{Action: vap.TimerCancelAll}.Capability()}
	}
	return skill.Say("All %ss are cancelled.", kind).With(do...), err
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
