package clientregistry

import "time"

// maxHeld is how many pieces may wait for one before them: three seconds and more of
// audio in pieces of 20 ms.
const maxHeld = 160

// maxSpans is how many stretches of lost pieces are remembered.
const maxSpans = 32

// reorder puts numbered pieces into order: each is delivered once, and those that
// never come are passed over. It is pure; who waits how long is the caller's business.
type reorder[T any] struct {
	next uint32
	held map[uint32]entry[T]
	lost []span // passed over; the latest last
}

type entry[T any] struct {
	v  T
	at time.Time // when it came
}

type span struct{ from, to uint32 } // to is not in it

// arrival says what became of a piece.
type arrival int

const (
	arrivedNew      arrival = iota // kept until it is popped
	arrivedTwice                   // delivered or kept already
	arrivedLate                    // passed over before: lost
	arrivedTooEarly                // too far ahead to keep
)

// classify says what add would do with piece seq.
func (r *reorder[T]) classify(seq uint32) arrival {
	if seq < r.next {
		for _, s := range r.lost {
			if seq >= s.from && seq < s.to {
				return arrivedLate
			}
		}
		return arrivedTwice
	}
	if _, ok := r.held[seq]; ok {
		return arrivedTwice
	}
	if seq-r.next >= maxHeld {
		return arrivedTooEarly
	}
	return arrivedNew
}

func (r *reorder[T]) add(seq uint32, v T, now time.Time) arrival {
	a := r.classify(seq)
	if a == arrivedNew {
		if r.held == nil {
			r.held = make(map[uint32]entry[T])
		}
		r.held[seq] = entry[T]{v, now}
	}
	return a
}

// peek returns the next piece if it is there.
func (r *reorder[T]) peek() (v T, ok bool) {
	e, ok := r.held[r.next]
	return e.v, ok
}

// pop takes the next piece, which is there, out.
func (r *reorder[T]) pop() {
	delete(r.held, r.next)
	r.next++
}

// drop forgets the next piece, which may come again.
func (r *reorder[T]) drop() { delete(r.held, r.next) }

// gap reports whether the next piece is missing while later ones are there.
func (r *reorder[T]) gap() bool {
	_, ok := r.held[r.next]
	return !ok && len(r.held) > 0
}

// gapSince is when the first piece came that should have come after the missing one,
// so that several gaps are waited for at once and not one after the other.
func (r *reorder[T]) gapSince() (since time.Time) {
	for _, e := range r.held {
		if since.IsZero() || e.at.Before(since) {
			since = e.at
		}
	}
	return since
}

// skip passes over the pieces that are missing before the first that is there, and
// returns how many they are.
func (r *reorder[T]) skip() int {
	if !r.gap() {
		return 0
	}
	from := r.next
	for r.gap() {
		r.next++
	}
	if len(r.lost) == maxSpans {
		r.lost = append(r.lost[:0], r.lost[1:]...)
	}
	r.lost = append(r.lost, span{from, r.next})
	return int(r.next - from)
}
