package hub

import (
	"sync"
	"time"

	"vapd/hub/focus"
)

// referee gives the focus to one of the satellites that heard the same words. It
// tells each of them once, on whatever goroutine settled the round.
type referee struct {
	mu      sync.Mutex
	arbiter *focus.Arbiter
	waiting map[string]func(won bool, winner string) // by session
	timer   *time.Timer
	clocks  map[string]*focus.Clock // by client
	closed  bool
}

func newReferee(window time.Duration) *referee {
	return &referee{
		arbiter: focus.New(window),
		waiting: make(map[string]func(bool, string)),
		clocks:  make(map[string]*focus.Clock),
	}
}

// offer enters a bid. stamp is when the client says that it woke, zero when it does
// not; arrived is when the hub learnt of it. decided is called once, at the latest when
// the window closes, unless the bid is withdrawn before.
func (r *referee) offer(b focus.Bid, stamp, arrived time.Time, alone bool, decided func(won bool, winner string)) {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return
	}
	if r.clocks[b.Client] == nil {
		r.clocks[b.Client] = new(focus.Clock)
	}
	b.Woke = r.clocks[b.Client].Earliest(stamp, arrived)
	r.waiting[b.Session] = decided
	settled := r.take(r.arbiter.Offer(b, arrived, alone))
	r.arm()
	r.mu.Unlock()
	settled()
}

// withdraw takes back a bid whose session ended.
func (r *referee) withdraw(session string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waiting, session)
	r.arbiter.Withdraw(session)
}

// forget drops what is known of a client that left.
func (r *referee) forget(client string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.clocks, client)
	r.arbiter.Forget(client)
}

// close stops the window's timer; what is open stays undecided.
func (r *referee) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	if r.timer != nil {
		r.timer.Stop()
	}
}

// take turns verdicts into the calls that tell them. mu is held, and not for the calls.
func (r *referee) take(verdicts []focus.Verdict) func() {
	var calls []func()
	for _, v := range verdicts {
		if decided := r.waiting[v.Session]; decided != nil {
			delete(r.waiting, v.Session)
			calls = append(calls, func() { decided(v.Won, v.Winner) })
		}
	}
	return func() {
		for _, c := range calls {
			c()
		}
	}
}

// arm sets the timer to the end of the next window. mu is held.
func (r *referee) arm() {
	at, ok := r.arbiter.Next()
	if !ok {
		return
	}
	if r.timer == nil {
		r.timer = time.AfterFunc(time.Until(at), r.due)
		return
	}
	r.timer.Reset(time.Until(at))
}

func (r *referee) due() {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return
	}
	settled := r.take(r.arbiter.Due(time.Now()))
	r.arm()
	r.mu.Unlock()
	settled()
}
