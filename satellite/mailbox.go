package satellite

import "sync"

// mailbox is a queue into which any goroutine puts without waiting, and from which one
// takes. It is bounded, since some of what it holds comes from the network.
type mailbox[T any] struct {
	bell chan struct{} // one slot: something was put

	mu    sync.Mutex
	items []T
}

// mailboxSize is far more than a satellite that works has waiting.
const mailboxSize = 256

func newMailbox[T any]() *mailbox[T] { return &mailbox[T]{bell: make(chan struct{}, 1)} }

// put adds v; it is false when the mailbox is full and v is lost.
func (m *mailbox[T]) put(v T) bool {
	m.mu.Lock()
	full := len(m.items) >= mailboxSize
	if !full {
		m.items = append(m.items, v)
	}
	m.mu.Unlock()
	select {
	case m.bell <- struct{}{}:
	default:
	}
	return !full
}

// take is all that was put since the last take, in order.
func (m *mailbox[T]) take() []T {
	m.mu.Lock()
	defer m.mu.Unlock()
	items := m.items
	m.items = nil
	return items
}
