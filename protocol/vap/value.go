package vap

import (
	"fmt"
	"math"
	"slices"

	"github.com/tinylib/msgp/msgp"
)

// value reads any value. Integers become int64 where they fit, arrays of numbers
// from 0 to 255 become []byte, since that is how the reference implementation writes
// bytes. Extensions are malformed, as they are there.
func (d *decoder) value(depth int) any {
	if depth > maxDepth {
		d.fail(malformed(""))
		return nil
	}
	switch msgp.NextType(d.b) {
	case msgp.NilType:
		d.null()
		return nil
	case msgp.BoolType:
		return d.bool()
	case msgp.IntType, msgp.UintType:
		return d.integer()
	case msgp.Float32Type, msgp.Float64Type:
		v, rest, err := msgp.ReadFloat64Bytes(d.b)
		if !d.took(rest, err) {
			return nil
		}
		return v
	case msgp.StrType:
		return d.text()
	case msgp.BinType:
		v, rest, err := msgp.ReadBytesZC(d.b)
		if !d.took(rest, err) {
			return nil
		}
		return slices.Clone(v)
	case msgp.ArrayType:
		return d.array(depth)
	case msgp.MapType:
		return d.valueMap(depth)
	}
	d.fail(malformed(""))
	return nil
}

func (d *decoder) integer() any {
	if v, rest, err := msgp.ReadInt64Bytes(d.b); err == nil {
		d.took(rest, nil)
		return v
	}
	return d.uint64()
}

func (d *decoder) array(depth int) any {
	if v := d.byteArray(); v != nil {
		return v
	}
	list := make([]any, 0, d.arrayHeader())
	for range cap(list) {
		list = append(list, d.value(depth+1))
	}
	return list
}

// byteArray reads an array of numbers from 0 to 255. It returns nil, and leaves the
// array, when it is another one or empty.
func (d *decoder) byteArray() []byte {
	sz, rest, err := msgp.ReadArrayHeaderBytes(d.b)
	if err != nil || sz == 0 || int64(sz) > int64(len(rest)) {
		return nil
	}
	// A look at all elements before anything is allocated: each is one byte (0 to
	// 127), or two with the prefix of uint8.
	const uint8Prefix = 0xcc
	at := 0
	for range sz {
		if at < len(rest) && rest[at] == uint8Prefix {
			at++
		} else if at >= len(rest) || rest[at] > math.MaxInt8 {
			return nil
		}
		at++
	}
	if at > len(rest) {
		return nil
	}
	out := make([]byte, 0, sz)
	for i := 0; i < at; i++ {
		if rest[i] == uint8Prefix {
			i++
		}
		out = append(out, rest[i])
	}
	d.b = rest[at:]
	return out
}

func (d *decoder) valueMap(depth int) any {
	n := d.mapHeader()
	m := make(map[string]any, n)
	for range n {
		key := d.text()
		v := d.value(depth + 1)
		if d.err != nil {
			return nil
		}
		m[key] = v
	}
	return m
}

// appendValue appends v. It panics for a type that Capability does not allow, as
// that is a mistake of the program: what was decoded has none.
func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return msgp.AppendNil(b)
	case bool:
		return msgp.AppendBool(b, v)
	case int:
		return msgp.AppendInt(b, v)
	case int64:
		return msgp.AppendInt64(b, v)
	case uint32:
		return msgp.AppendUint32(b, v)
	case uint64:
		return msgp.AppendUint64(b, v)
	case float64:
		return msgp.AppendFloat64(b, v)
	case string:
		return msgp.AppendString(b, v)
	case []byte:
		return msgp.AppendBytes(b, v)
	case []string:
		return appendStrings(b, v)
	case []any:
		b = msgp.AppendArrayHeader(b, uint32(len(v)))
		for _, e := range v {
			b = appendValue(b, e)
		}
		return b
	case map[string]any:
		b = msgp.AppendMapHeader(b, uint32(len(v)))
		return appendEntries(b, v)
	}
	panic(fmt.Sprintf("vap: a capability's field of type %T", v))
}

// appendEntries appends the entries of m ordered by key, so that the same message is
// the same bytes.
func appendEntries(b []byte, m map[string]any) []byte {
	var few [8]string
	keys := few[:0]
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		b = msgp.AppendString(b, key)
		b = appendValue(b, m[key])
	}
	return b
}

func appendStrings(b []byte, list []string) []byte {
	b = msgp.AppendArrayHeader(b, uint32(len(list)))
	for _, s := range list {
		b = msgp.AppendString(b, s)
	}
	return b
}
