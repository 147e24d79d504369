//go:build !race

package soak

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"vapd/internal/netsim"
)

// The race detector makes all this ten times as slow; the tests of the parts have it.

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// between is a random time.
func between(chance *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(chance.Int64N(int64(most-least)))
}

// live is the resident's life until end: some turns in the hour, and now and then a
// trouble that goes on beside them.
func (r *resident) live(end time.Time) {
	var troubles sync.WaitGroup
	defer troubles.Wait()
	for {
		time.Sleep(between(r.chance, 10*time.Second, 2*time.Minute))
		if !time.Now().Before(end) {
			return
		}
		r.alarm()
		r.speak()
		socket := r.socket
		switch r.chance.IntN(15) {
		case 0: // the Wi-Fi is gone for a while
			wait, d := between(r.chance, 0, 30*time.Second), between(r.chance, time.Second, time.Minute)
			troubles.Go(func() {
				time.Sleep(wait)
				r.house.cut(socket)
				time.Sleep(d)
				r.house.set(socket, home)
			})
		case 1: // and bad
			troubles.Go(func() {
				r.house.set(socket, weak)
				time.Sleep(3 * time.Minute)
				r.house.set(socket, home)
			})
		case 2: // the router gives another port
			to := netip.AddrPortFrom(r.addr.Addr(), uint16(41000+r.chance.IntN(20000)))
			if err := socket.Rebind(to); err != nil {
				r.t.Error(err)
			}
		case 3: // somebody sets the clock
			r.wall.jump(between(r.chance, -6*time.Hour, 6*time.Hour))
		case 4:
			troubles.Wait()
			r.stop()
			r.start()
			r.life.restarts++
		}
	}
}

// weak is a bad access.
var weak = netsim.Impairment{
	Delay: 15 * time.Millisecond, Jitter: 10 * time.Millisecond, Loss: 0.05, Reorder: 0.05, Duplicate: 0.05, Corrupt: 0.02,
}

// trouble is what happens to the hub until end; it returns how often the hub was away.
func (h *house) trouble(end time.Time) (away int) {
	for {
		time.Sleep(between(h.chance, 5*time.Minute, 20*time.Minute))
		if !time.Now().Before(end) {
			return away
		}
		switch pause := between(h.chance, time.Second, 20*time.Second); h.chance.IntN(3) {
		case 0:
			h.stopHub()
			time.Sleep(pause)
			h.startHub()
			away++
		case 1:
			h.crashHub()
			time.Sleep(pause)
			h.startHub()
			away++
		case 2:
			h.wall.jump(between(h.chance, -6*time.Hour, 6*time.Hour))
		}
	}
}

// rest is in which nobody does anything, longer than what anything is remembered for.
const rest = 15 * time.Minute

// stretch is a part of the day: everybody lives, and then rests.
func (h *house) stretch(d time.Duration) (away int) {
	end := time.Now().Add(d - rest)
	var wg sync.WaitGroup
	for _, r := range h.satellites {
		wg.Go(func() { r.live(end) })
	}
	wg.Go(func() { away = h.trouble(end) })
	wg.Wait()
	time.Sleep(rest)
	for _, r := range h.satellites {
		if s, ok := r.await(time.Minute, up); !ok {
			h.t.Errorf("%s has no link after a rest: %+v", r.id(), s.Link)
		}
	}
	return away
}

// size is how much of the machine all use.
type size struct {
	heap        uint64 // bytes that live
	goroutines  int
	descriptors int
}

func (s size) String() string {
	return fmt.Sprintf("%.2f MB of heap, %d goroutines, %d descriptors", float64(s.heap)/1e6, s.goroutines, s.descriptors)
}

func measure(t *testing.T) size {
	t.Helper()
	synctest.Wait()
	runtime.GC()
	runtime.GC() // what finalizers and pools let go of
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	// Who pings at this moment has some goroutines more.
	least := runtime.NumGoroutine()
	for range 10 {
		time.Sleep(333 * time.Millisecond)
		synctest.Wait()
		least = min(least, runtime.NumGoroutine())
	}
	return size{m.HeapAlloc, least, len(files)}
}

// moreHeap is what may have grown since the second stretch, in bytes: a turn leaves less
// than that, hundreds of turns that leave something leave more.
const moreHeap = 512 << 10

func TestSoak(t *testing.T) {
	stretches, long := 4, 30*time.Minute
	if os.Getenv("VAPD_SOAK") != "" {
		stretches, long = 24, time.Hour
	}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		h := newHouse(t, 3)
		defer h.close()
		var first size
		away := 0
		for n := range stretches {
			away += h.stretch(long)
			now := measure(t)
			t.Logf("after %v: %v", time.Since(began).Round(time.Minute), now)
			switch {
			case n == 0:
			case n == 1:
				first = now
			case now.heap > first.heap+moreHeap, now.goroutines != first.goroutines, now.descriptors > first.descriptors:
				t.Errorf("it has grown from %v to %v", first, now)
			}
		}
		var all tally
		for _, r := range h.satellites {
			all.add(r.life)
		}
		t.Logf("%d turns answered, %d failed with a sound; %d timers rang, %v late at most; %d satellites and %d hubs began anew",
			all.answered, all.failed, all.alarms, all.late, all.restarts, away)
		if all.failed*5 > all.answered || all.late > time.Second || away == 0 {
			t.Error("too much of that failed, or too little happened")
		}
	})
}
