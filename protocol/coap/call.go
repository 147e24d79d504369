package coap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

var errReservedBlock = errors.New("coap: block size exponent 7 is reserved")

// Call is a request on its way. A body or an answer in blocks takes several
// messages, one after the other, each with a token of its own.
type Call struct {
	e    *Endpoint
	req  *Request // nil for a ping
	done func(*Response, error)

	// All below is guarded by e.mu.
	peer    *peer
	x       exchange // of the present message
	token   token    // likewise
	packet  []byte   // encoded, not sent yet
	queued  bool
	counted bool // in peer.outstanding
	ended   bool
	unwatch func() bool  // of the context; may be nil
	proof   []byte       // the Echo value that a server asked for
	watch   *Observation // of which this is a part; nil without
	up      sendBlocks
	down    recvBlocks
}

// Start is peer.Start, by this Endpoint whatever the peer's own.
func (e *Endpoint) Start(ctx context.Context, peer Peer, req *Request, done func(*Response, error)) *Call {
	return e.start(ctx, peer, req, done)
}

// do is Peer.Do; req is nil for a ping.
func (e *Endpoint) do(ctx context.Context, peer Peer, req *Request) (*Response, error) {
	type result struct {
		resp *Response
		err  error
	}
	ch := make(chan result, 1)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("coap: request to %s: %w", peer.ID(), err)
	}
	c := e.start(context.Background(), peer, req, func(resp *Response, err error) { ch <- result{resp, err} })
	select {
	case r := <-ch:
		return r.resp, r.err
	case <-ctx.Done():
		c.abort(ctx.Err())
		r := <-ch
		return r.resp, r.err
	}
}

func (e *Endpoint) start(ctx context.Context, to Peer, req *Request, done func(*Response, error)) *Call {
	c := &Call{e: e, req: req, done: done}
	c.peer = e.handle(to)
	err := ctx.Err()
	if err == nil {
		err = c.prepare()
	}
	var w work
	e.mu.Lock()
	if err == nil {
		err = e.admit(c, &w)
	}
	if err != nil {
		c.end(nil, err, &w)
	} else if ctx.Done() != nil {
		c.unwatch = context.AfterFunc(ctx, func() { c.abort(ctx.Err()) })
	}
	e.mu.Unlock()
	e.run(&w)
	return c
}

// handle is to as a peer of e's.
func (e *Endpoint) handle(to Peer) *peer {
	if p, ok := to.(*peer); ok && p.e == e {
		return p
	}
	return e.newPeer(Path{Peer: unmap(to.Addr())})
}

// admit sends the call or lets it wait for its turn.
func (e *Endpoint) admit(c *Call, w *work) error {
	if e.closed {
		return ErrClosed
	}
	p := e.remember(c.peer.path, c.peer)
	if p == nil || len(p.calls)+len(p.queue) >= e.cfg.NSTART+e.cfg.MaxQueue {
		return ErrBusy
	}
	c.peer = p
	if p.outstanding < e.cfg.NSTART || !c.confirmable() {
		c.transmit(w)
		return nil
	}
	c.queued = true
	p.queue = append(p.queue, c)
	return nil
}

// Retransmit sends the call's unacknowledged message again now, without a change
// to its timer: the fast retransmit of a caller that saw a later one answered.
func (c *Call) Retransmit() {
	var w work
	c.e.mu.Lock()
	if c.x.active && c.x.confirmable() {
		c.x.again(&w)
	}
	c.e.mu.Unlock()
	c.e.run(&w)
}

// Cancel ends the call with context.Canceled, if it has not ended.
func (c *Call) Cancel() { c.abort(context.Canceled) }

func (c *Call) abort(err error) {
	var w work
	c.e.mu.Lock()
	c.end(nil, err, &w)
	c.e.mu.Unlock()
	c.e.run(&w)
}

// end ends the call, if it has not ended. mu is held.
func (c *Call) end(resp *Response, err error, w *work) {
	if c.ended {
		return
	}
	c.ended = true
	p := c.peer
	c.x.stop()
	if p.calls[c.token] == c {
		delete(p.calls, c.token)
	}
	if c.queued {
		i := slices.Index(p.queue, c)
		p.queue = slices.Delete(p.queue, i, i+1)
	}
	if c.unwatch != nil {
		c.unwatch()
	}
	if err != nil {
		err = fmt.Errorf("%s to %s: %w", c, p.id, err)
	}
	if c.watch != nil {
		c.watch.fetched(c, resp, err, w)
	} else {
		w.ended = append(w.ended, ended{c.done, resp, err})
	}
	c.release(w)
}

func (c *Call) String() string {
	switch {
	case c.req == nil:
		return "CoAP ping"
	case c.req.Code == FETCH:
		return "FETCH " + c.req.Path
	}
	return c.req.Code.String() + " " + c.req.Path
}

// release gives the call's place among the outstanding ones to the next.
func (c *Call) release(w *work) {
	p := c.peer
	if c.counted {
		c.counted = false
		p.outstanding--
	}
	for len(p.queue) > 0 && p.outstanding < c.e.cfg.NSTART && !c.e.closed {
		next := p.queue[0]
		p.queue = slices.Delete(p.queue, 0, 1)
		next.queued = false
		next.transmit(w)
	}
}

// confirmable reports whether the present message is. Blocks always are, since a
// lost one would stall the transfer.
func (c *Call) confirmable() bool {
	return c.req == nil || !c.req.NonConfirmable || c.up.active || c.down.resp != nil
}

