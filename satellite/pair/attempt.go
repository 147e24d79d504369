package pair

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"vapd/protocol/coap"
	"vapd/protocol/pairing"
)

// Limits of an attempt.
const (
	scanTime  = 3 * time.Second // of one look for hubs
	scanPause = 2 * time.Second // before the next one
	// codeTime is how long a hub is looked for that has a code already.
	codeTime     = 30 * time.Second
	identifyWait = 2 * time.Second
	// maxHubs bounds the hubs that are asked. With a code, each could guess once.
	maxHubs  = 8
	maxAddrs = 32 // that are asked for their id at the same time
)

// attempt is one Order on its way.
type attempt struct {
	runner *Runner
	cfg    *Config
	order  Order
	ctx    context.Context
	cancel context.CancelFunc
	agreed chan struct{} // one slot
	wg     sync.WaitGroup

	mu         sync.Mutex
	seen       map[netip.AddrPort]bool
	tried      map[string]context.CancelFunc // by hub id
	running    int                           // goroutines with a hub
	leader     string                        // the hub whose code is shown
	stopSearch context.CancelFunc
	outcome    *outcome // once it is certain
	failure    outcome  // the most telling one until then
}

type outcome struct {
	hub     Hub
	pairing pairing.Pairing
	err     error
}

func (a *attempt) main() {
	defer a.cancel()
	o := a.do()
	if o.err == nil {
		o.err = a.cfg.Keep(o.pairing, o.hub.Addr)
	}
	if !a.runner.ended(a) {
		return
	}
	a.cfg.Observer.Ended(a.order.N, o.hub, o.err)
}

func (a *attempt) do() outcome {
	a.seen, a.tried = make(map[netip.AddrPort]bool), make(map[string]context.CancelFunc)
	window := pairing.PushWindow
	if a.order.Code != (pairing.Passcode{}) {
		window = codeTime
	}
	search, stop := context.WithTimeout(a.ctx, window)
	defer stop()
	a.stopSearch = stop
	err := a.search(search)
	a.wg.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.outcome != nil:
		return *a.outcome
	case a.failure.err != nil:
		return a.failure
	}
	return outcome{err: cmp.Or(a.ctx.Err(), err, ErrNoHub)}
}

// search looks for hubs again and again, until one is certain, all that are there have
// failed, or ctx ends. The error is that of a look that found no hub.
func (a *attempt) search(ctx context.Context) (err error) {
	find := a.cfg.Find(a.order.Address)
	for {
		look, cancel := context.WithTimeout(ctx, scanTime)
		err = find(look, func(h Hub) { a.found(ctx, h) })
		cancel()
		if a.allFailed() {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(scanPause):
		}
	}
}

func (a *attempt) allFailed() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.running == 0 && len(a.tried) > 0
}

// found begins with what may be a hub.
func (a *attempt) found(ctx context.Context, h Hub) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.seen[h.Addr] || len(a.seen) >= maxAddrs || a.settled() {
		return
	}
	a.seen[h.Addr] = true
	a.running++
	a.wg.Go(func() { a.try(ctx, h) })
}

// settled reports whether no other hub matters any more. a.mu is held.
func (a *attempt) settled() bool { return a.leader != "" || a.outcome != nil || a.ctx.Err() != nil }

// try pairs with h, if it is one that may be asked.
func (a *attempt) try(ctx context.Context, h Hub) {
	ok := a.identify(ctx, &h)
	inner, cancel := context.WithCancel(a.ctx)
	defer cancel()
	a.mu.Lock()
	// One hub has several addresses, and closes its window when somebody knocks twice.
	ok = ok && (a.order.HubID == "" || h.ID == a.order.HubID) && a.tried[h.ID] == nil && len(a.tried) < maxHubs && !a.settled()
	if ok {
		a.tried[h.ID] = cancel
	} else {
		a.running--
		delete(a.seen, h.Addr) // it may answer later, or be needed when another address fails
	}
	a.mu.Unlock()
	if !ok {
		return
	}
	p, err := a.pair(inner, h)
	a.finished(outcome{h, p, err})
}

// identify finds out which hub is at h.Addr, whatever was announced. It is false when
// nobody is there, or a hub of another make, which can't pair.
func (a *attempt) identify(ctx context.Context, h *Hub) bool {
	ctx, cancel := context.WithTimeout(ctx, identifyWait)
	defer cancel()
	id, err := a.cfg.Identify(ctx, h.Addr)
	h.ID = id
	return err == nil && id != ""
}

// pair is the exchange with one hub.
func (a *attempt) pair(ctx context.Context, h Hub) (pairing.Pairing, error) {
	peer := a.cfg.Peer(h.Addr)
	me := pairing.Satellite{ID: a.cfg.ID, Name: a.cfg.Name}
	if a.order.Code != (pairing.Passcode{}) {
		return a.cfg.Client.WithCode(ctx, peer, me, h.ID, a.order.Code)
	}
	p, err := a.cfg.Client.Push(ctx, peer, me, func(ctx context.Context, code pairing.Code) error {
		return a.compare(ctx, h, code)
	})
	if err == nil && p.HubID != h.ID {
		err = pairing.ErrOtherHub
	}
	return p, err
}

// compare is the pairing.Comparer of one hub.
func (a *attempt) compare(ctx context.Context, h Hub, code pairing.Code) error {
	a.mu.Lock()
	first := !a.settled()
	if first {
		a.leader = h.ID
		a.others(h.ID)
	}
	a.mu.Unlock()
	if !first {
		return errAnother
	}
	a.cfg.Observer.Compare(a.order.N, h, code)
	select {
	case <-a.agreed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a *attempt) compares() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.leader != ""
}

// others ends the search, and the exchanges with all hubs but one. a.mu is held.
func (a *attempt) others(but string) {
	a.stopSearch()
	for id, cancel := range a.tried {
		if id != but {
			cancel()
		}
	}
}

// finished takes what came of one hub.
func (a *attempt) finished(o outcome) {
	if o.err != nil {
		o.err = fmt.Errorf("pair: hub %s at %v: %w", cmp.Or(o.hub.Name, o.hub.ID), o.hub.Addr, o.err)
		a.cfg.Logger.Info("not paired", "hub", o.hub.ID, "address", o.hub.Addr, "why", o.err)
	} else {
		o.hub.Name = cmp.Or(o.pairing.HubName, o.hub.Name)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.running--
	if errors.Is(o.err, coap.ErrNoReply) {
		delete(a.tried, o.hub.ID)
		delete(a.seen, o.hub.Addr)
	}
	switch {
	case a.outcome != nil:
	case o.err == nil || a.leader == o.hub.ID:
		a.outcome = &o
		a.others(o.hub.ID)
	case a.failure.err == nil || telling(o.err) > telling(a.failure.err):
		a.failure = o
	}
}

// telling says which of several failures a person wants to hear of: a code that was
// wrong is more than a hub that does not pair.
func telling(err error) int {
	switch {
	case errors.Is(err, pairing.ErrWrongCode), errors.Is(err, pairing.ErrForged):
		return 2
	case errors.Is(err, pairing.ErrClosed):
		return 1
	}
	return 0
}
