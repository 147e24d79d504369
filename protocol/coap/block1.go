package coap

import (
	"crypto/rand"
	"slices"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// sendBlocks is the way of a request's body in blocks (RFC 7959 Block1), told from
// others to the same resource by its Request-Tag (RFC 9175 section 3).
type sendBlocks struct {
	active bool
	num    uint32
	szx    uint8
	tag    [4]byte
}

func (s *sendBlocks) begin() {
	s.active = true
	rand.Read(s.tag[:]) // never fails
}

func (s *sendBlocks) present() block { return block{num: s.num, szx: s.szx} }

// write adds the block's options to m and returns its part of body.
func (s *sendBlocks) write(m *encoder, body []byte) []byte {
	b := s.present()
	end := min(b.offset()+b.size(), len(body))
	b.more = end < len(body)
	m.uint(message.Block1, b.value())
	if b.num == 0 {
		m.uint(message.Size1, uint32(len(body)))
	}
	return body[b.offset():end]
}

// advance reports whether a response asks for the next block, or for a first one
// that is smaller, and moves there. A 2.31 without Block1 is a response like others.
func (s *sendBlocks) advance(code codes.Code, o *options, size int) bool {
	if !o.hasBlock1 {
		return false
	}
	smaller := o.block1.szx < s.szx
	switch {
	case code == codes.RequestEntityTooLarge && s.num == 0 && smaller:
		s.szx = o.block1.szx
		if !s.active {
			s.begin()
		}
		return true
	case code == codes.Continue && s.active && o.block1.num == s.num:
		end := s.present().offset() + s.present().size()
		if end >= size {
			return false
		}
		if smaller {
			s.szx = o.block1.szx
		}
		s.num = uint32(end >> (s.szx + 4))
		return true
	}
	return false
}

// assemble adds a block to its body. It returns the whole body after the last
// block; else it has answered.
func (in *incoming) assemble(o *options, payload []byte, key uint64, now time.Time, w *work) (body []byte, whole bool) {
	e, p, b := in.peer.e, in.peer, in.block1
	szx, _ := szxOf(e.cfg.BlockSize)
	if b.num == 0 {
		in.block1.szx = min(b.szx, szx)
	}
	switch {
	case b.more && len(payload) != b.size(), len(payload) > b.size():
		in.fail(codes.BadRequest, w)
		return nil, false
	case b.offset()+len(payload) > e.cfg.MaxBody, int64(o.size1) > int64(e.cfg.MaxBody):
		p.dropTransfer(p.uploads, key)
		in.fail(codes.RequestEntityTooLarge, w)
		return nil, false
	case b.num == 0 && !b.more:
		p.dropTransfer(p.uploads, key)
		return slices.Clone(payload), true
	}
	var t *transfer
	if b.num == 0 {
		p.dropTransfer(p.uploads, key)
		t = p.newTransfer(&p.uploads, key, now)
	} else {
		t = p.findTransfer(p.uploads, key, now)
	}
	if t == nil {
		in.fail(codes.RequestEntityIncomplete, w)
		return nil, false
	}
	switch end := b.offset() + len(payload); {
	case b.offset() == len(t.body):
		t.body = append(t.body, payload...)
	case end <= len(t.body) && b.more: // came before
	default:
		in.fail(codes.RequestEntityIncomplete, w)
		return nil, false
	}
	if !t.progress(cap(t.body), now) {
		in.answer(comeAgain(), w)
		return nil, false
	}
	if b.more {
		in.answer(&Response{Code: codes.Continue}, w)
		return nil, false
	}
	t.drop()
	return t.body, true
}
