package netsim

import (
	"container/heap"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Counts of one direction, in datagrams.
type Counts struct {
	Received   uint64
	Delivered  uint64 // copies included
	Lost       uint64 // by Loss and Burst
	Duplicated uint64
	Reordered  uint64
	Corrupted  uint64 // delivered so if Unchecked, else not at all
	TooBig     uint64 // for MTU
	Dropped    uint64 // for lack of room in the network: longer than Queue
	Bytes      uint64 // delivered
}

// maxQueue bounds the datagrams that are on their way in one direction.
const maxQueue = 8192

// line is one direction of the network. deliver is called from run's goroutine.
type line[T any] struct {
	deliver func(dest T, data []byte)
	wake    chan struct{} // one slot: the queue has changed

	mu     sync.Mutex
	luck   luck
	how    Impairment
	counts Counts
	queue  parcels[T]
	n      uint64    // of the datagram; keeps the order of those that are due together
	last   time.Time // when the latest datagram that was not reordered is due
	free   time.Time // when Rate lets the next one go
}

// parcel is a datagram on its way.
type parcel[T any] struct {
	due  time.Time
	n    uint64
	dest T
	data []byte
}

func newLine[T any](how Impairment, seed, stream uint64, deliver func(T, []byte)) *line[T] {
	return &line[T]{deliver: deliver, wake: make(chan struct{}, 1), luck: luck{rng: rand.New(rand.NewPCG(seed, stream))}, how: how}
}

// send puts a copy of data on its way, or not.
func (l *line[T]) send(dest T, data []byte) Fate {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts.Received++
	d := l.luck.decide(l.how)
	now := time.Now()
	switch {
	case d.lost:
		l.counts.Lost++
		return Lost
	case l.how.MTU > 0 && len(data)+headers > l.how.MTU:
		l.counts.TooBig++
		return TooBig
	case d.corrupted && !l.how.Unchecked:
		l.counts.Corrupted++
		return Corrupted
	case len(l.queue)+len(d.delays) > maxQueue || !l.admit(now, len(data)):
		l.counts.Dropped++
		return Dropped
	}
	data = slices.Clone(data)
	if d.corrupted {
		d.corrupt(data)
	}
	l.enqueue(dest, data, d, later(now, l.free))
	select {
	case l.wake <- struct{}{}:
	default:
	}
	switch {
	case d.corrupted:
		l.counts.Corrupted++
		return Corrupted
	case len(d.delays) > 1:
		l.counts.Duplicated++
		return Duplicated
	case d.reordered:
		l.counts.Reordered++
		return Reordered
	}
	return Passed
}

// admit takes the time that size bytes need at the rate, if that is not too late.
func (l *line[T]) admit(now time.Time, size int) bool {
	if l.how.Rate == 0 {
		return true
	}
	free := later(now, l.free).Add(time.Duration(size) * time.Second / time.Duration(l.how.Rate))
	if free.Sub(now) > orDefault(l.how.Queue, defaultQueue) {
		return false
	}
	l.free = free
	return true
}

// enqueue puts the copies of a datagram, which leaves at start, on their way.
func (l *line[T]) enqueue(dest T, data []byte, d decision, start time.Time) {
	for _, delay := range d.delays {
		due := start.Add(delay)
		if !d.reordered {
			due = later(due, l.last)
			l.last = due
		}
		l.n++
		heap.Push(&l.queue, parcel[T]{due, l.n, dest, data})
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// run delivers what is due until ctx ends.
func (l *line[T]) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		p, wait, ok := l.next()
		if ok {
			l.deliver(p.dest, p.data)
			continue
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
		case <-timer.C:
		}
	}
}

// next takes the first datagram when it is due, else says how long that will be.
func (l *line[T]) next() (p parcel[T], wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 {
		return p, time.Hour, false
	}
	if wait = time.Until(l.queue[0].due); wait > 0 {
		return p, wait, false
	}
	p = heap.Pop(&l.queue).(parcel[T])
	l.counts.Delivered++
	l.counts.Bytes += uint64(len(p.data))
	return p, 0, true
}

func (l *line[T]) set(change func(*Impairment)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	how := l.how
	change(&how)
	if err := how.validate(); err != nil {
		return err
	}
	l.how = how
	return nil
}

func (l *line[T]) status() (Impairment, Counts) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.how, l.counts
}

// parcels is a heap: what is due first, then what was sent first.
type parcels[T any] []parcel[T]

func (q parcels[T]) Len() int { return len(q) }

func (q parcels[T]) Less(i, j int) bool {
	if !q[i].due.Equal(q[j].due) {
		return q[i].due.Before(q[j].due)
	}
	return q[i].n < q[j].n
}

func (q parcels[T]) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

func (q *parcels[T]) Push(p any) { *q = append(*q, p.(parcel[T])) }

func (q *parcels[T]) Pop() any {
	old := *q
	last := len(old) - 1
	p := old[last]
	old[last] = parcel[T]{} // lets go of the data
	*q = old[:last]
	return p
}
