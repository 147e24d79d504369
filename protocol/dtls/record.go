package dtls

import "encoding/binary"

// Content types of records (RFC 5246 section 6.2.1, RFC 9146 section 4).
const (
	typeChangeCipherSpec = 20
	typeAlert            = 21
	typeHandshake        = 22
	typeApplication      = 23
	typeCID              = 25
)

// Handshake types (RFC 6347 section 4.3.2).
const (
	clientHello        = 1
	helloVerifyRequest = 3
	clientKeyExchange  = 16
)

// Alerts, and their levels (RFC 5246 section 7.2).
const (
	warning = 1
	fatal   = 2

	closeNotify       = 0
	unexpectedMessage = 10
	decryptError      = 51
)

const (
	headerSize = 13 // of a record without connection id
	cidSize    = 8  // of the connection ids that we give
)

// record is one record of a datagram, not authenticated.
type record struct {
	typ   byte
	epoch uint16
	seq   uint64 // 48 bits
	cid   uint64 // of typeCID
	raw   []byte // with its header
	body  []byte
}

// nextRecord takes the first record off a datagram; !ok when that begins with none. A
// tls12_cid record is taken to have an id of ours, as only who gave one gets it.
func nextRecord(b []byte) (r record, rest []byte, ok bool) {
	if len(b) < headerSize || b[0] < typeChangeCipherSpec || b[0] > typeCID {
		return record{}, nil, false
	}
	if b[1] != 0xfe || b[2] != 0xfd && b[2] != 0xff { // DTLS 1.2, or 1.0 in the first hello
		return record{}, nil, false
	}
	size := headerSize
	if b[0] == typeCID {
		if size += cidSize; len(b) < size {
			return record{}, nil, false
		}
		r.cid = binary.BigEndian.Uint64(b[11:])
	}
	end := size + int(binary.BigEndian.Uint16(b[size-2:]))
	if end > len(b) {
		return record{}, nil, false
	}
	r.typ = b[0]
	r.epoch = binary.BigEndian.Uint16(b[3:])
	r.seq = uint64(binary.BigEndian.Uint16(b[5:]))<<32 | uint64(binary.BigEndian.Uint32(b[7:]))
	r.raw, r.body = b[:end], b[size:end]
	return r, b[end:], true
}

// handshakeType is the type of the message that a record of the handshake in clear
// begins with, and its number; !ok for other records.
func (r *record) handshakeType() (typ byte, seq uint16, ok bool) {
	if r.typ != typeHandshake || r.epoch != 0 || len(r.body) < 12 {
		return 0, 0, false
	}
	return r.body[0], binary.BigEndian.Uint16(r.body[4:]), true
}

// helloRandom are the client's 32 random bytes in a ClientHello; nil when it is
// fragmented before their end.
func (r *record) helloRandom() []byte {
	const start = 12 + 2
	if len(r.body) < start+32 {
		return nil
	}
	return r.body[start : start+32]
}

// window refuses records that came before or are too old (RFC 6347 section 4.1.2.6).
type window struct {
	next uint64 // one more than the newest
	seen uint64 // bit n: next-1-n came
}

func (w *window) fresh(seq uint64) bool {
	if seq >= w.next {
		return true
	}
	age := w.next - 1 - seq
	return age < 64 && w.seen>>age&1 == 0
}

// note takes down a fresh one that was authenticated, and reports whether it is the
// newest.
func (w *window) note(seq uint64) bool {
	if seq < w.next {
		w.seen |= 1 << (w.next - 1 - seq)
		return false
	}
	w.seen = w.seen<<(seq+1-w.next) | 1
	w.next = seq + 1
	return true
}
