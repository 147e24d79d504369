package coap

import (
	"math/rand/v2"
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
	token       token
	mid         uint16
	seq         uint64 // in peer.memory
	key         uint64 // of what is asked for, without the part of it
	confirmable bool
	noResponse  uint8 // RFC 7967
	hasBlock1   bool
	hasBlock2   bool
	block1      block
	block2      block

	// All below is guarded by Endpoint.mu.
	alarm    alarm // for the empty acknowledgement, then against a lost reply
	acked    bool
	replied  bool
	released bool
	packet   []byte   // an answer to a group waits for its leisure
	x        exchange // of a separate response
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
	if resp == nil || in.unwanted(resp.Code) {
		if in.confirmable && !in.acked {
			in.acknowledge(w)
		}
		in.release()
		return
	}
	if resp.Code>>5 != 2 {
		in.block2.num = 0 // an error is no block of what was asked for
	}
	var t *transfer
	if in.needsBlocks(resp) || in.block2.num > 0 {
		now := time.Now()
		switch t = in.keep(resp, now); {
		case t == nil:
			resp = comeAgain()
		case in.block2.offset() >= len(resp.Body):
			t.drop()
			t, resp = nil, &Response{Code: codes.BadRequest}
		}
	}
	in.respond(resp, t, w)
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
	default:
		return resp
	}
	return &Response{Code: codes.InternalServerError}
}

// respond sends resp, or a block of it when t is not nil.
func (in *incoming) respond(resp *Response, t *transfer, w *work) {
	in.replied = true
	e, p := in.peer.e, in.peer
	switch {
	case in.req.Multicast:
		in.packet = in.encode(message.NonConfirmable, p.messageID(), resp, t)
		e.setAlarm(&in.alarm, in, time.Now().Add(rand.N(e.cfg.Leisure)))
	case !in.confirmable:
		p.send(in.encode(message.NonConfirmable, p.messageID(), resp, t), in.path, nil, w)
		in.release()
	case !in.acked:
		in.acked = true
		packet := in.encode(message.Acknowledgement, in.mid, resp, t)
		p.recall(in.seq, packet)
		p.send(packet, in.path, nil, w)
		in.release()
	default:
		in.x.begin(in, p, in.encode(message.Confirmable, 0, resp, t), in.path, w)
	}
}

// encode writes the response. It always fits: a block has 1024 bytes at most, the
// options few.
func (in *incoming) encode(typ message.Type, mid uint16, resp *Response, t *transfer) []byte {
	var m encoder
	m.start(typ, resp.Code, mid, in.token)
	if t != nil {
		m.option(message.ETag, t.etag[:])
	}
	if resp.ContentFormat != nil {
		m.uint(message.ContentFormat, uint32(*resp.ContentFormat))
	}
	if resp.MaxAge != nil {
		m.uint(message.MaxAge, *resp.MaxAge)
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
	if t != nil && in.block2.num == 0 {
		m.uint(message.Size2, uint32(len(resp.Body)))
	}
	if resp.Code == codes.RequestEntityTooLarge {
		m.uint(message.Size1, uint32(in.peer.e.cfg.MaxBody))
	}
	packet, err := m.finish(payload)
	if err != nil {
		panic(err)
	}
	return packet
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
		in.release()
	case in.confirmable && !in.acked:
		in.acknowledge(w)
		in.peer.e.setAlarm(&in.alarm, in, now.Add(in.peer.e.cfg.DedupLifetime))
	default:
		in.replied = true
		in.release()
		in.peer.e.cfg.Logger.Warn("coap: request was never answered", "path", in.req.Path, "peer", in.peer.id)
	}
}

// release gives the request's place among MaxPending back.
func (in *incoming) release() {
	if !in.released {
		in.released = true
		in.peer.pending--
	}
}

func (in *incoming) acknowledged(*work) { in.release() }

func (in *incoming) failed(err error, _ *work) {
	in.release()
	in.peer.e.cfg.Logger.Debug("coap: response was not taken", "path", in.req.Path, "peer", in.peer.id, "err", err)
}
