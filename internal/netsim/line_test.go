package netsim

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// arrival is what a line delivered, and when.
type arrival struct {
	After time.Duration
	Data  string
}

// deliver sends n datagrams, one each 10 ms, through a line, in simulated time.
func deliver(t *testing.T, how Impairment, seed uint64, n int) (got []arrival, counts Counts) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		l := newLine(how, seed, 0, func(_ int, data []byte) {
			got = append(got, arrival{time.Since(start), string(data)})
		})
		ctx, cancel := context.WithCancel(t.Context())
		go l.run(ctx)
		buf := make([]byte, 0, 16)
		for i := range n {
			buf = fmt.Appendf(buf[:0], "%d", i) // reused: a line has to copy it
			l.send(0, buf)
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		cancel()
		synctest.Wait()
		_, counts = l.status()
	})
	return got, counts
}

func order(got []arrival) string {
	var data []string
	for _, a := range got {
		data = append(data, a.Data)
	}
	return strings.Join(data, " ")
}

func TestLine(t *testing.T) {
	for name, c := range map[string]struct {
		how    Impairment
		check  func([]arrival) bool
		counts Counts
	}{
		"perfect":    {Impairment{}, func(a []arrival) bool { return order(a) == "0 1 2 3" && a[1].After == 10*time.Millisecond }, Counts{Received: 4, Delivered: 4, Bytes: 4}},
		"dead":       {Impairment{Loss: 1}, func(a []arrival) bool { return len(a) == 0 }, Counts{Received: 4, Lost: 4}},
		"delay":      {Impairment{Delay: 35 * time.Millisecond}, func(a []arrival) bool { return order(a) == "0 1 2 3" && a[3].After == 65*time.Millisecond }, Counts{Received: 4, Delivered: 4, Bytes: 4}},
		"duplicates": {Impairment{Duplicate: 1}, func(a []arrival) bool { return order(a) == "0 0 1 1 2 2 3 3" }, Counts{Received: 4, Delivered: 8, Duplicated: 4, Bytes: 8}},
		"jitter":     {Impairment{Delay: 50 * time.Millisecond, Jitter: 50 * time.Millisecond}, func(a []arrival) bool { return order(a) == "0 1 2 3" }, Counts{Received: 4, Delivered: 4, Bytes: 4}},
		"all held":   {Impairment{Reorder: 1}, func(a []arrival) bool { return order(a) == "0 1 2 3" && a[0].After == defaultHold }, Counts{Received: 4, Delivered: 4, Reordered: 4, Bytes: 4}},
	} {
		t.Run(name, func(t *testing.T) {
			got, counts := deliver(t, c.how, 1, 4)
			if !c.check(got) {
				t.Errorf("%v", got)
			}
			if d := cmp.Diff(c.counts, counts); d != "" {
				t.Error(d)
			}
		})
	}
}

// A held datagram is overtaken, and nothing is lost by it.
func TestReordering(t *testing.T) {
	got, counts := deliver(t, Impairment{Reorder: 0.2}, 7, 50)
	if counts.Reordered == 0 || counts.Delivered != 50 {
		t.Fatalf("%+v", counts)
	}
	inversions := 0
	for i := 1; i < len(got); i++ {
		if len(got[i-1].Data) > len(got[i].Data) || (len(got[i-1].Data) == len(got[i].Data) && got[i-1].Data > got[i].Data) {
			inversions++
		}
	}
	if inversions == 0 {
		t.Errorf("%d were held and none overtaken: %s", counts.Reordered, order(got))
	}
}

func TestSeed(t *testing.T) {
	how := Impairment{Loss: 0.1, Duplicate: 0.1, Reorder: 0.1, Delay: 20 * time.Millisecond, Jitter: 15 * time.Millisecond}
	first, _ := deliver(t, how, 3, 200)
	again, _ := deliver(t, how, 3, 200)
	if d := cmp.Diff(first, again); d != "" {
		t.Errorf("one seed, two fates:\n%s", d)
	}
	other, _ := deliver(t, how, 4, 200)
	if cmp.Equal(first, other) {
		t.Error("two seeds, one fate")
	}
}

// The share that is lost is the one that was asked for, and what is changed for one
// datagram does not change the luck of the later ones.
func TestDecide(t *testing.T) {
	rng, lost := rand.New(rand.NewPCG(1, 2)), 0
	for range 100_000 {
		if (Impairment{Loss: 0.1}).decide(rng).lost {
			lost++
		}
	}
	if share := float64(lost) / 100_000; math.Abs(share-0.1) > 0.005 {
		t.Errorf("%v lost, want 0.1", share)
	}
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		a, b := rand.New(rand.NewPCG(seed, 0)), rand.New(rand.NewPCG(seed, 0))
		(Impairment{}).decide(a)
		d := Impairment{
			Loss: rapid.Float64Range(0, 1).Draw(t, "loss"), Duplicate: 1, Reorder: 1,
			Delay: time.Millisecond, Jitter: time.Second,
		}.decide(b)
		for _, delay := range d.delays {
			if delay < 0 {
				t.Fatalf("delay %v", delay)
			}
		}
		if a.Uint64() != b.Uint64() {
			t.Fatal("the luck of the next datagram depends on the last one's")
		}
	})
}

func TestQueueIsBounded(t *testing.T) {
	l := newLine(Impairment{Delay: time.Hour}, 0, 0, func(int, []byte) {})
	for range maxQueue {
		if fate := l.send(0, nil); fate != Passed {
			t.Fatal(fate)
		}
	}
	if fate := l.send(0, nil); fate != Dropped {
		t.Error(fate)
	}
}

func TestValidate(t *testing.T) {
	l := newLine(Impairment{}, 0, 0, func(int, []byte) {})
	for _, bad := range []Impairment{{Loss: 1.1}, {Reorder: -1}, {Duplicate: math.NaN()}, {Delay: -1}, {Jitter: -1}, {Hold: -1}} {
		if err := l.set(func(i *Impairment) { *i = bad }); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
	if how, _ := l.status(); how != (Impairment{}) {
		t.Errorf("a refused change was made: %+v", how)
	}
}
