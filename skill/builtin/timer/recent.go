package timer

import (
	"maps"
	"sync"
	"time"
)

// recent remembers the last thing of each satellite for a while.
type recent[T any] struct {
	age time.Duration // how long

	mu sync.Mutex
	by map[string]dated[T]
}

type dated[T any] struct {
	what T
	at   time.Time
}

// put remembers what is the last thing of a client.
func (m *recent[T]) put(client string, what T, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.by == nil {
		m.by = make(map[string]dated[T])
	}
	maps.DeleteFunc(m.by, func(_ string, d dated[T]) bool { return now.Sub(d.at) > m.age })
	m.by[client] = dated[T]{what, now}
}

// last is the last thing of a client that came within a time before now.
func (m *recent[T]) last(client string, within time.Duration, now time.Time) (what T, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, ok := m.by[client]
	if !ok || now.Sub(d.at) > min(within, m.age) {
		return what, false
	}
	return d.what, true
}

// forget forgets what is the last thing of a client.
func (m *recent[T]) forget(client string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.by, client)
}
