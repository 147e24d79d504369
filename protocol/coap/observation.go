package coap

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

const (
	// defaultMaxAge is what a response without Max-Age has (RFC 7252 section 5.10.5).
	defaultMaxAge = 60 * time.Second
	// After Max-Age a client waits so much, and a part of it at random, before it
	// registers again (RFC 7641 section 3.3.1).
	renewAfter = 5 * time.Second
	renewOver  = 10 * time.Second
	// reorderedFor is how old a notification may be and still be the newer one by its
	// number (RFC 7641 section 3.4).
	reorderedFor = 128 * time.Second
	// fetchAgain is when a state is asked for again that changed under the blocks.
	fetchAgain = time.Second
	// maxEvents is how many events may wait for the blocks of one before them; more are
	// not acknowledged, so that the server sends them again.
	maxEvents = 64
)

// Observation is our interest in a peer's resource (RFC 7641).
type Observation struct {
	e      *Endpoint
	peer   *peer
	req    *Request
	notify func(*Response, error)
	token  token
	events bool // each counts, not the newest alone

	// All below is guarded by e.mu.
	want        uint32 // Observe of the next registration: 0 registers, 1 ends
	call        *Call  // under way: a registration, or the blocks of a notification
	waiting     []waiting
	established bool
	over        bool
	seq         uint32
	at          time.Time // when the newest came
	renew       alarm
	unwatch     func() bool
	news        []told
	telling     bool // on some goroutine
}

// waiting is a notification that came while the blocks of another did: a server that
// keeps to one at a time has sent all blocks of that, and one that does not has no more
// of them. Of states it is the newest; of events there may be several.
type waiting struct {
	f frame
	o options
}

type told struct {
	resp *Response
	err  error
}

// Observe asks peer to tell each new state of a resource; req is a GET or FETCH.
// notify is called with each, in order and never twice at once, and a last time with
// an error: ErrNotObserved with the response that ended it (an error, or one of a
// server that does not let it be observed), ctx's error after it ended, ErrNoReply,
// ErrReset or ErrClosed. It must not block. States that the network put out of order,
// or that were overtaken while their blocks came, are left out.
//
// The Observation registers again when nothing was heard for the last state's Max-Age
// (60 s if it has none) and 5 to 15 s more, so that a server that was restarted is
// found out. When ctx ends it is canceled. req must not be changed until notify was
// called with an error.
func (e *Endpoint) Observe(ctx context.Context, peer Peer, req *Request, notify func(*Response, error)) *Observation {
	return e.observe(ctx, &Observation{e: e, peer: e.handle(peer), req: req, notify: notify, token: newToken()})
}

// ObserveEvents is Observe of a resource whose notifications are events (Observer.Notify)
// and not states: none is left out for a newer one. For that, the server has to confirm
// them, and send each when the one before was acknowledged. An event is lost when its
// blocks can't be fetched, or when the Observation registers again meanwhile: the
// resource's Max-Age should be long.
func (e *Endpoint) ObserveEvents(ctx context.Context, peer Peer, req *Request, notify func(*Response, error)) *Observation {
	return e.observe(ctx, &Observation{e: e, peer: e.handle(peer), req: req, notify: notify, token: newToken(), events: true})
}

func (e *Endpoint) observe(ctx context.Context, o *Observation) *Observation {
	req := o.req
	err := ctx.Err()
	if err == nil && req.Code != codes.GET && req.Code != FETCH {
		err = fmt.Errorf("coap: %v can't observe, only GET and FETCH", req.Code)
	}
	var w work
	e.mu.Lock()
	if err == nil {
		o.register(&w)
	} else {
		o.end(nil, err, &w)
	}
	if !o.over && ctx.Done() != nil {
		o.unwatch = context.AfterFunc(ctx, func() { o.cancel(ctx.Err()) })
	}
	e.mu.Unlock()
	e.run(&w)
	return o
}

// Refresh registers again now: the way to the peer was interrupted, or it may have
// been restarted.
func (o *Observation) Refresh() {
	var w work
	o.e.mu.Lock()
	if !o.over {
		o.register(&w)
	}
	o.e.mu.Unlock()
	o.e.run(&w)
}

// Cancel ends the Observation with context.Canceled and tells the peer so.
func (o *Observation) Cancel() { o.cancel(context.Canceled) }

// Forget ends the Observation with context.Canceled. The peer learns of it when its
// next notification is rejected.
func (o *Observation) Forget() {
	var w work
	o.e.mu.Lock()
	o.end(nil, context.Canceled, &w)
	o.e.mu.Unlock()
	o.e.run(&w)
}

func (o *Observation) cancel(err error) {
	var w work
	o.e.mu.Lock()
	tell := !o.over && !o.e.closed
	o.end(nil, err, &w)
	if tell {
		o.want = 1
		o.register(&w)
	}
	o.e.mu.Unlock()
	o.e.run(&w)
}

// register sends the request with Observe. mu is held.
func (o *Observation) register(w *work) {
	o.drop(w)
	c := &Call{e: o.e, req: o.req, peer: o.peer, watch: o}
	o.call = c
	err := c.prepare()
	if err == nil {
		err = o.e.admit(c, w)
	}
	if err != nil {
		c.end(nil, err, w)
		return
	}
	o.peer = c.peer
	o.e.setAlarm(&o.renew, o, time.Now().Add(defaultMaxAge)) // if it is acknowledged and no more
	if o.over {
		return
	}
	if o.peer.observing == nil {
		o.peer.observing = make(map[token]*Observation)
	}
	o.peer.observing[o.token] = o
}