// prepare encodes the first message. A request whose options leave no room for a
// whole block goes in smaller ones.
func (c *Call) prepare() error {
	if c.req == nil {
		c.packet = emptyMessage(message.Confirmable, 0)
		return nil
	}
	if c.req.Code < 1 || c.req.Code > 31 {
		return fmt.Errorf("coap: %v is not a request method", c.req.Code)
	}
	if len(c.req.Body) > c.e.cfg.MaxBody {
		return fmt.Errorf("%w: %d bytes, at most %d go", ErrTooLarge, len(c.req.Body), c.e.cfg.MaxBody)
	}
	c.up.szx, _ = szxOf(c.e.cfg.BlockSize)
	for {
		if len(c.req.Body) > c.up.present().size() {
			c.up.begin()
		}
		err := c.encode()
		if err == nil || c.up.szx == 0 || !errors.Is(err, ErrTooLarge) {
			return err
		}
		c.up.szx--
	}
}

// encode writes the present message with a new token.
func (c *Call) encode() (err error) {
	c.token = newToken()
	if c.registers() {
		c.token = c.watch.token
	}
	typ := message.Confirmable
	if !c.confirmable() {
		typ = message.NonConfirmable
	}
	var m encoder
	m.start(typ, c.req.Code, 0, c.token)
	for _, etag := range c.req.IfMatch {
		m.option(message.IfMatch, etag)
	}
	for _, etag := range c.req.ETags {
		m.option(message.ETag, etag)
	}
	if c.req.IfNoneMatch {
		m.option(message.IfNoneMatch, nil)
	}
	if c.registers() {
		m.uint(message.Observe, c.watch.want)
	}
	m.path(message.URIPath, c.req.Path)
	payload := c.req.Body
	if len(payload) > 0 && c.req.ContentFormat != nil {
		m.uint(message.ContentFormat, uint32(*c.req.ContentFormat))
	}
	for _, q := range c.req.Query {
		m.text(message.URIQuery, q)
	}
	if c.req.Accept != nil {
		m.uint(message.Accept, uint32(*c.req.Accept))
	}
	switch {
	case c.down.resp != nil: // with the options of the request, and without its body
		m.uint(message.Block2, c.down.next().value())
		payload = nil
	case c.up.active:
		payload = c.up.write(&m, payload)
	case c.e.cfg.BlockSize < maxBlockSize: // the response's, before the server chooses
		szx, _ := szxOf(c.e.cfg.BlockSize)
		m.uint(message.Block2, block{szx: szx}.value())
	}
	if c.proof != nil {
		m.option(optionEcho, c.proof)
	}
	if c.up.active {
		m.option(optionRequestTag, c.up.tag[:])
	}
	c.packet, err = m.finish(payload)
	return err
}

// transmit sends the encoded message. mu is held.
func (c *Call) transmit(w *work) {
	p := c.peer
	if c.req != nil {
		if p.calls == nil {
			p.calls = make(map[token]*Call)
		}
		p.calls[c.token] = c
	}
	packet := c.packet
	c.packet = nil
	c.x.begin(c, p, packet, p.path, w)
	if c.x.confirmable() && !c.counted {
		c.counted = true
		p.outstanding++
	}
}

// proceed sends the next block, which c.up or c.down say. mu is held.
func (c *Call) proceed(w *work) {
	delete(c.peer.calls, c.token)
	if err := c.encode(); err != nil {
		c.end(nil, err, w)
		return
	}
	c.transmit(w)
}

// acknowledged lets the call wait for its response, for as long as its context says.
func (c *Call) acknowledged(w *work) {
	if c.req == nil {
		c.end(nil, nil, w)
		return
	}
	c.release(w)
}

func (c *Call) failed(err error, w *work) {
	if c.req == nil && errors.Is(err, ErrReset) {
		err = nil // a rejected ping is a sign of life
	}
	c.end(nil, err, w)
}

// respond takes a message with the call's token. mu is held.
func (c *Call) respond(f *frame, o *options, w *work) {
	switch {
	case o.refused != 0:
		c.end(nil, fmt.Errorf("coap: response %v has the unknown critical option %d", f.code, o.refused), w)
	case o.hasBlock1 && o.block1.szx > 6, o.hasBlock2 && o.block2.szx > 6:
		c.end(nil, fmt.Errorf("%w: %w", ErrBlock, errReservedBlock), w)
	case c.echo(f, o), c.down.resp == nil && c.restart(f, o):
		c.proceed(w)
	case c.down.resp == nil && c.up.advance(f.code, o, len(c.req.Body)):
		c.proceed(w)
	default:
		c.take(f, o, w)
	}
}

// take takes a response, or a block of it.
func (c *Call) take(f *frame, o *options, w *work) {
	if c.registers() {
		c.watch.answered(o, time.Now())
	}
	switch {
	case c.down.resp != nil || o.hasBlock2 && (o.block2.more || o.block2.num > 0):
		last, err := c.down.add(f, o, c.e.cfg.MaxBody)
		switch {
		case err != nil:
			c.end(nil, err, w)
		case last:
			c.end(c.down.resp, nil, w)
		default:
			c.proceed(w)
		}
	default:
		c.end(responseOf(f, o), nil, w)
	}
}

func responseOf(f *frame, o *options) *Response {
	return &Response{
		Code:          codes.Code(f.code),
		ContentFormat: o.format,
		MaxAge:        o.maxAge,
		ETag:          bytes.Clone(o.etag()),
		Location:      joined(o.location),
		LocationQuery: textsOf(o.locationQuery),
		Body:          bytes.Clone(f.payload),
	}
}
