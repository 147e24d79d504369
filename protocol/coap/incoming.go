package coap

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// incoming is a request of a peer until it is answered, and its separate response
// until that is acknowledged.
type incoming struct {
	peer        *peer
	req         Request
	path        Path // the way back
	size        int  // of the datagram
	token       token
	mid         uint16
	seq         uint64 // in peer.memory
	key         uint64 // of what is asked for, without the part of it
	confirmable bool
	noResponse  uint8 // RFC 7967
	hasBlock1   bool
	block1      block
	block2      block
	asked       uint8 // block size exponent of the response: ours, or the peer's if smaller
	szx         uint8 // what it takes so that the answer is no amplification
	observe     bool  // asks for that

	// All below is guarded by Endpoint.mu.
	alarm    alarm // for the empty acknowledgement, then against a lost reply
	acked    bool
	replied  bool
	released bool
	packet   []byte    // an answer to a group waits for its leisure
	x        exchange  // of a separate response
	transfer *transfer // whose first block the answer is

	observer     *Observer
	observing    bool // the answer has Observe
	notification bool // and nobody asked for it just now

	demand bool // the answer asks the peer to prove its address
	offer  bool // or lets it
	tight  bool // or has room for nothing that can be left out
}

// reply is what a Handler calls.
func (in *incoming) reply(resp *Response) {
	var w work
	e := in.peer.e
	e.mu.Lock()
	if !e.closed {
		in.answer(resp, &w)
	}
	e.mu.Unlock()
	e.run(&w)
}

func (in *incoming) fail(code codes.Code, w *work) {
	in.answer(&Response{Code: code}, w)
}

// comeAgain says that there is no room now and may be in a second.
func comeAgain() *Response {
	soon := uint32(1)
	return &Response{Code: codes.ServiceUnavailable, MaxAge: &soon}
}

// answer answers the request once. mu is held.
func (in *incoming) answer(resp *Response, w *work) {
	e := in.peer.e
	if in.replied {
		return
	}
	in.replied = true
	e.clearAlarm(&in.alarm)
	if resp != nil {
		resp = in.checked(resp)
	}
	if in.demand && resp != nil {
		resp = &Response{Code: codes.Unauthorized}
	}
	if in.observer != nil {
		resp = in.observer.admit(in, resp, w)
	}
	if resp == nil || in.unwanted(resp.Code) {
		in.silent(w)
		return
	}
	if resp.Code == codes.Content && in.known(resp.ETag) {
		resp = &Response{Code: codes.Valid, ETag: resp.ETag, MaxAge: resp.MaxAge}
	}
	if resp.Code>>5 != 2 {
		in.block2.num = 0 // an error is no block of what was asked for
	}
	var t *transfer
	if in.needsBlocks(resp) || in.block2.num > 0 {
		now := time.Now()
		switch t = in.keep(resp, now); {
		case t == nil && in.notification:
			in.observer.postpone(resp)
			in.release(w)
			return
		case t == nil:
			resp = comeAgain()
		case in.block2.offset() >= len(resp.Body):
			t.drop()
			t, resp = nil, &Response{Code: codes.BadRequest}
		}
	}
	in.respond(resp, t, w)
}

// silent ends the request without a response.
func (in *incoming) silent(w *work) {
	if in.confirmable && !in.acked {
		in.acknowledge(w)
	}
	in.release(w)
}

// unwanted says that no response is to be sent: the client does not want that class
// (RFC 7967), or it is an error in answer to a group (RFC 7252 section 8.2).
func (in *incoming) unwanted(code codes.Code) bool {
	class := code >> 5
	return in.req.Multicast && class != 2 || in.noResponse>>(class-1)&1 == 1
}

// checked replaces a response that can't be sent.
func (in *incoming) checked(resp *Response) *Response {
	cfg := &in.peer.e.cfg
	class := resp.Code >> 5
	switch {
	case class != 2 && class != 4 && class != 5 || resp.Code > 255:
		cfg.Logger.Error("coap: handler's reply has no response code", "code", uint16(resp.Code), "peer", in.peer.id)
	case len(resp.Body) > cfg.MaxBody:
		cfg.Logger.Error("coap: handler's reply is too large", "bytes", len(resp.Body), "max", cfg.MaxBody, "peer", in.peer.id)
	case len(resp.ETag) > 8:
		cfg.Logger.Error("coap: handler's ETag is too long", "bytes", len(resp.ETag), "max", 8, "peer", in.peer.id)
	default:
		return resp
	}
	return &Response{Code: codes.InternalServerError}
}

// known reports whether the client has that representation (RFC 7252 section 5.10.6.2).
func (in *incoming) known(etag []byte) bool {
	return len(in.req.ETags) > 0 && len(etag) > 0 && (in.req.Code == codes.GET || in.req.Code == FETCH) &&
		slices.ContainsFunc(in.req.ETags, func(have []byte) bool { return bytes.Equal(have, etag) })
}

