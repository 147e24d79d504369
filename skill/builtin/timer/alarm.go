package timer

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/say"
)

// alarm sets an alarm, for a time or after a while.
func (s *timers) alarm(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	now := s.Now()
	at, allDay, ok := when(r, now)
	if habit(r.Input) != 0 {
		return s.repeat(ctx, r)
	}
	at = morning(at, now, r.Input)
	if d, after := r.Duration("length"); after {
		at, ok = now.Add(d), true
	}
	switch {
	case !ok, allDay:
		return skill.Ask("At what time? Say, for example, set an alarm for seven in the morning."), nil
	case !at.After(now):
		return skill.Say("That is over already."), nil
	case at.Sub(now) > longest:
		return skill.Say("That is too far away: an alarm can be set for the next seven days."), nil
	}
	t := vap.TimerCommand{ID: alarmID + newID(), Seconds: at.Sub(now).Seconds()}
	return s.start(ctx, r, t, "Alarm set for "+say.When(at.Round(time.Minute), now)+".")
}

// morning is at, or twelve hours earlier: the hub takes "six tomorrow" for the evening, and
// people who are to be woken mean the morning.
func morning(at, now time.Time, input string) time.Time {
	if early := at.Add(-12 * time.Hour); at.Hour() > 12 && early.After(now) && !saysHalf(input, at) {
		return early
	}
	return at
}

// alarms says which alarms are set.
func (s *timers) alarms(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	k, err := s.kept(ctx, r)
	switch {
	case err != nil:
		return skill.Answer{}, err
	case len(k.alarms) == 0:
		return skill.Say("There is no alarm."), nil
	case len(k.alarms) == 1:
		return skill.Say("There is an %s.", k.alarms[0]), nil
	}
	return skill.Say("There are %s.", several(k.alarms)), nil
}

// cancelAlarm cancels the alarm that is meant, or what rings. On a day that was said, a series
// is left out.
func (s *timers) cancelAlarm(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	at, allDay, ok := when(r, s.Now())
	if ok && (allDay || saysDay(r.Input)) {
		return s.cancelOn(at)(ctx, r)
	}
	k, err := s.kept(ctx, r)
	if err != nil {
		return skill.Answer{}, err
	}
	some, called := k.alarms, kindAlarm
	switch d := parseDays(r.Text("days")) | parseDays(r.Text("rhythm")); {
	case ok:
		some, called = meantAlarms(k.alarms, at, r.Input), "alarm for "+say.Clock(at)
	case d != 0:
		some, called = among(k.alarms, func(t state) bool { return t.series != nil && t.series.Days == d }), "alarm for "+d.String()
	default:
		var over bool
		if some, over = s.loudest(r.Client, some, slices.Concat(k.alarms, k.timers)); over {
			return skill.Say("Nothing rings any more."), nil
		}
	}
	return s.cancelled(k, question{r, s.cancelAlarm, s.cancelAlarms}, kindAlarm, called, some)
}

// meantAlarms are the alarms at a time. It is the next one, though another may be meant:
// "seven o'clock" is the alarm of seven tomorrow morning as well, unless who said so also
// said which half of the day.
func meantAlarms(alarms []state, at time.Time, input string) []state {
	minute := func(t time.Time) int { return 60*t.Hour() + t.Minute() }
	some := among(alarms, func(t state) bool { return t.at().Equal(at) })
	if len(some) == 0 {
		some = among(alarms, func(t state) bool { return minute(t.at()) == minute(at) })
	}
	if len(some) == 0 && !saysHalf(input, at) {
		some = among(alarms, func(t state) bool { return minute(t.at())%720 == minute(at)%720 })
	}
	return some
}

// saysHalf reports whether a sentence says which half of the day it means with a time.
func saysHalf(input string, at time.Time) bool {
	for _, w := range strings.FieldsFunc(strings.ToLower(strings.ReplaceAll(input, ".", "")), func(r rune) bool { return r == ' ' || r == ':' }) {
		switch strings.TrimLeft(w, "0123456789") {
		case "am", "pm", "m", "morning", "afternoon", "evening", "night", "tonight", "noon", "midnight", "midday":
			return true
		}
		if at.Hour() > 12 && (w == strconv.Itoa(at.Hour()) || w == say.Number(at.Hour())) {
			return true
		}
	}
	return false
}

// cancelAlarms cancels all alarms, and no timer.
func (s *timers) cancelAlarms(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	k, err := s.kept(ctx, r)
	if err != nil {
		return skill.Answer{}, err
	}
	return s.cancelledAll(k, kindAlarm)
}
