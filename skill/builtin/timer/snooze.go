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
// can say "snooze", and forgets what rang.
func (s *timers) finished(_ context.Context, r *skill.Request) (skill.Answer, error) {
	id, _ := r.Fields["id"].(string)
	label, _ := r.Fields["label"].(string)
	s.rang.Put(r.Client, ring{id, label, s.Now()}, s.Now())
	return skill.Answer{}, nil
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
	timers, alarms, err := s.states(ctx, r.Client)
	if err != nil {
		return skill.Answer{}, err
	}
	rings := among(slices.Concat(alarms, timers), func(t state) bool { return t.Ringing })
	last, rang := s.rang.Take(r.Client, s.Now())
	if rang && len(rings) == 0 {
		rings = []state{{vap.TimerState{ID: last.id, Label: last.label}, s.Now()}}
	}
	if len(rings) == 0 {
		return skill.Say("Nothing is ringing."), nil
	}
	a := skill.Say("Snoozed for %s.", say.Duration(d))
	for _, t := range rings {
		a = a.With(t.set(d))
	}
	return a, nil
}
