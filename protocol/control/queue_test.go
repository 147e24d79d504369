package control

import (
	"io"
	"testing"

	"pgregory.net/rapid"
)

// The queue hands out what was pushed, in order, and counts all that is missing.
func TestQueueModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 8).Draw(t, "size")
		q := newQueue(size, func(int) uint64 { return 1 })
		pushed, next := 0, 0 // next is the number that comes after those seen and lost
		pop := func() {
			v, lost, err := q.pop(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if v != next+int(lost) {
				t.Fatalf("got %d, %d lost, expected from %d", v, lost, next)
			}
			next = v + 1
		}
		for range rapid.IntRange(0, 50).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "push") {
				q.push(pushed)
				pushed++
			} else if q.n > 0 {
				pop()
			}
			if q.n > size {
				t.Fatalf("%d items in a queue of %d", q.n, size)
			}
		}
		q.close(io.EOF)
		q.push(-1) // too late
		for q.n > 0 {
			pop()
		}
		if next != pushed {
			t.Fatalf("the last %d are missing", pushed-next)
		}
		if _, _, err := q.pop(t.Context()); err != io.EOF {
			t.Fatal(err)
		}
	})
}
