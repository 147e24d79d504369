package timer

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"strings"
	"time"

	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/say"
)

// seriesKey is where the skill's store has all series.
const seriesKey = "series"

// series are all that there are.
func (s *timers) series() (all []series, err error) {
	_, err = s.Store().Get(seriesKey, &all)
	return all, err
}

// seriesAt are those of a satellite.
func (s *timers) seriesAt(client string) ([]series, error) {
	all, err := s.series()
	return slices.DeleteFunc(all, func(r series) bool { return r.Client != client }), err
}

// changeSeries keeps what change makes of all series.
func (s *timers) changeSeries(change func([]series) []series) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	before, err := s.series()
	if err != nil {
		return err
	}
	now, err := s.series()
	if now = change(now); err != nil || reflect.DeepEqual(before, now) {
		return err
	}
	if len(now) == 0 {
		return s.Store().Set(seriesKey, nil)
	}
	return s.Store().Set(seriesKey, now)
}

// changeOne changes the series of an id.
func (s *timers) changeOne(id string, change func(*series)) error {
	return s.changeSeries(func(all []series) []series {
		for i := range all {
			if all[i].ID == id {
				change(&all[i])
			}
		}
		return all
	})
}

// leaveOut has a series not ring on a day (dateForm), or not again.
func (s *timers) leaveOut(id, day string) error {
	return s.changeOne(id, func(r *series) {
		if !slices.Contains(r.Over, day) {
			r.Over = append(r.Over, day)
		}
	})
}

// there are the timers of a satellite as it tells them: of a series, its rings.
func (s *timers) there(ctx context.Context, client string) ([]vap.TimerState, error) {
	c, err := s.QueryOne(ctx, client, vap.CapTimer)
	if err != nil {
		return nil, err
	}
	return vap.ParseTimers(c)
}

// kept are the timers and the alarms of a satellite as people see them, the next to ring
// first. A series is one alarm; a ring of it that is heard is another.
type kept struct {
	timers, alarms []state
	there          []vap.TimerState
	series         []series
	now            time.Time
}

// kept are those of the satellite of a request.
func (s *timers) kept(ctx context.Context, r *skill.Request) (k kept, err error) {
	if k.there, err = s.there(ctx, r.Client); err != nil {
		return kept{}, err
	}
	if k.series, err = s.seriesAt(r.Client); err != nil {
		return kept{}, err
	}
	k.now = s.Now()
	for _, t := range k.there {
		switch _, _, of := seriesOf(k.series, t.ID); {
		case !strings.HasPrefix(t.ID, alarmID):
			k.timers = append(k.timers, state{TimerState: t, now: k.now})
		case !of, t.Ringing:
			k.alarms = append(k.alarms, state{TimerState: t, now: k.now})
		}
	}
	for _, r := range k.series {
		if next := r.next(k.now, 1); len(next) > 0 {
			k.alarms = append(k.alarms, r.state(next[0], k.now))
		}
	}
	soonest := func(a, b state) int { return cmp.Compare(a.Remaining, b.Remaining) }
	slices.SortStableFunc(k.timers, soonest)
	slices.SortStableFunc(k.alarms, soonest)
	return k, nil
}

// of are those of a kind.
func (k kept) of(kind string) []state {
	if kind == kindAlarm {
		return k.alarms
	}
	return k.timers
}

// on are the alarms that ring on the day of a time.
func (k kept) on(day time.Time) (some []state) {
	for _, t := range k.alarms {
		switch {
		case t.series == nil && say.Days(t.at(), day) == 0:
			some = append(some, t)
		case t.series != nil && t.series.ringsOn(day, k.now):
			some = append(some, t.series.state(t.series.on(day), k.now))
		}
	}
	return some
}

// full reports whether there is no room for one more.
func (k kept) full() bool { return len(k.timers)+len(k.alarms) >= most }

// room makes room for some more timers.
func (k kept) room(more int) []vap.Capability { return adjust(k.series, k.there, more, k.now) }
