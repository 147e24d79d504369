package timer

import (
	"context"
	"slices"
	"strings"
	"time"

	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/say"
)

// skip leaves out what rings on a day or at a time, or else what rings now or next.
func (s *timers) skip(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	k, err := s.kept(ctx, r)
	if err != nil {
		return skill.Answer{}, err
	}
	at, allDay, ok := when(r, k.now)
	if !ok {
		at, ok = namedDay(r.Input, k.now)
		allDay = ok
	}
	some := k.alarms
	if ok && (allDay || saysDay(r.Input)) {
		some = k.on(at)
	}
	switch {
	case ok && !allDay:
		some = meantAlarms(some, at, r.Input)
	case !ok:
		var over bool
		if some, over = s.loudest(r.Client, some, slices.Concat(some, k.timers)); over {
			return skill.Say("Nothing rings any more."), nil
		}
		some = some[:min(1, len(some))]
	}
	if len(some) == 0 && len(k.alarms) > 0 {
		return skill.Say("There is no alarm for %s.", called(at, allDay)), nil
	}
	return s.leftOut(k, r.Client, some)
}

// cancelOn cancels an alarm on the day of a time: a series is left out then.
func (s *timers) cancelOn(day time.Time) skill.Handler {
	return func(ctx context.Context, r *skill.Request) (skill.Answer, error) {
		k, err := s.kept(ctx, r)
		if err != nil {
			return skill.Answer{}, err
		}
		some := k.on(day)
		at, allDay, ok := when(r, k.now)
		if ok && !allDay {
			some = meantAlarms(some, at, r.Input)
		}
		switch {
		case len(some) > 1:
			s.asked.Put(r.Client, question{r, s.cancelOn(day), s.leaveDay(day)}, k.now)
			return skill.Ask("There are %s. Which one?", several(some)), nil
		case len(some) == 0 && len(k.alarms) > 0:
			return skill.Say("There is no alarm for %s.", called(at, allDay)), nil
		}
		return s.leftOut(k, r.Client, some)
	}
}

// leaveDay leaves out all that rings on the day of a time.
func (s *timers) leaveDay(day time.Time) skill.Handler {
	return func(ctx context.Context, r *skill.Request) (skill.Answer, error) {
		k, err := s.kept(ctx, r)
		if err != nil {
			return skill.Answer{}, err
		}
		return s.leftOut(k, r.Client, k.on(day))
	}
}

// called is how people call an alarm at a time, or on a day.
func called(at time.Time, allDay bool) string {
	if allDay {
		return say.Date(at)
	}
	return say.Clock(at)
}

// leftOut is the answer of who leaves out some alarms: those that ring once are cancelled.
func (s *timers) leftOut(k kept, client string, some []state) (skill.Answer, error) {
	if len(some) == 0 {
		return skill.Say("There is no alarm."), nil
	}
	if len(some) == 1 && some[0].series == nil {
		return s.cancelledOne(k, some[0])
	}
	var times []string
	var do []vap.Capability
	for _, t := range some {
		times = append(times, say.When(t.at(), t.now))
		r, day, of := seriesOf(k.series, t.ID)
		if !of || t.series == nil {
			do = append(do, t.do(vap.TimerCancel))
		} else if err := s.leaveOut(r.ID, day); err != nil {
			return skill.Answer{}, err
		}
	}
	var err error
	if k.series, err = s.seriesAt(client); err != nil {
		return skill.Answer{}, err
	}
	words := "No alarm at " + say.List(times) + "."
	if r, _, of := seriesOf(k.series, some[0].ID); of && len(some) == 1 {
		words += " " + r.goesOn(k.now) + "."
	}
	return skill.Say("%s", words).With(do...).With(k.room(0)...), nil
}

// namedDay is the next day that a sentence names, as "skip tomorrow's alarm" does.
func namedDay(input string, now time.Time) (day time.Time, ok bool) {
	has := func(word string) bool { return slices.Contains(words(input), word) }
	for i := range 8 {
		day := now.AddDate(0, 0, i)
		switch {
		case i == 0 && has("today"), i == 1 && has("tomorrow"), i > 0 && parseDays(input).has(day.Weekday()):
			return day, true
		}
	}
	return time.Time{}, false
}

// saysDay reports whether a sentence says which day it means.
func saysDay(input string) bool {
	for _, word := range words(input) {
		switch word {
		case "today", "tomorrow", "tonight", "this":
			return true
		}
		for m := range time.Month(12) {
			if word == strings.ToLower((m + 1).String()) {
				return true
			}
		}
	}
	return parseDays(input) != 0
}