// drop leaves what is under way.
func (o *Observation) drop(w *work) {
	o.e.clearAlarm(&o.renew)
	if c := o.call; c != nil {
		o.call = nil
		c.end(nil, context.Canceled, w)
	}
}

// registers reports whether the call's present message has Observe.
func (c *Call) registers() bool { return c.watch != nil && c.down.resp == nil }

// fresh takes note of a response with Observe, and reports whether it is newer than
// what came before.
func (o *Observation) fresh(seq uint32, now time.Time) bool {
	if o.established && !newerSeq(seq, o.seq) && now.Sub(o.at) < reorderedFor {
		return false
	}
	o.established, o.seq, o.at = true, seq, now
	return true
}

// expect registers again when the state is no longer fresh.
func (o *Observation) expect(maxAge *uint32, now time.Time) {
	age := defaultMaxAge
	if maxAge != nil {
		age = time.Duration(*maxAge) * time.Second
	}
	o.e.setAlarm(&o.renew, o, now.Add(age+renewAfter+rand.N(renewOver)))
}

func (o *Observation) ring(_ time.Time, w *work) {
	if o.over { // it was not answered when it said so
		o.drop(w)
		return
	}
	o.register(w)
}

// answered sees the response to a registration before the call takes it.
func (o *Observation) answered(opts *options, now time.Time) {
	o.established = opts.hasObserve
	if opts.hasObserve {
		o.seq, o.at = opts.observe, now
	}
}

// fetched is told how a call ended. mu is held.
func (o *Observation) fetched(c *Call, resp *Response, err error, w *work) {
	if o.call != c {
		return
	}
	o.call = nil
	o.e.clearAlarm(&o.renew)
	now := time.Now()
	switch {
	case o.over:
		return
	case err == nil && o.established && resp.Code>>5 == 2:
		o.tellLater(resp, nil, w)
		o.expect(resp.MaxAge, now)
	case err == nil:
		o.end(resp, ErrNotObserved, w)
	case o.established && c.down.resp != nil: // it changed on the way
		o.e.setAlarm(&o.renew, o, now.Add(fetchAgain))
	default:
		o.end(nil, err, w)
	}
	for len(o.waiting) > 0 && o.call == nil && !o.over {
		next := o.waiting[0]
		o.waiting = o.waiting[1:]
		o.take(&next.f, &next.o, now, w)
	}
}

// notified takes a notification. mu is held.
func (o *Observation) notified(f *frame, opts *options, now time.Time, w *work) {
	switch {
	case !opts.hasObserve || f.code>>5 != 2:
		o.end(responseOf(f, opts), ErrNotObserved, w)
	case !o.fresh(opts.observe, now) && !o.events:
	case o.call != nil:
		if !o.events {
			o.waiting = o.waiting[:0]
		}
		o.waiting = append(o.waiting, waiting{
			f: frame{code: f.code, payload: bytes.Clone(f.payload)},
			o: options{
				format: opts.format, maxAge: opts.maxAge, etags: cloned(opts.etags), size2: opts.size2,
				hasBlock2: opts.hasBlock2, block2: opts.block2, hasObserve: true, observe: opts.observe,
			},
		})
	default:
		o.take(f, opts, now, w)
	}
}

// take tells the state of a notification, when all its blocks are there.
func (o *Observation) take(f *frame, opts *options, now time.Time, w *work) {
	if opts.hasBlock2 && opts.block2.more {
		o.e.clearAlarm(&o.renew)
		o.call = &Call{e: o.e, req: o.req, peer: o.peer, watch: o}
		o.call.take(f, opts, w)
		return
	}
	o.tellLater(responseOf(f, opts), nil, w)
	o.expect(opts.maxAge, now)
}

// end ends the Observation, if it has not ended. mu is held.
func (o *Observation) end(resp *Response, err error, w *work) {
	if o.over {
		return
	}
	o.over, o.waiting = true, nil
	o.drop(w)
	delete(o.peer.observing, o.token)
	if o.unwatch != nil {
		o.unwatch()
	}
	o.tellLater(resp, fmt.Errorf("observation of %s at %s: %w", o.req.Path, o.peer.id, err), w)
}

func (o *Observation) tellLater(resp *Response, err error, w *work) {
	o.news = append(o.news, told{resp, err})
	w.watches = append(w.watches, o)
}

// tell calls notify, on one goroutine at a time. mu is not held.
func (o *Observation) tell() {
	mu := &o.e.mu
	mu.Lock()
	defer mu.Unlock()
	if o.telling {
		return
	}
	o.telling = true
	for len(o.news) > 0 {
		n := o.news[0]
		o.news = o.news[1:]
		mu.Unlock()
		o.notify(n.resp, n.err)
		mu.Lock()
	}
	o.telling, o.news = false, nil
}

// observed handles a response that may be a notification.
func (r *receiver) observed(p *peer) bool {
	if p == nil {
		return false
	}
	o := p.observing[r.f.token]
	if o == nil || r.duplicate(p) || len(o.waiting) >= maxEvents {
		return o != nil
	}
	p.responded(r)
	if r.f.typ == message.Confirmable {
		if r.o.refused != 0 {
			r.reject(p)
			return true
		}
		p.recall(p.note(r.f.mid, r.hash, r.now), r.sendEmpty(p, message.Acknowledgement))
	}
	o.notified(&r.f, &r.o, r.now, &r.w)
	return true
}
