package vap

import "math"

// fields reads the fields of a capability. Its first error sticks and names
// capability and field: "sound.rate".
type fields struct {
	c   Capability
	err *Error
}

func readFields(c Capability, name string) *fields {
	f := &fields{c: c}
	if c.Name != name {
		f.err = malformed(c.Name)
	}
	return f
}

func (f *fields) fail(e *Error) {
	if f.err == nil {
		e.Object = f.c.Name + "." + e.Object
		f.err = e
	}
}

// error is f.err as an error that is nil when there is none.
func (f *fields) error() error {
	if f.err != nil {
		return f.err
	}
	return nil
}

// has reports whether there is a value; when it is missing although it is needed
// that is an error.
func (f *fields) has(key string, needed bool) bool {
	if f.c.Fields[key] != nil {
		return true
	}
	if needed {
		f.fail(missing(key))
	}
	return false
}

func (f *fields) int(key string, needed bool, low, high int64) int64 {
	if !f.has(key, needed) {
		return 0
	}
	var v int64
	ok := true
	switch n := f.c.Fields[key].(type) {
	case int64:
		v = n
	case int:
		v = int64(n)
	case uint32:
		v = int64(n)
	default:
		ok = false
	}
	if !ok || v < low || v > high {
		f.fail(malformed(key))
		return 0
	}
	return v
}

func (f *fields) uint32(key string, needed bool) uint32 {
	return uint32(f.int(key, needed, 0, math.MaxUint32))
}

func (f *fields) uint64(key string, needed bool) uint64 {
	if v, ok := f.c.Fields[key].(uint64); ok {
		return v
	}
	return uint64(f.int(key, needed, 0, math.MaxInt64))
}

func (f *fields) float(key string, needed bool, low, high float64) float64 {
	if !f.has(key, needed) {
		return 0
	}
	var v float64
	switch n := f.c.Fields[key].(type) {
	case float64:
		v = n
	case int64:
		v = float64(n)
	case int:
		v = float64(n)
	default:
		v = math.NaN()
	}
	if !(v >= low && v <= high) { // also false for NaN
		f.fail(malformed(key))
		return 0
	}
	return v
}

func (f *fields) text(key string, needed bool) string {
	if !f.has(key, needed) {
		return ""
	}
	v, ok := f.c.Fields[key].(string)
	if !ok {
		f.fail(malformed(key))
	}
	return v
}

func (f *fields) bool(key string, needed bool) bool {
	if !f.has(key, needed) {
		return false
	}
	v, ok := f.c.Fields[key].(bool)
	if !ok {
		f.fail(malformed(key))
	}
	return v
}

// bytes reads bin, or the empty array, which the reference implementation sends for
// no bytes.
func (f *fields) bytes(key string) []byte {
	switch v := f.c.Fields[key].(type) {
	case nil:
		return nil
	case []byte:
		return v
	case []any:
		if len(v) == 0 {
			return []byte{}
		}
	}
	f.fail(malformed(key))
	return nil
}

// set puts v into m unless it is its type's zero value.
func set[T comparable](m map[string]any, key string, v T) {
	var zero T
	if v != zero {
		m[key] = v
	}
}
