package skill

import (
	"maps"
	"sync"
	"time"
)

// Recent remembers the last thing of each satellite for a while, such as what somebody there
// was asked. Its methods may be called from any goroutine.
type Recent[T any] struct {
	Age time.Duration // how long; set it before the first use

	mu sync.Mutex
	by map[string]dated[T]
}

type dated[T any] struct {
	what T
	at   time.Time
}

// Put remembers what is the last thing of a satellite.
func (m *Recent[T]) Put(client string, what T, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.by == nil {
		m.by = make(map[string]dated[T])
	}
	maps.DeleteFunc(m.by, func(_ string, d dated[T]) bool { return now.Sub(d.at) > m.Age })
	m.by[client] = dated[T]{what, now}
}

// Last is the last thing of a satellite; false when it is too old, or there was none.
func (m *Recent[T]) Last(client string, now time.Time) (what T, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, ok := m.by[client]
	if !ok || now.Sub(d.at) > m.Age {
		return what, false
	}
	return d.what, true
}

// Take is Last, and forgets it.
func (m *Recent[T]) Take(client string, now time.Time) (what T, ok bool) {
	what, ok = m.Last(client, now)
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.by, client)
	return what, ok
}
