package timer

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"vapd/protocol/vap"
	"vapd/skill"
)

const (
	// inAdvance is how many rings of a series a satellite keeps: it wakes people while the
	// hub is away.
	inAdvance = 3
	// near is how exactly they are kept: a ring that is as near to its time stays as it is.
	near = 2 * time.Second
	// dueFor is how long after its time a ring that is not heard yet is left alone.
	dueFor = time.Minute
	// refresh is how often satellites' rings are compared with the clock of the house, which
	// may be set at any time.
	refresh = time.Minute
	// fresh is how late a ring may be set that had to wait.
	fresh = time.Second
)

// ahead are the rings that a satellite with some room is to keep, by their ids: the next one
// of each of its series, then those behind.
func ahead(all []series, room int, now time.Time) map[string]time.Time {
	rings := make(map[string]time.Time)
	for n := range inAdvance {
		for _, r := range all {
			next := r.next(now, n+1)
			if len(next) > n && next[n].Sub(now) <= longest && len(rings) < room {
				rings[r.ring(next[n])] = next[n]
			}
		}
	}
	return rings
}

// adjust has a satellite, where these timers are, keep the rings of its series, and leave
// room for more timers.
func adjust(all []series, there []vap.TimerState, more int, now time.Time) (do []vap.Capability) {
	room := most - more
	for _, t := range there {
		if _, _, of := seriesOf(all, t.ID); !of || t.Ringing {
			room--
		}
	}
	rings := ahead(all, room, now)
	for _, t := range there {
		r, day, of := seriesOf(all, t.ID)
		at, wanted := rings[t.ID]
		switch {
		case !of:
		case t.Ringing, wanted && (at.Sub(now)-seconds(t.Remaining)).Abs() <= near:
			delete(rings, t.ID)
		case !wanted && !r.due(day, now):
			do = append(do, vap.TimerCommand{Action: vap.TimerCancel, ID: t.ID}.Capability())
		}
	}
	for _, id := range slices.Sorted(maps.Keys(rings)) {
		do = append(do, vap.TimerCommand{Action: vap.TimerSet, ID: id, Seconds: rings[id].Sub(now).Seconds()}.Capability())
	}
	return do
}

// due reports whether the ring of a day (dateForm) should be heard just now.
func (r series) due(day string, now time.Time) bool {
	since := now.Sub(r.on(now))
	return !r.Ended && day == now.Format(dateForm) && !slices.Contains(r.Over, day) && since >= 0 && since < dueFor
}

// adjustAll adjusts what the satellites that are there keep.
func (s *timers) adjustAll(ctx context.Context) error {
	all, err := s.series()
	if err != nil || len(all) == 0 {
		return err
	}
	house, err := s.Satellites(ctx)
	if err != nil {
		return err
	}
	for _, sat := range house {
		if !sat.Connected {
			continue
		}
		do, e := s.adjusted(ctx, sat.ID)
		if e == nil && len(do) > 0 {
			e = s.Notify(ctx, sat.ID, skill.Notice{Answer: skill.Answer{Do: do}, TTL: fresh, Urgent: true})
		}
		err = errors.Join(err, e)
	}
	return errors.Join(err, s.changeSeries(func(all []series) []series {
		return slices.DeleteFunc(all, func(r series) bool { // whose satellite was forgotten
			return !slices.ContainsFunc(house, func(sat skill.Satellite) bool { return sat.ID == r.Client })
		})
	}))
}

// adjusted is what adjusts a satellite. Of what is over nothing more is kept then.
func (s *timers) adjusted(ctx context.Context, client string) ([]vap.Capability, error) {
	all, err := s.seriesAt(client)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	there, err := s.there(ctx, client)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	return adjust(all, there, 0, now), s.changeSeries(func(all []series) []series {
		yesterday := now.AddDate(0, 0, -1).Format(dateForm)
		for i, r := range all {
			all[i].Over = slices.DeleteFunc(r.Over, func(day string) bool { return day < yesterday })
		}
		return slices.DeleteFunc(all, func(r series) bool {
			return r.Client == client && r.Ended && !slices.ContainsFunc(there, r.owns)
		})
	})
}

// joined adjusts a satellite that is there again, and may have been reset.
func (s *timers) joined(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	do, err := s.adjusted(ctx, r.Client)
	return skill.Answer{Do: do}, err
}

// started adjusts all satellites: the clock may have been set while the skill was away.
func (s *timers) started(ctx context.Context, _ *skill.Request) (skill.Answer, error) {
	return skill.Answer{}, s.adjustAll(ctx)
}
