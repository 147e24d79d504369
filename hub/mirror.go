package hub

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"vapd/hub/clients"
	"vapd/protocol/vap"
)

// mirror holds what the clients report of themselves. Timers live on the satellites,
// which ring without a hub; here is only what they told last. Timers are kept over a
// restart of the hub, so that it can answer before its satellites have reported again.
type mirror struct {
	store clients.Store
	log   *slog.Logger
	dirty chan struct{} // one slot: there is something to keep, or somebody waits

	mu      sync.Mutex
	clients map[string]*reflection
	unkept  map[string]bool // clients whose timers are not on the disk as they are here
	keeping map[string]bool // and those that are on their way there
	waiting []func(error)   // for either
}

// reflection is one client's.
type reflection struct {
	timers []mirrored
	volume vap.Volume
}

// mirrored is a timer of a client, as it is kept.
type mirrored struct {
	ID      string    `json:"id"`
	Label   string    `json:"label,omitempty"`
	Seconds float64   `json:"seconds"`
	Ends    time.Time `json:"ends,omitzero"`
	Ringing bool      `json:"ringing,omitempty"`
	Paused  bool      `json:"paused,omitempty"`
	Left    float64   `json:"left,omitempty"` // seconds, of one that is paused, which has no end
}

func mirroredFrom(t vap.TimerState, now time.Time) mirrored {
	m := mirrored{ID: t.ID, Label: t.Label, Seconds: t.Seconds, Ringing: t.Ringing, Paused: t.Paused}
	if t.Paused {
		m.Left = t.Remaining
	} else {
		m.Ends = now.Add(time.Duration(t.Remaining * float64(time.Second)))
	}
	return m
}

// state is the timer as it is now, if what was reported went on since.
func (t mirrored) state(now time.Time) vap.TimerState {
	left := t.Left
	if !t.Paused {
		left = max(0, t.Ends.Sub(now).Seconds())
	}
	return vap.TimerState{ID: t.ID, Label: t.Label, Seconds: t.Seconds, Remaining: left, Ringing: t.Ringing, Paused: t.Paused}
}

// same reports whether two reports say the same of a timer.
func (t mirrored) same(as mirrored) bool {
	apart := t.Ends.Sub(as.Ends).Abs()
	t.Ends = as.Ends
	return t == as && apart < sameEnd
}

const (
	// sameEnd is how far the ends of a timer may be apart in two reports that say the
	// same: they are rounded, and take their time in the network.
	sameEnd = 2 * time.Second
	// keepAgain is when timers are kept that the disk did not take.
	keepAgain = 10 * time.Second
)

// newMirror makes the mirror with the timers in store that have not ended yet: those that
// have rang without the hub.
func newMirror(store clients.Store, log *slog.Logger, now time.Time) *mirror {
	m := &mirror{
		store: store, log: log, dirty: make(chan struct{}, 1),
		clients: make(map[string]*reflection), unkept: make(map[string]bool),
	}
	for client, data := range store.All() {
		var timers []mirrored
		if err := json.Unmarshal(data, &timers); err != nil {
			log.Warn("a client's timers are forgotten until it reports them again", "client", client, "error", err)
			continue
		}
		timers = slices.DeleteFunc(timers, func(t mirrored) bool { return !t.Paused && !t.Ends.After(now) })
		m.of(client).timers = timers
	}
	return m
}

func (m *mirror) of(client string) *reflection {
	r := m.clients[client]
	if r == nil {
		r = new(reflection)
		m.clients[client] = r
	}
	return r
}

func (m *mirror) setTimers(client string, reported []vap.TimerState, now time.Time) {
	timers := make([]mirrored, len(reported))
	for i, t := range reported {
		timers[i] = mirroredFrom(t, now)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.of(client)
	same := slices.EqualFunc(r.timers, timers, mirrored.same)
	if r.timers = timers; !same {
		m.touch(client)
	}
}

// touch has a client's timers kept soon. The caller holds mu.
func (m *mirror) touch(client string) {
	m.unkept[client] = true
	m.ring()
}

func (m *mirror) ring() {
	select {
	case m.dirty <- struct{}{}:
	default:
	}
}

// whenKept calls done when a client's timers are on the disk as they are here, at once if
// they are, or with the error of the disk that does not take them. done must not block.
func (m *mirror) whenKept(client string, done func(error)) {
	m.mu.Lock()
	kept := !m.unkept[client] && !m.keeping[client]
	if !kept {
		m.waiting = append(m.waiting, done)
		m.ring()
	}
	m.mu.Unlock()
	if kept {
		done(nil)
	}
}

func (m *mirror) setVolume(client string, v vap.Volume) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.of(client).volume = v
}

// forget drops a client that is forgotten or denied; one that is only away keeps its
// timers, since they go on there.
func (m *mirror) forget(client string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.clients, client)
	m.touch(client)
}

// timers are a client's timers as they are now, if what it reported went on since.
func (m *mirror) timers(client string, now time.Time) []vap.TimerState {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.clients[client]
	if r == nil {
		return nil
	}
	out := make([]vap.TimerState, len(r.timers))
	for i, t := range r.timers {
		out[i] = t.state(now)
	}
	return out
}

// volume is what a client reported last; its fields are nil when it did not.
func (m *mirror) volume(client string) vap.Volume {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.clients[client]; r != nil {
		return r.volume
	}
	return vap.Volume{}
}

// run keeps timers until ctx ends, and then what is left.
func (m *mirror) run(ctx context.Context) {
	again := time.NewTimer(keepAgain)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			m.keep()
			return
		case <-m.dirty:
		case <-again.C:
		}
		m.keep()
		again.Reset(keepAgain)
	}
}

// keep puts the timers that changed on the disk, and tells who waits for that. What the
// disk does not take is tried again.
func (m *mirror) keep() {
	m.mu.Lock()
	m.keeping, m.unkept = m.unkept, make(map[string]bool)
	waiting := m.waiting
	m.waiting = nil
	records := m.records(m.keeping)
	m.mu.Unlock()
	var err error
	if len(records) > 0 {
		err = m.store.Apply(records)
	}
	m.mu.Lock()
	if err != nil {
		m.log.Debug("timers are not kept yet", "clients", len(records), "error", err)
		maps.Copy(m.unkept, m.keeping)
	}
	m.keeping = nil
	m.mu.Unlock()
	for _, done := range waiting {
		done(err)
	}
}

// records are the timers of clients as the store has them. The caller holds mu.
func (m *mirror) records(clients map[string]bool) map[string][]byte {
	records := make(map[string][]byte, len(clients))
	for client := range clients {
		records[client] = nil
		if r := m.clients[client]; r != nil && len(r.timers) > 0 {
			data, err := json.Marshal(r.timers)
			if err != nil {
				panic(err) // strings, numbers and times
			}
			records[client] = data
		}
	}
	return records
}