// respond sends resp, or a block of it when t is not nil.
func (in *incoming) respond(resp *Response, t *transfer, w *work) {
	in.replied = true
	e, p := in.peer.e, in.peer
	typ, mid := message.NonConfirmable, uint16(0)
	switch {
	case in.req.Multicast, !in.confirmable:
		mid = p.messageID()
	case !in.acked:
		typ, mid = message.Acknowledgement, in.mid
	default:
		typ = message.Confirmable
	}
	packet := in.render(typ, mid, resp, t)
	switch {
	case packet == nil:
		in.silent(w)
	case in.req.Multicast:
		in.packet = packet
		e.setAlarm(&in.alarm, in, time.Now().Add(rand.N(e.cfg.Leisure)))
	case typ == message.Acknowledgement:
		in.acked = true
		p.recall(in.seq, packet)
		p.send(packet, in.path, nil, w)
		in.release(w)
	case typ == message.Confirmable:
		in.x.begin(in, p, packet, in.path, w)
	case in.notification: // may be rejected
		in.x.begin(in, p, packet, in.path, w)
		in.release(w)
	default:
		p.send(packet, in.path, nil, w)
		in.release(w)
	}
}

// render writes the response so that it does not amplify what an unproved peer sent:
// in smaller blocks, or else as a demand to prove the address. It is nil when not
// even that may be sent.
func (in *incoming) render(typ message.Type, mid uint16, resp *Response, t *transfer) []byte {
	room := in.room(time.Now())
	for {
		packet, err := in.encode(typ, mid, resp, t)
		switch {
		case err != nil:
			in.peer.e.cfg.Logger.Error("coap: handler's reply does not fit", "path", in.req.Path, "peer", in.peer.id, "err", err)
			resp, t = &Response{Code: codes.InternalServerError}, in.dropped(t)
		case len(packet) <= room:
			in.peer.spend(len(packet))
			if t != nil {
				t.due = in.blockEnd()
			}
			in.transfer = t
			return packet
		case in.szx > 0 && len(resp.Body) > 16 && resp.Code>>5 == 2:
			in.szx, in.offer = in.szx-1, !in.req.Multicast
			if t == nil && in.needsBlocks(resp) {
				if t = in.keep(resp, time.Now()); t == nil {
					resp = comeAgain()
				}
			}
		case in.szx == 0 && !in.tight && t != nil:
			in.tight, in.offer = true, false
		case !in.demand && !in.req.Multicast:
			in.demand, in.observing = true, false
			if in.block2.num == 0 {
				in.dropped(t)
				in.hold(resp)
			}
			resp, t = &Response{Code: codes.Unauthorized}, nil
		default:
			in.dropped(t)
			return nil
		}
	}
}

func (in *incoming) dropped(t *transfer) *transfer {
	if t != nil {
		t.drop()
	}
	return nil
}

// encode writes the response. A block has 1024 bytes at most, and there is room for
// its options, unless a handler's Location is long.
func (in *incoming) encode(typ message.Type, mid uint16, resp *Response, t *transfer) ([]byte, error) {
	var m encoder
	m.start(typ, resp.Code, mid, in.token)
	switch {
	case t != nil:
		m.option(message.ETag, t.etag())
	case len(resp.ETag) > 0:
		m.option(message.ETag, resp.ETag)
	}
	if in.observing {
		m.uint(message.Observe, in.observer.number())
	}
	m.path(message.LocationPath, resp.Location)
	if resp.ContentFormat != nil {
		m.uint(message.ContentFormat, uint32(*resp.ContentFormat))
	}
	if resp.MaxAge != nil {
		m.uint(message.MaxAge, *resp.MaxAge)
	}
	for _, q := range resp.LocationQuery {
		m.text(message.LocationQuery, q)
	}
	payload := resp.Body
	if t != nil {
		payload = in.writeBlock2(&m, resp.Body)
	}
	if in.hasBlock1 {
		b := in.block1
		b.more = resp.Code == codes.Continue && b.more
		m.uint(message.Block1, b.value())
	}
	if t != nil && in.block2.num == 0 && !in.tight {
		m.uint(message.Size2, uint32(len(resp.Body)))
	}
	if resp.Code == codes.RequestEntityTooLarge {
		m.uint(message.Size1, uint32(in.peer.e.cfg.MaxBody))
	}
	if in.demand || in.offer {
		m.option(optionEcho, in.peer.e.echoFor(in.path.Peer, time.Now()))
	}
	return m.finish(payload)
}

// acknowledge sends the empty acknowledgement.
func (in *incoming) acknowledge(w *work) {
	in.acked = true
	packet := emptyMessage(message.Acknowledgement, in.mid)
	in.peer.recall(in.seq, packet)
	in.peer.send(packet, in.path, nil, w)
}

// ring acknowledges what the handler has not answered in AckDelay, gives up what it
// never answers, and sends an answer to a group.
func (in *incoming) ring(now time.Time, w *work) {
	switch {
	case in.packet != nil:
		in.peer.send(in.packet, in.path, nil, w)
		in.release(w)
	case in.confirmable && !in.acked:
		in.acknowledge(w)
		in.peer.e.setAlarm(&in.alarm, in, now.Add(in.peer.e.cfg.DedupLifetime))
	default:
		in.replied = true
		in.release(w)
		in.peer.e.cfg.Logger.Warn("coap: request was never answered", "path", in.req.Path, "peer", in.peer.id)
	}
}

// release gives the request's place among MaxPending back.
func (in *incoming) release(w *work) {
	if in.released {
		return
	}
	in.released = true
	in.peer.pending--
	if in.observer != nil && !in.observer.over {
		in.observer.settled(in, w)
	}
}

func (in *incoming) acknowledged(w *work) { in.release(w) }

func (in *incoming) failed(err error, w *work) {
	if in.observer != nil {
		in.observer.end(err, w)
	}
	in.release(w)
	in.peer.e.cfg.Logger.Debug("coap: response was not taken", "path", in.req.Path, "peer", in.peer.id, "err", err)
}
