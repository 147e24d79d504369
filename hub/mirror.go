package hub

import (
	"sync"
	"time"

	"vapd/protocol/vap"
)

// mirror holds what the clients report of themselves. Timers live on the satellites,
// which ring without a hub; here is only what they told last.
type mirror struct {
	mu      sync.Mutex
	clients map[string]*reflection
}

// reflection is one client's.
type reflection struct {
	timers   []vap.TimerState
	reported time.Time
	volume   vap.Volume
}

func newMirror() *mirror { return &mirror{clients: make(map[string]*reflection)} }

func (m *mirror) of(client string) *reflection {
	r := m.clients[client]
	if r == nil {
		r = new(reflection)
		m.clients[client] = r
	}
	return r
}

func (m *mirror) setTimers(client string, timers []vap.TimerState, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.of(client)
	r.timers, r.reported = timers, now
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
		if !t.Ringing {
			t.Remaining = max(0, t.Remaining-now.Sub(r.reported).Seconds())
		}
		out[i] = t
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
