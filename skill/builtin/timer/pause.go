package timer

import (
	"context"

	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/say"
)

// pausing is pausing timers, or resuming them.
type pausing struct {
	action        vap.TimerAction
	one, all      string           // what a timer does then, and what several do
	already, none string           // what one does with which it can't be done, and what none of several does
	can           func(state) bool // whether it can be done with a timer
}

func pauses() pausing {
	return pausing{
		vap.TimerPause, "is paused", "are paused", "paused", "running",
		func(t state) bool { return !t.Paused && !t.Ringing },
	}
}

func resumes() pausing {
	return pausing{vap.TimerResume, "goes on", "go on", "running", "paused", func(t state) bool { return t.Paused }}
}

// pause stops the time of the timer that is meant.
func (s *timers) pause(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	return s.pauseOne(ctx, r, pauses(), question{r, s.pause, s.pauseAll})
}

// pauseAll stops the time of all timers.
func (s *timers) pauseAll(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	return s.pauseEvery(ctx, r, pauses())
}

// resume has the timer that is meant count on.
func (s *timers) resume(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	return s.pauseOne(ctx, r, resumes(), question{r, s.resume, s.resumeAll})
}

// resumeAll has all timers count on.
func (s *timers) resumeAll(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	return s.pauseEvery(ctx, r, resumes())
}

// pauseOne pauses or resumes the timer that is meant: where several are, one with which that
// can be done.
func (s *timers) pauseOne(ctx context.Context, r *skill.Request, p pausing, q question) (skill.Answer, error) {
	k, err := s.kept(ctx, r)
	if err != nil {
		return skill.Answer{}, err
	}
	some, called := meant(k.timers, r)
	able := among(some, p.can)
	switch {
	case len(k.timers) == 0:
		return skill.Say("There is no timer."), nil
	case len(some) == 0:
		return skill.Say("There is no %s.", called), nil
	case len(able) > 1:
		s.asked.Put(r.Client, q, s.Now())
		return skill.Ask("There are %s. Which one?", several(able)), nil
	}
	return p.done(r, some, able), nil
}

// pauseEvery pauses or resumes all timers with which that can be done.
func (s *timers) pauseEvery(ctx context.Context, r *skill.Request, p pausing) (skill.Answer, error) {
	k, err := s.kept(ctx, r)
	if err != nil {
		return skill.Answer{}, err
	}
	if len(k.timers) == 0 {
		return skill.Say("There is no timer."), nil
	}
	return p.done(r, k.timers, among(k.timers, p.can)), nil
}

// done pauses or resumes those of some timers with which it can be done, and says how all of
// them are then.
func (p pausing) done(r *skill.Request, some, able []state) skill.Answer {
	switch {
	case len(able) > 0 && !canPause(r.Offers):
		return skill.Say("This satellite can not pause timers: its software is too old.")
	case len(able) == 0 && len(some) == 1 && some[0].Ringing:
		return skill.Say("%s is ringing.", say.Capital(the(some[0])))
	case len(able) == 0 && len(some) == 1:
		return skill.Say("%s is %s already.", say.Capital(the(some[0])), p.already)
	case len(able) == 0:
		return skill.Say("No timer is %s.", p.none)
	}
	words := "All timers " + p.all
	if len(able) == 1 {
		words = say.Capital(the(able[0])) + " " + p.one + " with " + able[0].left() + " left"
	}
	a := skill.Say("%s.", words)
	for _, t := range able {
		a = a.With(t.do(p.action))
	}
	return a
}

// canPause reports whether a satellite knows what pausing is, which is assumed of one that
// does not say what it can do.
func canPause(offers []vap.Offer) bool {
	o, says := vap.FindOffer(offers, vap.CapTimer)
	return !says || o.Version >= vap.TimerPauses
}
