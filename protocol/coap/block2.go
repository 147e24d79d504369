package coap

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// recvBlocks is the way of a response's body in blocks (RFC 7959 Block2).
type recvBlocks struct {
	resp *Response // what came so far; nil before the first block
	szx  uint8
	etag []byte
}

// next is the block to ask for.
func (r *recvBlocks) next() block {
	return block{num: uint32(len(r.resp.Body) >> (r.szx + 4)), szx: r.szx}
}

// add takes the next block and reports whether it is the last message of the
// transfer. An error response in its middle takes the place of the body.
func (r *recvBlocks) add(f *frame, o *options, maxBody int) (last bool, err error) {
	b := o.block2
	switch {
	case r.resp == nil:
		r.resp, r.szx, r.etag = responseOf(f, o), b.szx, bytes.Clone(o.etag())
		r.resp.Body = nil
	case f.code != r.resp.Code && f.code>>5 != 2:
		r.resp = responseOf(f, o)
		return true, nil
	}
	switch have := len(r.resp.Body); {
	case !o.hasBlock2 || b.offset() != have:
		return false, fmt.Errorf("%w: byte %d came instead of %d", ErrBlock, b.offset(), have)
	case b.more && len(f.payload) != b.size():
		return false, fmt.Errorf("%w: a block of %d bytes holds %d", ErrBlock, b.size(), len(f.payload))
	case !bytes.Equal(r.etag, o.etag()):
		return false, fmt.Errorf("%w: the resource changed on the way", ErrBlock)
	case have+len(f.payload) > maxBody, int64(o.size2) > int64(maxBody):
		return false, fmt.Errorf("%w: the response has more than %d bytes", ErrTooLarge, maxBody)
	}
	r.szx = min(r.szx, b.szx)
	r.resp.Body = append(r.resp.Body, f.payload...)
	return !b.more, nil
}

// needsBlocks reports whether resp does not fit in one message.
func (in *incoming) needsBlocks(resp *Response) bool {
	return len(resp.Body) > 16<<in.szx
}

// keep remembers an answer that goes in blocks.
func (in *incoming) keep(resp *Response, now time.Time) *transfer {
	t := in.peer.newTransfer(&in.peer.answers, in.key, now)
	t.resp, t.due = resp, in.blockEnd()
	if len(resp.ETag) == 0 {
		binary.BigEndian.PutUint32(t.tag[:], uint32(maphash.Bytes(in.peer.e.seed, resp.Body)))
	}
	if !t.progress(len(resp.Body), now) {
		return nil
	}
	return t
}

// kept finds the answer of which the peer asks for a block. Of several to the same
// request it is the one whose turn this block is, else the latest.
func (in *incoming) kept(now time.Time) *transfer {
	var found *transfer
	for _, t := range in.peer.answers {
		if t.key != in.key || now.Sub(t.at) >= in.peer.e.cfg.BlockTimeout {
			continue
		}
		if found == nil || t.due == in.block2.offset() || found.due != in.block2.offset() {
			found = t
		}
	}
	return found
}

// serve answers with a block of a kept answer.
func (in *incoming) serve(t *transfer, now time.Time, w *work) {
	if in.block2.offset() >= len(t.resp.Body) {
		in.fail(codes.BadRequest, w)
		return
	}
	t.progress(t.size, now)
	in.respond(t.resp, t, w)
	if t.due < len(t.resp.Body) {
		return
	}
	if in.confirmable {
		t.drop() // a repetition is answered from the peer's memory
	}
	if t.observer != nil {
		t.observer.next(w)
	}
}

// blockEnd is the place in the response where the block that is asked for ends.
func (in *incoming) blockEnd() int {
	return in.block2.offset() + 16<<in.szx
}

// writeBlock2 adds the option to m and returns the block.
func (in *incoming) writeBlock2(m *encoder, body []byte) []byte {
	b := block{szx: in.szx, more: in.blockEnd() < len(body)}
	b.num = uint32(in.block2.offset() >> (b.szx + 4))
	m.uint(message.Block2, b.value())
	return body[b.offset():min(in.blockEnd(), len(body))]
}
