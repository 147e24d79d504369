package timer

import (
	"context"
	"slices"
	"strings"
	"time"

	"vapd/skill"
)

// repeat sets an alarm that repeats. One that is set already stays, with no day left out.
func (s *timers) repeat(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	at, allDay, ok := when(r, s.Now())
	d := parseDays(r.Text("days")) | parseDays(r.Text("rhythm"))
	switch d {
	case everyday, weekdays, weekend:
	case 0:
		d = habit(r.Input)
	default:
		d |= parseDays(r.Text("also")) | parseDays(r.Input)
	}
	switch {
	case !ok || allDay:
		return skill.Ask("At what time? Say, for example, wake me up every day at seven."), nil
	case d == 0:
		return skill.Ask("On which days? Say, for example, wake me up every weekday at seven."), nil
	}
	k, err := s.kept(ctx, r)
	if err != nil {
		return skill.Answer{}, err
	}
	n := series{ID: newID(), Client: r.Client, Hour: hour(at, r.Input), Minute: at.Minute(), Days: d}
	i := slices.IndexFunc(k.series, func(o series) bool {
		return !o.Ended && o.Hour == n.Hour && o.Minute == n.Minute && o.Days == n.Days
	})
	switch {
	case i >= 0:
		n.ID = k.series[i].ID
		k.series[i] = n
	case k.full():
		return skill.Say(tooMany), nil
	default:
		k.series = append(k.series, n)
	}
	err = s.changeSeries(func(all []series) []series {
		all = slices.DeleteFunc(all, func(o series) bool { return o.ID == n.ID })
		return append(all, n)
	})
	return skill.Say("Alarm set for %s.", n).With(k.room(0)...), err
}

// habit are the days that a sentence has in the plural, as "on mondays", which the hub may
// take for the next one.
func habit(input string) (d days) {
	for _, word := range words(input) {
		if strings.HasSuffix(word, "days") {
			d |= parseDays(word)
		}
	}
	return d
}

// hour is the hour that is meant by the next such time, in a sentence that may say which half
// of the day: people are woken in the morning, and twelve is noon.
func hour(at time.Time, input string) int {
	half := saysHalf(input, at)
	switch h := at.Hour(); {
	case h > 12 && !half:
		return h - 12
	case h == 0 && !half && strings.Contains(input, "twelve"):
		return 12
	default:
		return h
	}
}

// when is the time that a request speaks of, or the day: of a part of a day, all of it.
func when(r *skill.Request, now time.Time) (at time.Time, allDay, ok bool) {
	at, allDay, ok = r.Time("when", now.Location())
	return at, allDay || strings.Contains(r.Text("when"), "/"), ok
}
