// Package flatbuffer writes files of tables in the format of FlatBuffers
// (https://flatbuffers.dev/internals/), whose schema the caller knows.
package flatbuffer

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Table has one value a field, in the order of the schema, nil where the field is absent.
// Values are uint8 (for bool and enums of a byte too), int32, string, []byte, []int32,
// []int64, []float32, Table, []Table, and *Table, which is written once however often it
// occurs, and must not have another one in it. Vectors of bytes begin at a multiple of 16, as the weights of models must.
type Table []any

// Write is a file with the given root and file identifier, of four characters. The same
// tables give the same bytes. It panics at a value of another type.
func Write(root Table, identifier string) []byte {
	w := &writer{data: append(make([]byte, 4), identifier...), places: make(map[*Table][]int)}
	w.point(0, root)
	// An object comes before those that it points to, so that offsets are positive.
	for _, t := range w.shared {
		start := w.table(*t)
		for _, at := range w.places[t] {
			w.u32At(at, start-at)
		}
	}
	return w.data
}

type writer struct {
	data   []byte
	shared []*Table         // in the order of their first occurrence
	places map[*Table][]int // where offsets to them are
}

func (w *writer) u32At(at, v int) { binary.LittleEndian.PutUint32(w.data[at:], uint32(v)) }

func (w *writer) u32(v uint32) { w.data = binary.LittleEndian.AppendUint32(w.data, v) }

// align pads so that what begins after ahead more bytes is at a multiple of to.
func (w *writer) align(to, ahead int) {
	for (len(w.data)+ahead)%to != 0 {
		w.data = append(w.data, 0)
	}
}

// point lets the offset at at lead to v, which is written at the end.
func (w *writer) point(at int, v any) {
	var start int
	switch v := v.(type) {
	case *Table:
		if w.places[v] == nil {
			w.shared = append(w.shared, v)
		}
		w.places[v] = append(w.places[v], at)
		return
	case Table:
		start = w.table(v)
	case string:
		start = w.vector(8, len(v), func(int) { w.data = append(w.data, v...) })
		w.data = append(w.data, 0)
	case []byte:
		start = w.vector(16, len(v), func(int) { w.data = append(w.data, v...) })
	case []int32:
		start = w.vector(8, len(v), func(int) {
			for _, x := range v {
				w.u32(uint32(x))
			}
		})
	case []int64:
		start = w.vector(8, len(v), func(int) {
			for _, x := range v {
				w.data = binary.LittleEndian.AppendUint64(w.data, uint64(x))
			}
		})
	case []float32:
		start = w.vector(8, len(v), func(int) {
			for _, x := range v {
				w.u32(math.Float32bits(x))
			}
		})
	case []Table:
		start = w.vector(8, len(v), func(first int) {
			w.data = append(w.data, make([]byte, 4*len(v))...)
			for i, x := range v {
				w.point(first+4*i, x)
			}
		})
	default:
		panic(fmt.Sprintf("flatbuffer: a value of type %T", v))
	}
	w.u32At(at, start-at)
}

// vector writes a length, and by elements what follows it at a multiple of to.
func (w *writer) vector(to, n int, elements func(first int)) (start int) {
	w.align(to, 4)
	start = len(w.data)
	w.u32(uint32(n))
	elements(len(w.data))
	return start
}

func (w *writer) table(fields Table) (start int) {
	vtable := 4 + 2*len(fields)
	w.align(8, vtable+4)
	at := len(w.data)
	w.data = append(w.data, make([]byte, vtable)...)
	binary.LittleEndian.PutUint16(w.data[at:], uint16(vtable))
	start = len(w.data)
	w.u32(uint32(vtable)) // how far back the vtable is
	places := make([]int, len(fields))
	for i, v := range fields {
		if v == nil {
			continue
		}
		places[i] = len(w.data)
		binary.LittleEndian.PutUint16(w.data[at+4+2*i:], uint16(len(w.data)-start))
		switch v := v.(type) {
		case uint8:
			w.u32(uint32(v))
		case int32:
			w.u32(uint32(v))
		default:
			w.u32(0)
		}
	}
	binary.LittleEndian.PutUint16(w.data[at+2:], uint16(len(w.data)-start))
	for i, v := range fields {
		switch v.(type) {
		case nil, uint8, int32:
		default:
			w.point(places[i], v)
		}
	}
	return start
}
