package vap

import (
	"math"

	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/tinylib/msgp/msgp"
)

// Limits of a message. They bound what its decoding can allocate, whatever the bytes
// say: a value costs about a hundred bytes at most, beside the bytes it copies.
const (
	maxDepth  = 8
	maxValues = 1024
)

// decoder reads one MessagePack message. Its first error sticks, and what is read
// after it is zero.
type decoder struct {
	b      []byte
	values int // that were read
	more   int // that may be read beyond maxValues
	err    *Error
}

func malformed(object string) *Error {
	return &Error{Code: codes.BadRequest, Type: TypeMalformed, Object: object}
}

func missing(object string) *Error {
	return &Error{Code: codes.RequestEntityIncomplete, Type: TypeMissingField, Object: object}
}

func (d *decoder) fail(e *Error) {
	if d.err == nil {
		d.err = e
	}
	d.b = nil
}

// took goes on with the bytes after a value, or fails.
func (d *decoder) took(rest []byte, err error) bool {
	if err != nil || d.err != nil {
		d.fail(malformed(""))
		return false
	}
	d.b = rest
	return true
}

// count counts n values, each of at least size bytes, before they are allocated.
func (d *decoder) count(n uint32, size int) bool {
	if uint64(n)*uint64(size) > uint64(len(d.b)) || int64(n) > int64(maxValues+d.more-d.values) {
		d.fail(malformed(""))
		return false
	}
	d.values += int(n)
	return true
}

func (d *decoder) arrayHeader() (n int) {
	sz, rest, err := msgp.ReadArrayHeaderBytes(d.b)
	if !d.took(rest, err) || !d.count(sz, 1) {
		return 0
	}
	return int(sz)
}

func (d *decoder) mapHeader() (n int) {
	sz, rest, err := msgp.ReadMapHeaderBytes(d.b)
	if !d.took(rest, err) || !d.count(sz, 2) {
		return 0
	}
	return int(sz)
}

// null consumes a nil, which stands for an absent field.
func (d *decoder) null() bool {
	if !msgp.IsNil(d.b) {
		return false
	}
	d.b = d.b[1:]
	return true
}

func (d *decoder) text() string {
	s, rest, err := msgp.ReadStringZC(d.b)
	if !d.took(rest, err) {
		return ""
	}
	return intern(s)
}

func (d *decoder) bool() bool {
	v, rest, err := msgp.ReadBoolBytes(d.b)
	return d.took(rest, err) && v
}

func (d *decoder) uint64() uint64 {
	v, rest, err := msgp.ReadUint64Bytes(d.b)
	if !d.took(rest, err) {
		return 0
	}
	return v
}

// uint reads an integer from 0 to limit.
func (d *decoder) uint(limit uint64) uint64 {
	v := d.uint64()
	if v > limit {
		d.fail(malformed(""))
		return 0
	}
	return v
}

func (d *decoder) uint32() uint32 { return uint32(d.uint(math.MaxUint32)) }

func (d *decoder) skip() {
	rest, err := msgp.Skip(d.b)
	d.took(rest, err)
}

// object reads a struct: a map, or an array that has exactly the fields that are
// named in array, in this order. field is called for each that is not nil and reads
// it; it returns false for a field that it does not know. The error of a field names it.
func (d *decoder) object(array []string, field func(key []byte) bool) {
	if msgp.NextType(d.b) == msgp.ArrayType {
		if d.arrayHeader() != len(array) {
			d.fail(malformed(""))
		}
		for _, key := range array {
			d.field([]byte(key), field)
		}
		return
	}
	for range d.mapHeader() {
		if msgp.NextType(d.b) != msgp.StrType {
			d.skip()
			d.skip()
			continue
		}
		key, rest, err := msgp.ReadStringZC(d.b)
		if !d.took(rest, err) {
			return
		}
		d.field(key, field)
	}
}

func (d *decoder) field(key []byte, field func(key []byte) bool) {
	if d.err != nil || d.null() {
		return
	}
	if !field(key) {
		d.skip()
	}
	if d.err != nil && d.err.Object == "" {
		d.err.Object = string(key)
	}
}

// end returns the message's error. Bytes after the message are one.
func (d *decoder) end() error {
	if len(d.b) > 0 {
		d.fail(malformed(""))
	}
	if d.err != nil {
		return d.err
	}
	return nil
}

// need fails with the first field that is missing; fields come in pairs of name and
// whether it is there.
func (d *decoder) need(name string, there bool) {
	if !there {
		d.fail(missing(name))
	}
}

// intern returns the string of b, without a copy for the names of the hot path.
func intern(b []byte) string {
	switch string(b) {
	case CapSound:
		return CapSound
	case CodecPCM:
		return CodecPCM
	case CodecOpus:
		return CodecOpus
	case "at":
		return "at"
	case "codec":
		return "codec"
	case "data":
		return "data"
	case "last":
		return "last"
	case "rate":
		return "rate"
	case "seq":
		return "seq"
	case "stream":
		return "stream"
	}
	return string(b)
}
