package hub

import (
	"sync"

	"vapd/protocol/control"
)

// watchers are told what happens.
type watchers struct {
	mu   sync.Mutex
	all  map[int]func(control.HubEvent)
	next int
}

func (w *watchers) add(tell func(control.HubEvent)) (stop func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = make(map[int]func(control.HubEvent))
	}
	id := w.next
	w.next++
	w.all[id] = tell
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.all, id)
	}
}

func (w *watchers) tell(e control.HubEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, tell := range w.all {
		tell(e)
	}
}
