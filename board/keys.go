package board

import (
	"fmt"
	"slices"
	"time"
)

// Gesture is what a hand does with a key.
type Gesture string

// Gestures.
const (
	Press  Gesture = "press"  // down and up again
	Double Gesture = "double" // two presses, close together
	Hold   Gesture = "hold"   // down for as long as the binding says
)

// Action is what follows from a gesture. The satellite maps them to its events.
type Action string

// Actions.
const (
	Listen     Action = "listen"      // be heard without the wake word
	Stop       Action = "stop"        // end what sounds or listens
	Mute       Action = "mute"        // close or open the microphone
	VolumeUp   Action = "volume-up"   //
	VolumeDown Action = "volume-down" //
	Pair       Action = "pair"        // let a hub in the room take this satellite; again: no, not that one
	Agree      Action = "agree"       // the hub shows the same code as this satellite
	Reset      Action = "reset"       // forget everything: settings, hubs, timers
)

// Mode is what the satellite is doing, as far as keys are concerned.
type Mode string

// Modes. The first that holds counts.
const (
	Ringing   Mode = "ringing"   // a timer rings
	Turn      Mode = "turn"      // an utterance is heard, thought about or answered
	Comparing Mode = "comparing" // the code of a pairing is shown, and a person has to say whether the hub shows the same
	PowerUp   Mode = "power-up"  // idle, in the first minute after the machine got power
	Idle      Mode = "idle"
)

// Binding is a row of the table of keys.
type Binding struct {
	Key     KeyID
	Gesture Gesture
	// Held is how long the key must be down, of Hold only.
	Held   time.Duration
	Modes  []Mode
	Action Action
}

// Action is what gesture on key does in mode; held is that of the binding that the
// gesture was recognised by, zero for all but Hold.
func (p Profile) Action(key KeyID, gesture Gesture, held time.Duration, mode Mode) (Action, bool) {
	for _, b := range p.Bindings {
		if b.Key == key && b.Gesture == gesture && b.Held == held && slices.Contains(b.Modes, mode) {
			return b.Action, true
		}
	}
	return "", false
}

// Holds are the times for which holding key means something, ascending.
func (p Profile) Holds(key KeyID) []time.Duration {
	var holds []time.Duration
	for _, b := range p.Bindings {
		if b.Key == key && b.Gesture == Hold {
			holds = append(holds, b.Held)
		}
	}
	slices.Sort(holds)
	return slices.Compact(holds)
}

// Doubles reports whether a double press of key means something: if not, a press
// needs no waiting for a second one.
func (p Profile) Doubles(key KeyID) bool {
	return slices.ContainsFunc(p.Bindings, func(b Binding) bool { return b.Key == key && b.Gesture == Double })
}

func (p Profile) checkBinding(b Binding) error {
	if _, ok := p.Key(b.Key); !ok {
		return fmt.Errorf("%s of key %q: there is no such key", b.Gesture, b.Key)
	}
	if (b.Gesture == Hold) != (b.Held > 0) {
		return fmt.Errorf("%s of key %q for %v: only a hold has a time, and needs one", b.Gesture, b.Key, b.Held)
	}
	for _, m := range b.Modes {
		if a, _ := p.Action(b.Key, b.Gesture, b.Held, m); a != b.Action {
			return fmt.Errorf("%s of key %q in mode %s does both %s and %s", b.Gesture, b.Key, m, a, b.Action)
		}
		if b.Action == Reset && m != PowerUp {
			return fmt.Errorf("key %q resets in mode %s: only at power-up nobody does that by accident", b.Key, m)
		}
	}
	return nil
}

// Times for which the only key of a board is held.
const (
	holdToPair  = 3 * time.Second
	holdToReset = 10 * time.Second
)

func always() []Mode { return []Mode{Ringing, Turn, Comparing, PowerUp, Idle} }

// oneKey is the table of a board with a single key. At power-up, holding on after it began
// to pair resets.
func oneKey(key KeyID) []Binding {
	return []Binding{
		{Key: key, Gesture: Press, Modes: []Mode{PowerUp, Idle}, Action: Listen},
		{Key: key, Gesture: Press, Modes: []Mode{Turn, Ringing}, Action: Stop},
		{Key: key, Gesture: Press, Modes: []Mode{Comparing}, Action: Agree},
		{Key: key, Gesture: Double, Modes: always(), Action: Mute},
		{Key: key, Gesture: Hold, Held: holdToPair, Modes: always(), Action: Pair},
		{Key: key, Gesture: Hold, Held: holdToReset, Modes: []Mode{PowerUp}, Action: Reset},
	}
}

// press binds a press of key to one action, whatever the satellite is doing.
func press(key KeyID, a Action) Binding {
	return Binding{Key: key, Gesture: Press, Modes: always(), Action: a}
}
