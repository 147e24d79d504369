package hal

import (
	"context"
	"time"

	"vapd/board"
)

// settle is how long an overdue deadline waits for an event: after a pause of the
// whole process the release of a key may be on its way, and a hold would be wrong.
const settle = 10 * time.Millisecond

// Gestures reads keys and calls do for each gesture that means something in p, until
// ctx ends or keys is closed. do must not block for long: what keys do meanwhile waits.
func Gestures(ctx context.Context, p board.Profile, keys Keys, do func(Gesture)) {
	r := NewRecognizer(p)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for due := false; ; {
		timer.Stop()
		at, waits := r.Deadline()
		switch {
		case due:
			timer.Reset(settle)
		case waits:
			timer.Reset(time.Until(at))
		}
		var gestures []Gesture
		select {
		case <-ctx.Done():
			return
		case e, ok := <-keys.Events():
			if !ok {
				return
			}
			gestures, due = r.Feed(e), false
		case <-timer.C:
			if due {
				gestures = r.Expire(time.Now())
			}
			due = !due
		}
		for _, g := range gestures {
			do(g)
		}
	}
}
