package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"vapd/internal/netsim"
	"vapd/protocol/control"
)

// watch keeps what was seen of the house; anybody may look at it and wait for what
// they want to see.
type watch struct {
	mu        sync.Mutex
	changed   chan struct{} // closed at the next change
	state     control.SatelliteState
	fragments []time.Time // of speech, on their way to the hub; repeated ones too
	packets   []seenPacket
	notes     []string
	note      func(string) // told of notes as they come; may be nil
}

// seenPacket is a datagram for people.
type seenPacket struct {
	time      time.Time
	direction netsim.Direction
	fate      netsim.Fate
	text      string
}

// How much a watch remembers.
const (
	mostFragments = 4096
	mostPackets   = 200
	mostNotes     = 20
)

func newWatch(note func(string)) *watch {
	return &watch{changed: make(chan struct{}), note: note}
}

// change does something to the watch and tells those who wait.
func (w *watch) change(do func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	do()
	close(w.changed)
	w.changed = make(chan struct{})
}

func (w *watch) seeState(s control.SatelliteState) { w.change(func() { w.state = s }) }

func (w *watch) seeNote(text string) {
	w.change(func() { w.notes = keep(w.notes, text, mostNotes) })
	if w.note != nil {
		w.note(text)
	}
}

func (w *watch) seeEvent(e control.HubEvent) {
	if text := eventText(e); text != "" {
		w.seeNote(text)
	}
}

// eventText is what there is to say about an event that the satellite does not show.
func eventText(e control.HubEvent) string {
	switch e.Kind {
	case control.EventJoined:
		return "the hub knows the satellite " + e.Client
	case control.EventAsks:
		return "the satellite asks for approval: vapd hub clients approve " + e.Client
	case control.EventRefused, control.EventFailed:
		return "the hub: " + e.Why
	case control.EventAnswered:
		if e.Lost > 0 {
			return fmt.Sprintf("the hub: %d fragments were lost for good", e.Lost)
		}
	}
	return ""
}

// seePacket is netsim.Config.Observe.
func (w *watch) seePacket(p netsim.Packet) {
	seen := seenPacket{p.Time, p.Direction, p.Fate, netsim.Describe(p.Data)}
	w.change(func() {
		w.packets = keep(w.packets, seen, mostPackets)
		if p.Direction == netsim.Up && isFragment(seen.text) {
			w.fragments = keep(w.fragments, p.Time, mostFragments)
		}
	})
}

// isFragment says whether a datagram is one with speech in it.
func isFragment(text string) bool {
	return strings.Contains(text, " POST vap/clientRegistry/sessionData ")
}

// keep appends v and lets go of the oldest when there are more than most.
func keep[T any](list []T, v T, most int) []T {
	list = append(list, v)
	return list[max(0, len(list)-most):]
}

// look is the satellite's state when it was seen last.
func (w *watch) look() control.SatelliteState {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state
}

// news are the notes and the datagrams that were seen, for people.
func (w *watch) news() (notes, packets []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.packets {
		fate := ""
		if p.fate != netsim.Passed {
			fate = strings.ToUpper(p.fate.String()) + " "
		}
		packets = append(packets, p.time.Format("05.000")+" "+p.direction.String()+" "+fate+p.text)
	}
	return slices.Clone(w.notes), packets
}

// fragmentsSince are the times of the fragments after t.
func (w *watch) fragmentsSince(t time.Time) []time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	var after []time.Time
	for _, f := range w.fragments {
		if f.After(t) {
			after = append(after, f)
		}
	}
	return after
}

// await returns when the satellite is as wanted, or says what it is instead when that
// takes too long.
func (w *watch) await(ctx context.Context, what string, within time.Duration, wanted func(control.SatelliteState) bool) (control.SatelliteState, error) {
	late := time.NewTimer(within)
	defer late.Stop()
	for {
		w.mu.Lock()
		s, changed := w.state, w.changed
		w.mu.Unlock()
		if wanted(s) {
			return s, nil
		}
		select {
		case <-changed:
		case <-late.C:
			return s, fmt.Errorf("no %s within %v (%s)", what, within, brief(s))
		case <-ctx.Done():
			return s, fmt.Errorf("no %s: %w", what, context.Cause(ctx))
		}
	}
}

// brief is the state of a satellite in a few words.
func brief(s control.SatelliteState) string {
	words := []string{"link " + s.Link.State, "microphone " + s.Mic.State, fmt.Sprintf("turn %d %s", s.Turn.N, s.Turn.State)}
	for _, w := range s.Words {
		words = append(words, fmt.Sprintf("%s %.2f, near miss %.2f", w.Word, w.Score, w.NearMiss))
	}
	if s.Turn.Error != "" {
		words = append(words, s.Turn.Error)
	}
	return strings.Join(words, ", ")
}
