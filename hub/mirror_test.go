package hub

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"vapd/hub/store"
	"vapd/protocol/vap"
)

func TestTimersSurviveARestartOfTheHub(t *testing.T) {
	dir := t.TempDir()
	opened, closeStore := openStore(t, dir)
	defer closeStore()
	kept := opened.Bucket(store.Timers)
	now := time.Unix(1_800_000_000, 0)
	m := newMirror(kept, slog.New(slog.DiscardHandler), now)
	m.setTimers("kitchen", []vap.TimerState{{ID: "short", Seconds: 60, Remaining: 30}, {ID: "long", Label: "tea", Seconds: 600, Remaining: 300}, {ID: "paused", Seconds: 90, Remaining: 45.5, Paused: true}}, now)
	m.setTimers("hall", []vap.TimerState{{ID: "one", Seconds: 600, Remaining: 600}}, now)
	m.setTimers("bath", []vap.TimerState{{ID: "one", Seconds: 600, Remaining: 600}}, now)
	m.keep()
	m.setTimers("hall", nil, now) // it was cancelled
	m.forget("bath")
	m.keep()

	now = now.Add(100 * time.Second)
	m = newMirror(kept, slog.New(slog.DiscardHandler), now)
	want := []vap.TimerState{{ID: "long", Label: "tea", Seconds: 600, Remaining: 200}, {ID: "paused", Seconds: 90, Remaining: 45.5, Paused: true}}
	if d := cmp.Diff(want, m.timers("kitchen", now)); d != "" {
		t.Errorf("kitchen (-want +got):\n%s", d)
	}
	for _, client := range []string{"hall", "bath"} {
		if got := m.timers(client, now); len(got) > 0 {
			t.Errorf("%s: %v", client, got)
		}
	}
}

// writes counts what is kept, and keeps nothing while full is set.
type writes struct {
	n    atomic.Int64
	full atomic.Bool
}

func (*writes) All() iter.Seq2[string, []byte] { return func(func(string, []byte) bool) {} }
func (w *writes) Apply(map[string][]byte) error {
	w.n.Add(1)
	if w.full.Load() {
		return errors.New("disk full")
	}
	return nil
}

func TestTimersAreKeptWhenTheyChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := new(writes)
		m := newMirror(w, slog.New(slog.DiscardHandler), time.Now())
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			m.run(ctx)
		}()
		report := func(remaining float64) {
			m.setTimers("kitchen", []vap.TimerState{{ID: "a", Seconds: 600, Remaining: remaining}}, time.Now())
			synctest.Wait()
		}
		report(300)
		report(299.5) // it says the same after its connection broke
		if n := w.n.Load(); n != 1 {
			t.Errorf("%d writes, want 1", n)
		}
		w.full.Store(true)
		report(200)
		time.Sleep(5 * keepAgain)
		synctest.Wait()
		if n := w.n.Load(); n < 5 {
			t.Errorf("the disk was tried %d times", n-1)
		}
		w.full.Store(false)
		time.Sleep(keepAgain)
		synctest.Wait()
		n := w.n.Load()
		time.Sleep(5 * keepAgain)
		synctest.Wait()
		if more := w.n.Load() - n; more != 0 {
			t.Errorf("what is kept was written %d times more", more)
		}
		report(100)
		cancel()
		<-done
		if got := w.n.Load() - n; got != 1 {
			t.Errorf("the last report was written %d times", got)
		}
	})
}

// gate is a store whose writes wait.
type gate struct {
	writes
	open chan struct{}
}

func (g *gate) Apply(r map[string][]byte) error {
	<-g.open
	return g.writes.Apply(r)
}

// What a client reports is answered when it is on the disk, or with the disk's error; what
// is there already, or needs no disk, at once.
func TestWhatIsAnsweredIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan struct{})}
		m := newMirror(g, slog.New(slog.DiscardHandler), time.Now())
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			m.run(ctx)
		}()
		report := func(seconds float64) <-chan error {
			m.setTimers("kitchen", []vap.TimerState{{ID: "a", Seconds: seconds, Remaining: seconds}}, time.Now())
			answer := make(chan error, 1)
			m.whenKept("kitchen", func(err error) { answer <- err })
			synctest.Wait()
			return answer
		}
		first, second := report(300), report(300)
		other := make(chan error, 1)
		m.whenKept("hall", func(err error) { other <- err })
		if len(first)+len(second) > 0 || len(other) != 1 {
			t.Fatalf("%d, %d answers before it is on the disk, %d about another client", len(first), len(second), len(other))
		}
		g.open <- struct{}{}
		if err := errors.Join(<-first, <-second); err != nil {
			t.Error(err)
		}
		if again := report(300); len(again) != 1 {
			t.Error("what is on the disk already is not answered at once")
		}
		g.full.Store(true)
		refused := report(600)
		g.open <- struct{}{}
		if err := <-refused; err == nil {
			t.Error("what the disk did not take is answered well")
		}
		close(g.open)
		cancel()
		<-done
	})
}
