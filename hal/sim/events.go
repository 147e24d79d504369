package sim

import "sync"

// events is a source of events that a test or a person feeds faster than anyone reads
// for at most queue of them; what is beyond is lost, as it is on hardware.
type events[E any] struct {
	mu     sync.Mutex // guards closed
	closed bool
	out    chan E
}

const queue = 64

func newEvents[E any]() *events[E] { return &events[E]{out: make(chan E, queue)} }

// Events implements hal.Keys and hal.Switch.
func (e *events[E]) Events() <-chan E { return e.out }

// Close implements hal.Keys and hal.Switch.
func (e *events[E]) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		e.closed = true
		close(e.out)
	}
	return nil
}

func (e *events[E]) send(event E) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	select {
	case e.out <- event:
	default:
	}
}
