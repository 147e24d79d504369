package coap

import (
	"math/bits"
	"strings"

	"github.com/plgd-dev/go-coap/v3/message"
)

const (
	maxBlockSize = 1024
	maxBlockNum  = 1<<20 - 1

	// These are RFC 9175's.
	optionRequestTag message.OptionID = 292
	optionEcho       message.OptionID = 252
)

// szxOf is the exponent of RFC 7959 for a block size: size = 16 << szx.
func szxOf(size int) (szx uint8, ok bool) {
	if size < 16 || size > maxBlockSize || size&(size-1) != 0 {
		return 0, false
	}
	return uint8(bits.TrailingZeros(uint(size)) - 4), true
}

// block is the value of a Block1 or Block2 option (RFC 7959 section 2.2).
type block struct {
	num  uint32
	more bool
	szx  uint8
}

func (b block) size() int   { return 16 << b.szx }
func (b block) offset() int { return int(b.num) << (b.szx + 4) }

func (b block) value() uint32 {
	v := b.num<<4 | uint32(b.szx)
	if b.more {
		v |= 8
	}
	return v
}

func blockOf(v uint32) block { return block{v >> 4, v&8 != 0, uint8(v & 7)} }

// options are the options of one message that this package knows. Slices lie in
// the datagram.
type options struct {
	segments, queries [][]byte
	format, accept    *message.MediaType
	maxAge            *uint32
	etags, ifMatch    [][]byte
	ifNoneMatch       bool
	observe           uint32
	hasObserve        bool
	location          [][]byte
	locationQuery     [][]byte
	tag, echo         []byte
	hasTag            bool
	block1, block2    block
	hasBlock1         bool
	hasBlock2         bool
	size1, size2      uint32
	noResponse        uint32
	proxy             bool
	// refused is a critical option that is unknown, repeated or of a wrong length
	// (RFC 7252 section 5.4); 0 when there is none.
	refused message.OptionID
}

func (o *options) reset() {
	*o = options{
		segments: o.segments[:0], queries: o.queries[:0], etags: o.etags[:0], ifMatch: o.ifMatch[:0],
		location: o.location[:0], locationQuery: o.locationQuery[:0],
	}
}

// read takes f's options apart.
func (o *options) read(opts message.Options) {
	o.reset()
	var prev message.OptionID
	for _, opt := range opts {
		repeated := opt.ID == prev
		prev = opt.ID
		if !o.take(opt, repeated) && opt.ID&1 == 1 && o.refused == 0 {
			o.refused = opt.ID
		}
	}
}

// take reports whether the option was understood.
func (o *options) take(opt message.Option, repeated bool) bool {
	n := len(opt.Value)
	switch opt.ID {
	case message.URIPath:
		o.segments = append(o.segments, opt.Value)
		return n <= 255
	case message.URIQuery:
		o.queries = append(o.queries, opt.Value)
		return n <= 255
	case message.ETag:
		if n >= 1 && n <= 8 {
			o.etags = append(o.etags, opt.Value)
		}
		return true
	case message.IfMatch:
		o.ifMatch = append(o.ifMatch, opt.Value)
		return n <= 8
	case message.LocationPath:
		if n <= 255 {
			o.location = append(o.location, opt.Value)
		}
		return true
	case message.LocationQuery:
		if n <= 255 {
			o.locationQuery = append(o.locationQuery, opt.Value)
		}
		return true
	}
	if repeated {
		return false
	}
	switch opt.ID {
	case message.URIHost:
		return n >= 1 && n <= 255
	case message.URIPort:
		return n <= 2
	case message.ContentFormat:
		return takeMedia(&o.format, opt.Value)
	case message.Accept:
		return takeMedia(&o.accept, opt.Value)
	case message.MaxAge:
		v, ok := uintOf(opt.Value, 4)
		if ok {
			o.maxAge = &v
		}
		return ok
	case message.IfNoneMatch:
		o.ifNoneMatch = true
		return n == 0
	case message.Observe:
		o.observe, o.hasObserve = uintOf(opt.Value, 3)
		return true
	case optionEcho:
		if n >= 1 && n <= 40 {
			o.echo = opt.Value
		}
		return true
	case optionRequestTag:
		if n <= 8 {
			o.tag, o.hasTag = opt.Value, true
		}
		return true
	case message.Block1:
		return takeBlock(&o.block1, &o.hasBlock1, opt.Value)
	case message.Block2:
		return takeBlock(&o.block2, &o.hasBlock2, opt.Value)
	case message.Size1:
		o.size1, _ = uintOf(opt.Value, 4)
		return true
	case message.Size2:
		o.size2, _ = uintOf(opt.Value, 4)
		return true
	case message.NoResponse:
		o.noResponse, _ = uintOf(opt.Value, 1)
		return true
	case message.ProxyURI, message.ProxyScheme:
		o.proxy = true
		return true
	}
	return false
}

func uintOf(b []byte, most int) (v uint32, ok bool) {
	if len(b) > most {
		return 0, false
	}
	for _, c := range b {
		v = v<<8 | uint32(c)
	}
	return v, true
}

func takeMedia(to **message.MediaType, b []byte) bool {
	v, ok := uintOf(b, 2)
	if ok {
		m := message.MediaType(v)
		*to = &m
	}
	return ok
}

func takeBlock(to *block, has *bool, b []byte) bool {
	v, ok := uintOf(b, 3)
	if ok {
		*to, *has = blockOf(v), true
	}
	return ok
}

// etag is the response's; nil when absent.
func (o *options) etag() []byte {
	if len(o.etags) == 0 {
		return nil
	}
	return o.etags[0]
}

// joined joins segments to a path.
func joined(segments [][]byte) string {
	if len(segments) == 1 {
		return string(segments[0])
	}
	n := len(segments)
	for _, seg := range segments {
		n += len(seg)
	}
	var s strings.Builder
	s.Grow(n)
	for i, seg := range segments {
		if i > 0 {
			s.WriteByte('/')
		}
		s.Write(seg)
	}
	return s.String()
}

func textsOf(values [][]byte) []string {
	if len(values) == 0 {
		return nil
	}
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	return texts
}

// cloned is values in memory of their own.
func cloned(values [][]byte) [][]byte {
	if len(values) == 0 {
		return nil
	}
	own := make([][]byte, len(values))
	for i, v := range values {
		own[i] = append([]byte{}, v...)
	}
	return own
}
