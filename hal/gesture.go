package hal

import (
	"cmp"
	"slices"
	"time"

	"vapd/board"
)

// Gesture is what a hand did with a key.
type Gesture struct {
	Key  board.KeyID
	Kind board.Gesture
	// Held is how long the key has been down, of a hold: one of the profile's times.
	Held time.Duration
	// At is when the key went down (of a double press, for the first time): of a press
	// the time from which a person may be speaking, though it was certain only later.
	At time.Time
}

// DoubleGap is how soon after a release the key must be down again for a double
// press. A key for which a double press means something reports its press that much
// later.
const DoubleGap = 250 * time.Millisecond

// Recognizer turns what keys do into gestures. It is a pure state machine: it knows
// no clock, but says until when it waits. It is for one goroutine at a time.
//
// A press is certain when the key was let go and no second one follows, a double press
// when the key goes down again, a hold when the key has been down for its time. A key
// that was held, or went down for the second time, means nothing more by its release.
type Recognizer struct{ keys map[board.KeyID]*keyState }

type keyState struct {
	holds   []time.Duration // ascending
	doubles bool

	phase    phase
	at, upAt time.Time // when it last went down, and up
	held     int       // in phase pressed and spent: the holds that were reported
}

// phase of one key.
type phase uint8

const (
	released phase = iota
	pressed        // down, and nothing reported
	waiting        // up, and a second press may follow
	spent          // down, and its release means nothing
)

// NewRecognizer recognises the gestures that mean something in p.
func NewRecognizer(p board.Profile) *Recognizer {
	r := &Recognizer{keys: make(map[board.KeyID]*keyState, len(p.Keys))}
	for _, k := range p.Keys {
		r.keys[k.ID] = &keyState{holds: p.Holds(k.ID), doubles: p.Doubles(k.ID)}
	}
	return r
}

// Feed takes an event and returns the gestures that are certain with it. Keys that
// the profile does not have are ignored, and so is a second down or up in a row.
func (r *Recognizer) Feed(e KeyEvent) []Gesture {
	k, ok := r.keys[e.Key]
	if !ok || k.down() == e.Down {
		return nil
	}
	// What was over before this event comes first.
	out := k.expire(nil, e.Key, e.At)
	switch k.phase {
	case released:
		k.phase, k.at, k.held = pressed, e.At, 0
	case waiting:
		out = append(out, Gesture{Key: e.Key, Kind: board.Double, At: k.at})
		k.phase, k.held = spent, len(k.holds)
	case pressed:
		k.phase, k.upAt = waiting, e.At
		if !k.doubles {
			k.phase = released
			out = append(out, Gesture{Key: e.Key, Kind: board.Press, At: k.at})
		}
	case spent:
		k.phase = released
	}
	return out
}

// Deadline is when Expire has something to say if no event comes before.
func (r *Recognizer) Deadline() (at time.Time, ok bool) {
	for _, k := range r.keys {
		if d, waits := k.deadline(); waits && (!ok || d.Before(at)) {
			at, ok = d, true
		}
	}
	return at, ok
}

// Expire returns the gestures that are certain when nothing has happened until now,
// by key.
func (r *Recognizer) Expire(now time.Time) []Gesture {
	var out []Gesture
	for id, k := range r.keys {
		out = k.expire(out, id, now)
	}
	slices.SortStableFunc(out, func(a, b Gesture) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

func (k *keyState) down() bool { return k.phase == pressed || k.phase == spent }

func (k *keyState) deadline() (at time.Time, waits bool) {
	switch {
	case k.phase == waiting:
		return k.upAt.Add(DoubleGap), true
	case k.down() && k.held < len(k.holds):
		return k.at.Add(k.holds[k.held]), true
	}
	return time.Time{}, false
}

func (k *keyState) expire(out []Gesture, id board.KeyID, now time.Time) []Gesture {
	for at, waits := k.deadline(); waits && !now.Before(at); at, waits = k.deadline() {
		if k.phase == waiting {
			k.phase = released
			out = append(out, Gesture{Key: id, Kind: board.Press, At: k.at})
			continue
		}
		out = append(out, Gesture{Key: id, Kind: board.Hold, Held: k.holds[k.held], At: k.at})
		k.phase = spent
		k.held++
	}
	return out
}
