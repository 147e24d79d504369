package tflite

import (
	"encoding/binary"
	"errors"
	"math"
)

var errCorrupt = errors.New("tflite: the file is damaged: an offset or a length points outside of it")

// reader reads a flatbuffer that may be hostile. After the first offset or length
// that does not fit it has err set and gives zeros.
type reader struct {
	data   []byte
	budget int // bytes of vectors that may still be copied out, since several tables may share one
	err    error
}

// span is data[at:at+n], or nil (and err) where that is not inside data.
func (r *reader) span(at, n int) []byte {
	if r.err != nil || at < 0 || n < 0 || at > len(r.data)-n {
		r.fail()
		return nil
	}
	return r.data[at : at+n]
}

func (r *reader) fail() {
	if r.err == nil {
		r.err = errCorrupt
	}
}

func (r *reader) u16(at int) int {
	if b := r.span(at, 2); b != nil {
		return int(binary.LittleEndian.Uint16(b))
	}
	return 0
}

func (r *reader) i32(at int) int32 {
	if b := r.span(at, 4); b != nil {
		return int32(binary.LittleEndian.Uint32(b))
	}
	return 0
}

// follow is where the unsigned offset at at leads to. Offsets above 2 GB are an
// error in the format.
func (r *reader) follow(at int) int {
	off := r.i32(at)
	if off <= 0 {
		r.fail()
		return 0
	}
	return at + int(off)
}

// table is one table of a flatbuffer: at is its place, vtable that of its fields'
// offsets. The zero table has no fields.
type table struct {
	r          *reader
	at, vtable int
	fields     int
}

func (r *reader) table(at int) table {
	vtable := at - int(r.i32(at))
	size := r.u16(vtable)
	if r.err != nil || size < 4 || r.span(vtable, size) == nil {
		r.fail()
		return table{r: r}
	}
	return table{r, at, vtable, size/2 - 2}
}

// field is where field i is, or 0 where it is absent and has its default.
func (t table) field(i int) int {
	if i >= t.fields {
		return 0
	}
	if off := t.r.u16(t.vtable + 4 + 2*i); off != 0 {
		return t.at + off
	}
	return 0
}

func (t table) i32(i int, missing int32) int {
	if at := t.field(i); at != 0 {
		return int(t.r.i32(at))
	}
	return int(missing)
}

func (t table) u8(i int) int {
	if at := t.field(i); at != 0 {
		if b := t.r.span(at, 1); b != nil {
			return int(b[0])
		}
	}
	return 0
}

// sub is the table in field i; ok is false where it is absent.
func (t table) sub(i int) (sub table, ok bool) {
	at := t.field(i)
	if at == 0 {
		return table{}, false
	}
	sub = t.r.table(t.r.follow(at))
	return sub, t.r.err == nil
}

// vector is the place of the first element and the length of the vector in field i,
// which has elements of size bytes and may have at most limit of them.
func (t table) vector(i, size, limit int) (at, n int) {
	field := t.field(i)
	if field == 0 {
		return 0, 0
	}
	at = t.r.follow(field)
	n = int(t.r.i32(at))
	if t.r.err != nil || n < 0 || n > limit || n*size > t.r.budget || t.r.span(at+4, n*size) == nil {
		t.r.fail()
		return 0, 0
	}
	t.r.budget -= n * size
	return at + 4, n
}

// bytes is a view of the vector of bytes in field i.
func (t table) bytes(i int) []byte {
	field := t.field(i)
	if field == 0 {
		return nil
	}
	at := t.r.follow(field)
	if n := int(t.r.i32(at)); n != 0 {
		return t.r.span(at+4, n)
	}
	return nil
}

func (t table) ints(i, limit int) []int {
	at, n := t.vector(i, 4, limit)
	v := make([]int, n)
	for k := range v {
		v[k] = int(t.r.i32(at + 4*k))
	}
	return v
}

func (t table) floats(i, limit int) []float32 {
	at, n := t.vector(i, 4, limit)
	v := make([]float32, n)
	for k := range v {
		v[k] = math.Float32frombits(uint32(t.r.i32(at + 4*k)))
	}
	return v
}

// longs reads 64-bit integers.
func (t table) longs(i, limit int) []int64 {
	at, n := t.vector(i, 8, limit)
	v := make([]int64, n)
	for k := range v {
		v[k] = int64(uint32(t.r.i32(at+8*k))) | int64(t.r.i32(at+8*k+4))<<32
	}
	return v
}

func (t table) subs(i, limit int) []table {
	at, n := t.vector(i, 4, limit)
	v := make([]table, n)
	for k := range v {
		v[k] = t.r.table(t.r.follow(at + 4*k))
	}
	return v
}
