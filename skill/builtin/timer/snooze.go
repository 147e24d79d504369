package timer

import (
	"context"
	"slices"
	"time"

	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/say"
)

const (
	// nap is how long a snooze is when nobody says.
	nap = 9 * time.Minute
	// drowsy is how long after it began to ring something can be snoozed.
	drowsy = 15 * time.Minute
	// stopping is how long after it began to ring people say "stop the timer", who mean that.
	stopping = time.Minute
	// patience is how long a question waits for its answer.
	patience = time.Minute
)

// ring is what began to ring.
type ring struct {
	id, label string
	at        time.Time // when
}

// finished notes what rings: a satellite that hears its word stops ringing before anybody
// can say "snooze", and forgets what rang. Of a series it gets one more ring to keep.
func (s *timers) finished(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	id, _ := r.Fields["id"].(string)
	label, _ := r.Fields["label"].(string)
	s.rang.Put(r.Client, ring{id, label, s.Now()}, s.Now())
	all, err := s.seriesAt(r.Client)
	if err != nil {
		return skill.Answer{}, err
	}
	of, day, ok := seriesOf(all, id)
	if !ok {
		return skill.Answer{}, nil
	}
	if err := s.leaveOut(of.ID, day); err != nil { // though the hub's clock may be a little behind
		return skill.Answer{}, err
	}
	return s.joined(ctx, r)
}

// snooze has what rings, or rang last, ring again.
func (s *timers) snooze(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	d, ok := r.Duration("length")
	switch {
	case !ok:
		d = nap
	case d <= 0 || d > longest:
		return skill.Say("I can not snooze for that long."), nil
	}
	k, err := s.kept(ctx, r)
	if err != nil {
		return skill.Answer{}, err
	}
	rings := among(slices.Concat(k.alarms, k.timers), func(t state) bool { return t.Ringing })
	last, rang := s.rang.Take(r.Client, s.Now())
	if rang && len(rings) == 0 {
		rings = []state{{TimerState: vap.TimerState{ID: last.id, Label: last.label}, now: k.now}}
	}
	if len(rings) == 0 {
		return skill.Say("Nothing is ringing."), nil
	}
	a := skill.Say("Snoozed for %s.", say.Duration(d))
	if !rings[0].Ringing { // it has gone from the satellite
		a = a.With(k.room(1)...)
	}
	for _, t := range rings {
		if _, _, of := seriesOf(k.series, t.ID); of { // the ring itself is over
			if t.Ringing {
				a = a.With(t.do(vap.TimerCancel))
			}
			t.ID = alarmID + newID()
		}
		a = a.With(t.set(d))
	}
	return a, nil
}
