package audio

import (
	"sync"
	"sync/atomic"
)

// Pos is a sample's place in time. Frame counts from the start of Epoch; Epoch
// changes when a device is reopened or the ring emptied, so that no reader
// crosses a gap unnoticed.
type Pos struct {
	Epoch uint32
	Frame int64
}

// Add is the position n frames later in the same epoch.
func (p Pos) Add(n int64) Pos { return Pos{p.Epoch, p.Frame + n} }

// Ring keeps the newest frames of one stream. It has one writer and any number of
// readers, each with a cursor of its own; the writer never waits and overwrites
// the oldest. Samples and counters are atomics that a reader re-validates after
// its copy, so neither side locks and the race detector has nothing to report.
type Ring struct {
	format   Format
	capacity int64 // frames
	samples  []atomic.Uint32
	reserved atomic.Int64 // frames below reserved-capacity may be gone
	written  atomic.Int64 // frames below written are complete
	epoch    atomic.Pointer[epoch]

	mu    sync.Mutex // guards changes of bells, never taken by the writer
	bells atomic.Pointer[[]chan struct{}]
}

// epoch says which absolute frame is frame 0 of the epoch.
type epoch struct {
	number uint32
	base   int64
}

// NewRing makes a ring for frames frames of format f; it panics when f is not
// valid or frames is not positive, since both are constants of the program.
func NewRing(f Format, frames int) *Ring {
	if err := f.Validate(); err != nil {
		panic(err)
	}
	if frames <= 0 {
		panic("audio: a ring needs at least one frame")
	}
	r := &Ring{format: f, capacity: int64(frames), samples: make([]atomic.Uint32, frames*f.Channels)}
	r.epoch.Store(&epoch{number: 1})
	r.bells.Store(&[]chan struct{}{})
	return r
}

// Format is the format of the ring's frames.
func (r *Ring) Format() Format { return r.format }

// Capacity is the number of frames that the ring keeps.
func (r *Ring) Capacity() int { return int(r.capacity) }

// Head is the position after the newest frame.
func (r *Ring) Head() Pos {
	e, written := r.snapshot()
	return Pos{e.number, written - e.base}
}

// Write appends the whole frames of interleaved samples. It is for one goroutine
// (or device thread) only; it neither blocks nor allocates. Of more than Capacity
// frames only the newest stay.
func (r *Ring) Write(samples []int16) {
	ch := int64(r.format.Channels)
	n := int64(len(samples)) / ch
	start := r.written.Load()
	r.reserved.Store(start + n)
	skip := max(0, n-r.capacity)
	at := ((start + skip) % r.capacity) * ch
	for _, s := range samples[skip*ch : n*ch] {
		r.samples[at].Store(uint32(uint16(s)))
		if at++; at == int64(len(r.samples)) {
			at = 0
		}
	}
	r.written.Store(start + n)
	for _, bell := range *r.bells.Load() {
		select {
		case bell <- struct{}{}:
		default:
		}
	}
}

// snapshot is an epoch and an end that belong together: no frame below written is
// of a later epoch.
func (r *Ring) snapshot() (*epoch, int64) {
	for {
		e := r.epoch.Load()
		written := r.written.Load()
		if r.epoch.Load() == e {
			return e, written
		}
	}
}

// Reset begins a new epoch: readers skip what they have not read yet. It is for
// the writer, between two writes; it allocates.
func (r *Ring) Reset() {
	r.epoch.Store(&epoch{number: r.epoch.Load().number + 1, base: r.written.Load()})
}

// NewReader makes a reader that starts at the next frame to be written. Close it
// when done.
func (r *Ring) NewReader() *Reader {
	rd := &Reader{ring: r, bell: make(chan struct{}, 1), epoch: r.epoch.Load(), next: r.written.Load()}
	r.setBells(func(old []chan struct{}) []chan struct{} { return append(old, rd.bell) })
	return rd
}

func (r *Ring) setBells(change func([]chan struct{}) []chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	bells := change(append([]chan struct{}(nil), *r.bells.Load()...))
	r.bells.Store(&bells)
}

// Reader is one cursor into a Ring. It is for one goroutine at a time.
type Reader struct {
	ring  *Ring
	bell  chan struct{}
	epoch *epoch
	next  int64 // absolute frame
}

// Ready is a one-slot doorbell that the writer rings after each Write. It may
// ring once too often, so read until Read returns no frames.
func (r *Reader) Ready() <-chan struct{} { return r.bell }

// Close takes the reader's doorbell off the ring.
func (r *Reader) Close() {
	r.ring.setBells(func(bells []chan struct{}) []chan struct{} {
		for i, b := range bells {
			if b == r.bell {
				return append(bells[:i], bells[i+1:]...)
			}
		}
		return bells
	})
}

// Seek moves the cursor to p. It reports false, and leaves the cursor, when p is
// of another epoch than the ring's current one. A position that is no longer (or
// not yet) there is not an error: the next Read counts the loss, or waits.
func (r *Reader) Seek(p Pos) bool {
	e := r.ring.epoch.Load()
	if p.Epoch != e.number {
		return false
	}
	r.epoch, r.next = e, e.base+max(0, p.Frame)
	return true
}

// Behind is the number of frames that are written but not read yet.
func (r *Reader) Behind() int64 {
	return min(max(0, r.ring.written.Load()-r.next), r.ring.capacity)
}

// Read copies what is there, at most len(dst) samples and whole frames only, and
// says where the copy starts and how many frames were lost before it (overwritten,
// or skipped because an epoch began). It never waits and never allocates.
func (r *Reader) Read(dst []int16) (at Pos, n int, lost int64) {
	ch := int64(r.ring.format.Channels)
	e, written := r.ring.snapshot()
	if e != r.epoch {
		lost += max(0, e.base-r.next)
		r.epoch, r.next = e, max(e.base, r.next)
	}
	if oldest := written - r.ring.capacity; r.next < oldest {
		lost += oldest - r.next
		r.next = oldest
	}
	count := max(0, min(int64(len(dst))/ch, written-r.next))
	r.copy(dst[:count*ch], r.next)
	// The writer may have overwritten the head of the copy meanwhile.
	if gone := min(count, r.ring.reserved.Load()-r.ring.capacity-r.next); gone > 0 {
		copy(dst, dst[gone*ch:count*ch])
		lost += gone
		r.next += gone
		count -= gone
	}
	at = Pos{r.epoch.number, r.next - r.epoch.base}
	r.next += count
	return at, int(count), lost
}

func (r *Reader) copy(dst []int16, frame int64) {
	samples := r.ring.samples
	at := (frame % r.ring.capacity) * int64(r.ring.format.Channels)
	for i := range dst {
		dst[i] = int16(samples[at].Load())
		if at++; at == int64(len(samples)) {
			at = 0
		}
	}
}
