package coap

import (
	"container/heap"
	"time"
)

// alarm is one entry of the Endpoint's timer heap, embedded in what it wakes.
type alarm struct {
	at    time.Time
	index int // in the heap, from 1; 0 when not set
	owner ringer
}

// ringer is woken by its alarm. The Endpoint's mu is held.
type ringer interface {
	ring(now time.Time, w *work)
}

type alarmHeap []*alarm

func (h alarmHeap) Len() int           { return len(h) }
func (h alarmHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h alarmHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i+1, j+1
}

func (h *alarmHeap) Push(x any) {
	a := x.(*alarm)
	*h = append(*h, a)
	a.index = len(*h)
}

func (h *alarmHeap) Pop() any {
	old := *h
	a := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	a.index = 0
	return a
}

// setAlarm wakes owner at the given time. mu is held.
func (e *Endpoint) setAlarm(a *alarm, owner ringer, at time.Time) {
	a.at, a.owner = at, owner
	if a.index > 0 {
		heap.Fix(&e.alarms, a.index-1)
	} else {
		heap.Push(&e.alarms, a)
	}
	if at.Before(e.armed) {
		e.armed = at
		select {
		case e.rearm <- struct{}{}:
		default:
		}
	}
}

// clearAlarm takes a out of the heap. mu is held.
func (e *Endpoint) clearAlarm(a *alarm) {
	if a.index > 0 {
		heap.Remove(&e.alarms, a.index-1)
	}
}

// runTimers is the one goroutine that waits for time to pass. It wakes at the
// earliest alarm it was told of, even if that was cleared since: an alarm is set
// for every message, and nearly none rings.
func (e *Endpoint) runTimers() {
	timer := time.NewTimer(sweepEvery)
	defer timer.Stop()
	var w work
	for {
		select {
		case <-e.done:
			return
		case <-timer.C:
		case <-e.rearm:
		}
		e.mu.Lock()
		now := time.Now()
		for len(e.alarms) > 0 && !e.alarms[0].at.After(now) {
			a := e.alarms[0]
			e.clearAlarm(a)
			a.owner.ring(now, &w)
		}
		if !now.Before(e.sweepAt) {
			e.sweep(now, &w)
			e.sweepAt = now.Add(sweepEvery)
		}
		e.armed = e.sweepAt
		if len(e.alarms) > 0 && e.alarms[0].at.Before(e.armed) {
			e.armed = e.alarms[0].at
		}
		timer.Reset(e.armed.Sub(now))
		e.mu.Unlock()
		e.run(&w)
	}
}
