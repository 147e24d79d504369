package tflite

import (
	"encoding/binary"
	"math"
)

// flat is a table to be written: one value a field, nil where the field is absent.
// Values are uint8, int32, string, []byte, []int32, []int64, []float32, flat, []flat,
// and *flat, which is written once however often it occurs.
type flat []any

// writeFlat writes a flatbuffer with the given root and file identifier. An object
// comes before those that it points to, so that offsets are positive.
func writeFlat(root flat, identifier string) []byte {
	w := &flatWriter{data: append(make([]byte, 4), identifier...), shared: make(map[*flat][]int)}
	w.point(0, root)
	for table, places := range w.shared {
		start := w.table(*table)
		for _, at := range places {
			w.u32At(at, start-at)
		}
	}
	return w.data
}

type flatWriter struct {
	data   []byte
	shared map[*flat][]int // where offsets to it are
}

func (w *flatWriter) u32At(at, v int) { binary.LittleEndian.PutUint32(w.data[at:], uint32(v)) }

func (w *flatWriter) u32(v uint32) { w.data = binary.LittleEndian.AppendUint32(w.data, v) }

// align pads so that what begins after ahead more bytes is at a multiple of 8.
func (w *flatWriter) align(ahead int) {
	for (len(w.data)+ahead)%8 != 0 {
		w.data = append(w.data, 0)
	}
}

// point lets the offset at at lead to v, which is written at the end.
func (w *flatWriter) point(at int, v any) {
	var start int
	switch v := v.(type) {
	case *flat:
		w.shared[v] = append(w.shared[v], at)
		return
	case flat:
		start = w.table(v)
	case string:
		start = w.vector(len(v), func(int) { w.data = append(w.data, v...) })
		w.data = append(w.data, 0)
	case []byte:
		start = w.vector(len(v), func(int) { w.data = append(w.data, v...) })
	case []int32:
		start = w.vector(len(v), func(int) {
			for _, x := range v {
				w.u32(uint32(x))
			}
		})
	case []int64:
		start = w.vector(len(v), func(int) {
			for _, x := range v {
				w.data = binary.LittleEndian.AppendUint64(w.data, uint64(x))
			}
		})
	case []float32:
		start = w.vector(len(v), func(int) {
			for _, x := range v {
				w.u32(math.Float32bits(x))
			}
		})
	case []flat:
		start = w.vector(len(v), func(first int) {
			w.data = append(w.data, make([]byte, 4*len(v))...)
			for i, x := range v {
				w.point(first+4*i, x)
			}
		})
	default:
		panic("flatbuffer: a value of an unknown type")
	}
	w.u32At(at, start-at)
}

// vector writes a length, and by elements what follows it.
func (w *flatWriter) vector(n int, elements func(first int)) (start int) {
	w.align(4)
	start = len(w.data)
	w.u32(uint32(n))
	elements(len(w.data))
	return start
}

func (w *flatWriter) table(fields flat) (start int) {
	vtable := 4 + 2*len(fields)
	w.align(vtable + 4)
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
