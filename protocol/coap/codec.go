package coap

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

const (
	headerSize = 4
	// maxDatagram holds 1024 bytes of payload and more options than RFC 7252
	// section 4.6 grants (1152 bytes in all), below IPv6's least MTU.
	maxDatagram = 1232
	maxOptions  = 64
)

var (
	errMalformed = errors.New("coap: malformed message")
	errNotCoAP   = errors.New("coap: no CoAP message, or of an unknown version")
)

// token is a message's token as a comparable value.
type token struct {
	n uint8
	b [message.MaxTokenSize]byte
}

func newToken() token {
	t := token{n: message.MaxTokenSize}
	rand.Read(t.b[:]) // never fails
	return t
}

func (t *token) bytes() []byte { return t.b[:t.n] }

// frame is one received message; its slices lie in the datagram.
type frame struct {
	typ     message.Type
	code    codes.Code
	mid     uint16
	token   token
	opts    message.Options
	payload []byte
}

// parse reads a datagram into f and reuses its options (RFC 7252 section 3). On
// errMalformed type and message id are valid, and can be answered.
func (f *frame) parse(b []byte) error {
	f.opts = f.opts[:0]
	if len(b) < headerSize || b[0]>>6 != 1 {
		return errNotCoAP
	}
	f.typ = message.Type(b[0] >> 4 & 3)
	f.code = codes.Code(b[1])
	f.mid = binary.BigEndian.Uint16(b[2:])
	n := int(b[0] & 15)
	b = b[headerSize:]
	if n > message.MaxTokenSize || n > len(b) {
		return errMalformed
	}
	f.token = token{n: uint8(n)}
	copy(f.token.b[:], b[:n])
	b = b[n:]
	if f.code == codes.Empty && (n > 0 || len(b) > 0) {
		return errMalformed
	}
	if f.opts == nil {
		f.opts = make(message.Options, 0, maxOptions)
	}
	used, err := f.opts.Unmarshal(b, nil)
	if err != nil {
		return errMalformed
	}
	f.payload = b[used:]
	if len(f.payload) == 0 && used > 0 && b[used-1] == 0xff {
		// Either the end of an option's value, or a payload marker that no payload
		// follows; without the marker the options are still whole.
		opts := f.opts
		f.opts = f.opts[:0]
		if n, err := f.opts.Unmarshal(b[:used-1], nil); err == nil && n == used-1 {
			return errMalformed
		}
		f.opts = opts
	}
	return nil
}

// emptyMessage is an ACK or RST, or a ping.
func emptyMessage(typ message.Type, mid uint16) []byte {
	return []byte{1<<6 | byte(typ)<<4, 0, byte(mid >> 8), byte(mid)}
}

// encoder writes one message. Options come in ascending order.
type encoder struct {
	buf  [maxDatagram]byte
	n    int
	prev message.OptionID
	err  error
}

func (e *encoder) start(typ message.Type, code codes.Code, mid uint16, t token) {
	e.buf[0] = 1<<6 | byte(typ)<<4 | t.n
	e.buf[1] = byte(code)
	binary.BigEndian.PutUint16(e.buf[2:], mid)
	e.n = headerSize + copy(e.buf[headerSize:], t.bytes())
	e.prev, e.err = 0, nil
}

func (e *encoder) option(id message.OptionID, value []byte) {
	if e.err != nil {
		return
	}
	n, err := message.Option{ID: id, Value: value}.Marshal(e.buf[e.n:], e.prev)
	if err != nil {
		e.err = ErrTooLarge
		return
	}
	e.n, e.prev = e.n+n, id
}

func (e *encoder) text(id message.OptionID, value string) {
	if e.err == nil && len(value) > 255 {
		e.err = fmt.Errorf("coap: %v of %d bytes, at most 255 go", id, len(value))
	}
	e.option(id, []byte(value))
}

// path writes Uri-Path or Location-Path, one option a segment.
func (e *encoder) path(id message.OptionID, path string) {
	if path == "" {
		return
	}
	for segment := range strings.SplitSeq(path, "/") {
		e.text(id, segment)
	}
}

func (e *encoder) uint(id message.OptionID, v uint32) {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], v)
	i := 0
	for i < 4 && b[i] == 0 {
		i++
	}
	e.option(id, b[i:])
}

// finish appends the payload and returns the message in memory of its own, which
// nobody changes from then on.
func (e *encoder) finish(payload []byte) ([]byte, error) {
	if len(payload) > 0 && e.err == nil {
		if e.n+1+len(payload) > len(e.buf) {
			return nil, ErrTooLarge
		}
		e.buf[e.n] = 0xff
		e.n += 1 + copy(e.buf[e.n+1:], payload)
	}
	if e.err != nil {
		return nil, e.err
	}
	return bytes.Clone(e.buf[:e.n]), nil
}
