package control

import (
	"context"
	"sync"
)

// queue is a bounded queue of events. When it is full it loses the oldest.
type queue[T any] struct {
	ready  chan struct{}  // one slot: something was pushed, or it was closed
	weight func(T) uint64 // how many events are lost with one item

	mu     sync.Mutex
	items  []T // a ring
	head   int
	n      int
	lost   uint64 // before the head
	closed error  // what pop returns when the queue is empty
}

func newQueue[T any](size int, weight func(T) uint64) *queue[T] {
	return &queue[T]{ready: make(chan struct{}, 1), weight: weight, items: make([]T, size)}
}

// push adds v. It never waits.
func (q *queue[T]) push(v T) {
	q.mu.Lock()
	if q.closed == nil {
		if q.n == len(q.items) {
			q.lost += q.weight(q.items[q.head])
			q.head = (q.head + 1) % len(q.items)
			q.n--
		}
		q.items[(q.head+q.n)%len(q.items)] = v
		q.n++
	}
	q.mu.Unlock()
	q.ring()
}

// close makes pop return err once the queue is empty; only the first close counts.
func (q *queue[T]) close(err error) {
	q.mu.Lock()
	if q.closed == nil {
		q.closed = err
	}
	q.mu.Unlock()
	q.ring()
}

func (q *queue[T]) ring() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// pop waits for the oldest item and says how many were lost before it. One
// goroutine at a time may pop.
func (q *queue[T]) pop(ctx context.Context) (v T, lost uint64, err error) {
	for {
		q.mu.Lock()
		if q.n > 0 {
			var zero T
			v, q.items[q.head] = q.items[q.head], zero
			q.head = (q.head + 1) % len(q.items)
			q.n--
			lost, q.lost = q.lost, 0
			q.mu.Unlock()
			return v, lost, nil
		}
		err = q.closed
		q.mu.Unlock()
		if err != nil {
			return v, 0, err
		}
		select {
		case <-q.ready:
		case <-ctx.Done():
			return v, 0, ctx.Err()
		}
	}
}
