package coap

import (
	"fmt"
	"slices"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

const (
	// confirmEvery is how many notifications go as NON before one goes as CON, and
	// confirmAfter the time after which the next one does (RFC 7641 section 4.5).
	confirmEvery = 16
	confirmAfter = 24 * time.Hour
	// postponed is when a notification that found no room for its blocks tries again.
	postponed = time.Second
)

// Observer is a peer's interest in one of our resources (RFC 7641). It ends when the
// peer says so or rejects a notification, does not acknowledge one in
// Config.MaxTransmitWait, says nothing at all for a day, or after a notification with
// an error code.
//
// Notifications go one after the other: the next one when the one before was
// acknowledged and its blocks were fetched; blocks that nobody fetches hold an Update up
// for three seconds, a Notify for Config.BlockTimeout. An Update goes in place of one that
// would have to be sent again.
type Observer struct {
	in   *incoming // the request that began it, or renewed it last
	peer *peer
	path string // that is counted in Endpoint.observed

	// All below is guarded by Endpoint.mu.
	ended       func(error)
	over        bool
	started     bool      // the first response has arrived
	current     *incoming // the notification under way, or the last NON one
	queue       []*Response
	newest      bool          // the one in queue is an Update
	patience    time.Duration // with blocks that nobody fetches
	blocks      *transfer     // of the last notification
	format      *message.MediaType
	seq         uint32
	alarm       alarm
	unconfirmed int // NON notifications since the last CON one
	confirmed   time.Time
}

// Observe makes the peer an observer of the resource if the request asks for it, and
// nil otherwise: also when there is no room (Config.MaxObservers and others), or when
// the peer's address is not proved and it will be asked to (RFC 9175). The handler
// answers in either case, after this call; an error in answer makes no observer.
//
// ended is called once, from any goroutine, and must not block: with nil when the
// peer is no longer interested, ErrReset, ErrNoReply, ErrClosed, or ErrNotObserved
// after an error. A peer that renews its interest stays the same Observer; of several
// functions the last is called.
func (r *Request) Observe(ended func(error)) *Observer {
	in := r.in
	if in == nil || !in.observe {
		return nil
	}
	p := in.peer
	e := p.e
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || in.replied {
		return nil
	}
	now := time.Now()
	if !p.proved(now) {
		in.demand = true
		return nil
	}
	o := p.observers[in.token]
	if o == nil {
		if len(p.observers) >= e.cfg.MaxPeerObservers || e.observers >= e.cfg.MaxObservers || e.observed[in.req.Path] >= e.cfg.MaxResourceObservers {
			e.cfg.Logger.Debug("coap: no room for an observer", "path", in.req.Path, "peer", p.id)
			return nil
		}
		o = &Observer{peer: p, path: in.req.Path, confirmed: now}
		if p.observers == nil {
			p.observers = make(map[token]*Observer)
		}
		p.observers[in.token] = o
		e.observers++
		e.observed[o.path]++
	}
	o.in, o.ended = in, ended
	in.observer = o
	return o
}

// Peer is who observes.
func (o *Observer) Peer() Peer { return o.peer }

// Request is what the peer asked for, and what a notification answers.
func (o *Observer) Request() *Request {
	o.peer.e.mu.Lock()
	defer o.peer.e.mu.Unlock()
	return &o.in.req
}

// Notify sends resp after all notifications that wait. It returns ErrBusy when
// Config.MaxNotifications wait, and ErrNotObserved when the observer is gone. A
// response of class 4 or 5 is the last. resp must not be changed afterwards.
func (o *Observer) Notify(resp *Response) error { return o.notify(resp, false) }

// Update is Notify in place of all that wait: of states that follow each other faster
// than the peer takes them, it gets the newest.
func (o *Observer) Update(resp *Response) error { return o.notify(resp, true) }

// Withdraw takes back a notification that still waits for those before it. It reports
// whether it did: one that has been sent may arrive, however late.
func (o *Observer) Withdraw(resp *Response) bool {
	o.peer.e.mu.Lock()
	defer o.peer.e.mu.Unlock()
	i := slices.Index(o.queue, resp)
	if i < 0 {
		return false
	}
	o.queue = slices.Delete(o.queue, i, i+1)
	return true
}

// End ends the relation without a word. A peer that asks again is a new Observer.
func (o *Observer) End() {
	var w work
	e := o.peer.e
	e.mu.Lock()
	o.end(ErrNotObserved, &w)
	e.mu.Unlock()
	e.run(&w)
}

func (o *Observer) notify(resp *Response, newest bool) error {
	var w work
	e := o.peer.e
	e.mu.Lock()
	err := o.enqueue(resp, newest, &w)
	e.mu.Unlock()
	e.run(&w)
	if err != nil {
		return fmt.Errorf("notification of %s to %s: %w", o.path, o.peer.id, err)
	}
	return nil
}

func (o *Observer) enqueue(resp *Response, newest bool, w *work) error {
	switch {
	case o.over:
		return ErrNotObserved
	case newest:
		o.queue, o.newest, o.patience = append(o.queue[:0], resp), true, standsStill
	case len(o.queue) >= o.peer.e.cfg.MaxNotifications:
		return ErrBusy
	default:
		o.queue, o.newest, o.patience = append(o.queue, resp), false, o.peer.e.cfg.BlockTimeout
	}
	o.next(w)
	return nil
}

// next sends what waits, if it may go now. mu is held.
func (o *Observer) next(w *work) {
	now := time.Now()
	for len(o.queue) > 0 && o.started && !o.underWay() {
		if t := o.blocks; t != nil && !t.gone && t.due < len(t.resp.Body) {
			if still := t.at.Add(o.patience); now.Before(still) {
				o.peer.e.setAlarm(&o.alarm, o, still)
				return
			}
		}
		resp := o.queue[0]
		o.queue = slices.Delete(o.queue, 0, 1)
		o.send(resp, now, w)
	}
}

func (o *Observer) underWay() bool { return o.current != nil && !o.current.released }

// send sends a notification: a separate response to the request that began it all.
func (o *Observer) send(resp *Response, now time.Time, w *work) {
	if o.current != nil {
		o.current.x.stop() // a NON one, that a reset may still have met
	}
	o.unconfirmed++
	con := !resp.NonConfirmable || o.unconfirmed >= confirmEvery || now.Sub(o.confirmed) >= confirmAfter
	if con {
		o.unconfirmed, o.confirmed = 0, now
	}
	first := o.in
	in := &incoming{
		peer: o.peer, path: first.path, token: first.token, key: first.key, req: first.req, szx: first.asked, asked: first.asked,
		confirmable: con, acked: true, observer: o, notification: true,
	}
	if o.peer.key.association != nil {
		in.path = o.peer.path // it may have moved
	}
	o.peer.pending++
	o.current, o.blocks = in, nil
	in.answer(resp, w)
}

// supersede sends an Update that waits in place of old, which was not acknowledged and
// would go again now, for what is left of its time (RFC 7641 section 4.5.2).
func (o *Observer) supersede(old *incoming, now time.Time, w *work) bool {
	if o.over || o.current != old || !o.newest || len(o.queue) == 0 || o.queue[0].NonConfirmable {
		return false
	}
	resp := o.queue[0]
	o.queue = o.queue[:0]
	timeout, end := old.x.timeout, old.x.end
	old.x.stop()
	old.released = true
	o.peer.pending--
	o.send(resp, now, w)
	if in := o.current; in != nil && in.x.active {
		in.x.backOff(now, timeout, end)
	}
	return true
}

// admit looks at the response before it is sent: it may end the relation.
func (o *Observer) admit(in *incoming, resp *Response, w *work) *Response {
	switch {
	case resp == nil || resp.Code>>5 != 2:
	case !in.notification:
		o.format = resp.ContentFormat
		in.observing = true
		return resp
	case sameFormat(o.format, resp.ContentFormat):
		in.observing = true
		return resp
	default: // RFC 7641 section 4.2
		resp = &Response{Code: codes.NotAcceptable}
	}
	if o.current == in {
		o.current = nil // it still goes
	}
	o.end(ErrNotObserved, w)
	return resp
}

func sameFormat(a, b *message.MediaType) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// settled is told that the first response or a notification has arrived.
func (o *Observer) settled(in *incoming, w *work) {
	o.started = true
	if in.transfer != nil {
		o.blocks = in.transfer
		in.transfer.observer = o
	}
	o.next(w)
}

// postpone tries again when there may be room for the blocks.
func (o *Observer) postpone(resp *Response) {
	o.queue = slices.Insert(o.queue, 0, resp)
	o.started = false
	o.peer.e.setAlarm(&o.alarm, o, time.Now().Add(postponed))
}

func (o *Observer) ring(_ time.Time, w *work) {
	o.started = true
	o.next(w)
}

// number is the next sequence number: a clock of milliseconds, so that it grows over
// a restart too, or else one more than the last (RFC 7641 section 4.4).
func (o *Observer) number() uint32 {
	seq := (o.seq + 1) & seqMask
	if clock := uint32(time.Now().UnixMilli()) & seqMask; newerSeq(clock, seq) {
		seq = clock
	}
	o.seq = seq
	return seq
}

const seqMask = 1<<24 - 1

// newerSeq compares sequence numbers (RFC 7641 section 3.4, without the time).
func newerSeq(a, b uint32) bool {
	return a != b && (a-b)&seqMask < 1<<23
}

// end forgets the observer and says so. mu is held.
func (o *Observer) end(err error, w *work) {
	if o.over {
		return
	}
	o.over = true
	p := o.peer
	e := p.e
	delete(p.observers, o.in.token)
	e.observers--
	if e.observed[o.path]--; e.observed[o.path] == 0 {
		delete(e.observed, o.path)
	}
	e.clearAlarm(&o.alarm)
	o.queue = nil
	if o.current != nil {
		o.current.x.stop()
		o.current.release(w)
	}
	if o.ended != nil {
		w.ended = append(w.ended, ended{func(_ *Response, err error) { o.ended(err) }, nil, err})
	}
}
