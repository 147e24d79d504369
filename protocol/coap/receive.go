package coap

import (
	"bytes"
	"errors"
	"hash/maphash"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// receiver takes the datagrams of one socket, one after the other.
type receiver struct {
	e    *Endpoint
	f    frame
	o    options
	size int
	w    work
	hash uint64
	path Path
	now  time.Time
}

// receive deals with one datagram, which it doesn't keep.
func (r *receiver) receive(b []byte, path Path) {
	e := r.e
	path.Peer = unmap(path.Peer)
	r.path, r.now, r.size = path, time.Now(), len(b)
	err := r.f.parse(b)
	if err == nil {
		r.o.read(r.f.opts)
		r.hash = maphash.Bytes(e.seed, b)
	}
	e.mu.Lock()
	if !e.closed {
		e.stats.Received++
		p := e.peers[path.key()]
		if p != nil {
			r.heard(p)
			e.idle.MoveToBack(p.elem)
		}
		if err != nil {
			r.malformed(p, err)
		} else {
			r.dispatch(p)
		}
	}
	e.mu.Unlock()
	e.run(&r.w)
}

func (r *receiver) heard(p *peer) {
	p.heard(r.path, r.now)
	p.paid(r.size, r.path.Local.IsMulticast())
}

// dispatch handles a well-formed message. p is nil for a stranger, of whom nothing
// is kept unless it sends a request.
func (r *receiver) dispatch(p *peer) {
	switch class := r.f.code >> 5; {
	case r.f.code == codes.Empty:
		r.empty(p)
	case class == 0:
		r.request(p)
	case class == 2 || class == 4 || class == 5:
		r.response(p)
	default:
		r.reject(p)
	}
}

func (r *receiver) malformed(p *peer, err error) {
	r.e.stats.Malformed++
	if p != nil {
		p.stats.Malformed++
	}
	if errors.Is(err, errMalformed) {
		r.reject(p)
	}
}

// reject answers a confirmable message that can't be processed with a reset (RFC
// 7252 section 4.2); a non-confirmable one it ignores (4.3), as everything that came
// to a group.
func (r *receiver) reject(p *peer) {
	if r.f.typ == message.Confirmable {
		r.sendEmpty(p, message.Reset)
	}
}

func (r *receiver) sendEmpty(p *peer, typ message.Type) []byte {
	packet := emptyMessage(typ, r.f.mid)
	switch {
	case r.path.Local.IsMulticast():
	case p != nil:
		p.spend(len(packet))
		p.send(packet, r.path, nil, &r.w)
	default:
		r.e.stats.Sent++
		r.w.send(packet, r.path, nil)
	}
	return packet
}

// empty handles a ping, an acknowledgement or a reset.
func (r *receiver) empty(p *peer) {
	if r.f.typ != message.Acknowledgement && r.f.typ != message.Reset {
		r.reject(p)
		return
	}
	if p == nil {
		return
	}
	x := p.exchanges[r.f.mid]
	if x == nil || r.f.typ != message.Reset && !x.confirmable() {
		return
	}
	x.measure(r.now)
	x.stop()
	if r.f.typ == message.Reset {
		x.owner.failed(ErrReset, &r.w)
	} else {
		x.owner.acknowledged(&r.w)
	}
}

// response handles a message with a response code.
func (r *receiver) response(p *peer) {
	if r.f.typ == message.Reset || r.path.Local.IsMulticast() {
		return
	}
	var c *Call
	if p != nil {
		c = p.calls[r.f.token]
	}
	if r.f.typ == message.Acknowledgement {
		if c != nil && c.x.mid == r.f.mid {
			p.responded(r)
			c.x.measure(r.now)
			c.x.stop()
			c.respond(&r.f, &r.o, &r.w)
		}
		return
	}
	if c == nil {
		if !r.observed(p) {
			r.strayResponse(p)
		}
		return
	}
	p.responded(r)
	c.x.stop() // the response says that the request arrived
	if r.f.typ == message.Confirmable {
		if r.o.refused != 0 {
			r.reject(p)
		} else {
			p.recall(p.note(r.f.mid, r.hash, r.now), r.sendEmpty(p, message.Acknowledgement))
		}
	}
	c.respond(&r.f, &r.o, &r.w)
}

// strayResponse handles a response that no call waits for: an answer to a search,
// a duplicate, or something nobody asked for.
func (r *receiver) strayResponse(p *peer) {
	if s := r.e.searches[r.f.token]; s != nil {
		s.offer(searchAnswer{from: r.path.Peer, resp: responseOf(&r.f, &r.o), more: r.o.hasBlock2 && r.o.block2.more})
		if r.f.typ == message.Confirmable {
			r.sendEmpty(p, message.Acknowledgement)
		}
		return
	}
	if p != nil && r.duplicate(p) {
		return
	}
	if r.o.hasObserve && r.f.typ == message.NonConfirmable {
		r.sendEmpty(p, message.Reset) // we observe that no longer (RFC 7641 section 3.6)
		return
	}
	r.reject(p)
}

// duplicate reports whether the message was seen before and repeats what
// acknowledged it.
func (r *receiver) duplicate(p *peer) bool {
	rec, ok := p.memory.find(r.f.mid, r.hash)
	if !ok {
		return false
	}
	p.stats.Duplicates++
	r.e.stats.Duplicates++
	if rec.reply != nil && p.afford(len(rec.reply)) {
		p.send(rec.reply, r.path, nil, &r.w)
	}
	return true
}

// request handles a message with a method code.
func (r *receiver) request(p *peer) {
	e, f, o := r.e, &r.f, &r.o
	multicast := r.path.Local.IsMulticast()
	if f.typ != message.NonConfirmable && (f.typ != message.Confirmable || multicast) {
		return
	}
	if p == nil {
		if p = e.remember(r.path, nil); p == nil {
			e.stats.Dropped++
			return
		}
		r.heard(p)
	}
	if r.duplicate(p) {
		return
	}
	in := &incoming{
		peer: p, path: r.path, token: f.token, mid: f.mid,
		size: r.size, confirmable: f.typ == message.Confirmable, noResponse: uint8(o.noResponse),
		hasBlock1: o.hasBlock1, block1: o.block1, block2: o.block2, asked: e.szx,
		req: Request{
			Code: f.code, Path: joined(o.segments), Query: textsOf(o.queries), NonConfirmable: f.typ == message.NonConfirmable,
			ContentFormat: o.format, Accept: o.accept, Multicast: multicast, Received: r.now,
			ETags: cloned(o.etags), IfMatch: cloned(o.ifMatch), IfNoneMatch: o.ifNoneMatch,
		},
	}
	if o.hasBlock2 {
		in.asked = min(in.asked, o.block2.szx)
	}
	in.szx = in.asked
	in.req.in = in
	if multicast {
		in.path = Path{Peer: r.path.Peer} // a group is no source
	}
	p.pending++
	in.seq = p.note(r.f.mid, r.hash, r.now)
	if r.refuse(in) {
		return
	}
	if o.hasBlock1 {
		body, whole := in.assemble(o, f.payload, r.key(true), r.now, &r.w)
		if !whole {
			return
		}
		in.req.Body = body
	} else {
		in.req.Body = bytes.Clone(f.payload)
	}
	in.key = r.key(false)
	if o.echo != nil && in.proves(o.echo, r.now, &r.w) {
		return
	}
	in.observe = r.observes(in)
	if o.hasBlock2 && o.block2.num > 0 {
		switch t := in.kept(r.now); {
		case t != nil:
			in.serve(t, r.now, &r.w)
			return
		case f.code != codes.GET && f.code != FETCH:
			in.fail(codes.RequestEntityIncomplete, &r.w)
			return
		}
	}
	wait := e.cfg.DedupLifetime
	if in.confirmable {
		wait = e.cfg.AckDelay
	}
	e.setAlarm(&in.alarm, in, r.now.Add(wait))
	r.w.request = in
}

// observes reports whether the request asks to observe, and ends what it wants to
// observe no longer (RFC 7641 section 3.6).
func (r *receiver) observes(in *incoming) bool {
	get := r.f.code == codes.GET || r.f.code == FETCH
	if !r.o.hasObserve || !get || in.req.Multicast || in.block2.num > 0 {
		return false
	}
	if o := in.peer.observers[in.token]; o != nil && r.o.observe == 1 {
		o.end(nil, &r.w)
	}
	return r.o.observe == 0
}

// refuse answers a request that can't be processed, whatever it asks for.
func (r *receiver) refuse(in *incoming) bool {
	var resp *Response
	switch o := &r.o; {
	case o.refused != 0 && !in.confirmable: // RFC 7252 section 5.4.1: no answer
	case o.refused != 0:
		resp = &Response{Code: codes.BadOption}
	case o.proxy:
		resp = &Response{Code: codes.ProxyingNotSupported}
	case o.block1.szx > 6 || o.block2.szx > 6: // RFC 7959 section 2.2
		resp = &Response{Code: codes.BadRequest}
	case in.peer.pending > r.e.cfg.MaxPending:
		r.e.stats.Dropped++
		in.peer.stats.Dropped++
		resp = comeAgain()
	default:
		return false
	}
	in.hasBlock1, in.block2 = false, block{}
	in.answer(resp, &r.w)
	return true
}

// key tells what is asked for from other requests of the same peer: the method and
// the options of the cache key (RFC 7252 section 5.4.6) that stay the same from
// block to block. tagged adds what tells uploads from each other.
func (r *receiver) key(tagged bool) uint64 {
	var h maphash.Hash
	h.SetSeed(r.e.seed)
	h.WriteByte(byte(r.f.code))
	for _, s := range r.o.segments {
		writeKey(&h, message.URIPath, s)
	}
	for _, q := range r.o.queries {
		writeKey(&h, message.URIQuery, q)
	}
	if r.o.accept != nil {
		maphash.WriteComparable(&h, *r.o.accept)
	}
	if tagged && r.o.hasTag {
		writeKey(&h, optionRequestTag, r.o.tag)
	}
	return h.Sum64()
}

func writeKey(h *maphash.Hash, id message.OptionID, value []byte) {
	maphash.WriteComparable(h, [2]int{int(id), len(value)})
	h.Write(value)
}
