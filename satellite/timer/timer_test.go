package timer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a Store whose contents tests can see and break.
type memory struct {
	mu    sync.Mutex
	data  []byte
	err   error
	saves int // attempts
}

func (m *memory) Load() ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.data, m.err
}

func (m *memory) Save(b []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.saves++
	if m.err == nil {
		m.data = b
	}
	return m.err
}

// breaks makes every call fail, or, with nil, work again.
func (m *memory) breaks(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

func (m *memory) saved() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.saves
}

// testClock runs with the bubble's time; its wall clock can be stepped and its
// machine rebooted.
type testClock struct {
	booted time.Time
	step   atomic.Int64
	boot   int
}

func (c *testClock) Wall() time.Time       { return time.Now().Add(time.Duration(c.step.Load())).Round(0) }
func (c *testClock) set(by time.Duration)  { c.step.Store(int64(by)) }
func (c *testClock) Uptime() time.Duration { return time.Since(c.booted) + time.Second }
func (c *testClock) BootID() string        { return fmt.Sprint("boot ", c.boot) }
func (c *testClock) reboot(off time.Duration) {
	time.Sleep(off)
	c.boot++
	c.booted = time.Now()
}

type fixture struct {
	*Keeper
	store *memory
	clock *testClock
	rings chan []Timer
	stop  func()
}

func start(t *testing.T, store *memory, clock *testClock) *fixture {
	t.Helper()
	f := &fixture{store: store, clock: clock, rings: make(chan []Timer, 100)}
	k, err := Open(Config{Store: store, Clock: clock, MaxRing: time.Minute, Changed: func(ts []Timer) { f.rings <- ts }})
	if err != nil {
		t.Fatal(err)
	}
	f.Keeper = k
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { k.Run(ctx); close(done) }()
	f.stop = func() { cancel(); <-done }
	t.Cleanup(f.stop)
	return f
}

func (f *fixture) ringing() []string {
	var ids []string
	for _, t := range f.List() {
		if t.Ringing {
			ids = append(ids, t.ID)
		}
	}
	return ids
}

// ringsAfter sleeps until id rings and says how long that took; it gives up after limit.
func (f *fixture) ringsAfter(id string, limit time.Duration) time.Duration {
	begin := time.Now()
	for time.Since(begin) < limit {
		for _, r := range f.ringing() {
			if r == id {
				return time.Since(begin)
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	return limit
}

func newClock() *testClock { return &testClock{booted: time.Now()} }

func TestTimerRingsWhenDueAndForABoundedTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, &memory{}, newClock())
		if err := f.Set("tea", "tea", 3*time.Minute); err != nil {
			t.Fatal(err)
		}
		if d := f.ringsAfter("tea", time.Hour); d < 3*time.Minute || d > 3*time.Minute+20*time.Millisecond {
			t.Fatalf("rang after %v", d)
		}
		time.Sleep(time.Minute + time.Millisecond)
		synctest.Wait()
		if got := f.List(); len(got) != 0 {
			t.Fatalf("still there after the longest ring: %v", got)
		}
	})
}

func TestCancelAllRemovesWhatRingsToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, &memory{}, newClock())
		for id, d := range map[string]time.Duration{"tea": time.Second, "cake": time.Hour} {
			if err := f.Set(id, "", d); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(2 * time.Second)
		if err := f.CancelAll(); err != nil || len(f.List()) != 0 {
			t.Fatalf("%v, and %v is left", err, f.List())
		}
		again := start(t, f.store, f.clock)
		if got := again.List(); len(got) != 0 {
			t.Fatalf("after a restart %v is back", got)
		}
	})
}

func TestASteppedWallClockMovesNoTimer(t *testing.T) {
	for _, step := range []time.Duration{time.Hour, -time.Hour} {
		t.Run(step.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := start(t, &memory{}, newClock())
				if err := f.Set("tea", "", 10*time.Minute); err != nil {
					t.Fatal(err)
				}
				time.Sleep(4 * time.Minute)
				f.clock.set(step)
				if d := f.ringsAfter("tea", 3*time.Hour); d < 6*time.Minute || d > 6*time.Minute+time.Second {
					t.Fatalf("rang %v after the step, want 6m0s", d)
				}
			})
		})
	}
}

// NTP sets the clock, then the machine is restarted: the timer counts on.
func TestATimerOutlivesTheStepAndTheReboot(t *testing.T) {
	for _, step := range []time.Duration{time.Hour, -time.Hour} {
		t.Run(step.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store, clock := &memory{}, newClock()
				f := start(t, store, clock)
				if err := f.Set("tea", "", 10*time.Minute); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				clock.set(step)
				time.Sleep(2 * time.Minute)
				if n := store.saved(); n != 2 {
					t.Errorf("one timer and one step were saved %d times", n)
				}
				f.stop()
				clock.reboot(time.Minute)
				f = start(t, store, clock)
				if d := f.ringsAfter("tea", 3*time.Hour); d < 6*time.Minute-drift || d > 6*time.Minute+drift {
					t.Errorf("rang %v after the reboot, want 6m0s", d)
				}
			})
		})
	}
}

// A step that can't be saved is tried again, and moves no timer of this boot.
func TestAStepThatCannotBeSavedIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, clock := &memory{}, newClock()
		f := start(t, store, clock)
		if err := f.Set("tea", "", 10*time.Minute); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		store.breaks(errors.New("disk full"))
		clock.set(time.Hour)
		time.Sleep(time.Minute)
		synctest.Wait()
		store.breaks(nil)
		time.Sleep(2 * look)
		f.stop()
		clock.reboot(time.Minute)
		f = start(t, store, clock)
		if d := f.List()[0].Remaining; d < 7*time.Minute || d > 8*time.Minute {
			t.Errorf("%v is left, want 7m58s", d)
		}
	})
}

func TestTimersSurviveARestart(t *testing.T) {
	for name, c := range map[string]struct {
		reboot bool
		step   time.Duration // of the wall clock while the program is down
		want   time.Duration
	}{
		"of the program":                         {want: 5 * time.Minute},
		"of the program, clock set by an hour":   {step: time.Hour, want: 5 * time.Minute},
		"of the machine":                         {reboot: true, want: 5 * time.Minute},
		"of the machine, which starts in 1970's": {reboot: true, step: -time.Minute, want: 6 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store, clock := &memory{}, newClock()
				f := start(t, store, clock)
				if err := f.Set("tea", "", 10*time.Minute); err != nil {
					t.Fatal(err)
				}
				time.Sleep(3 * time.Minute)
				f.stop()
				if c.reboot {
					clock.reboot(2 * time.Minute)
				} else {
					time.Sleep(2 * time.Minute)
				}
				clock.set(c.step)
				f = start(t, store, clock)
				if d := f.ringsAfter("tea", time.Hour); d < c.want || d > c.want+2*time.Second {
					t.Fatalf("rang after %v, want %v", d, c.want)
				}
			})
		})
	}
}

func TestATimerOfAnEarlierBootRingsWhenTheClockIsSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, clock := &memory{}, newClock()
		f := start(t, store, clock)
		if err := f.Set("tea", "", 10*time.Minute); err != nil {
			t.Fatal(err)
		}
		f.stop()
		clock.reboot(20 * time.Minute)
		clock.set(-24 * time.Hour) // no battery: the machine believes it is yesterday
		f = start(t, store, clock)
		time.Sleep(30 * time.Second)
		if r := f.ringing(); r != nil {
			t.Fatalf("rings by a wrong clock: %v", r)
		}
		clock.set(0) // NTP
		if d := f.ringsAfter("tea", time.Minute); d > 2*time.Second {
			t.Fatalf("rang %v after the clock was set", d)
		}
	})
}

func TestStopRingingStopsOnlyWhatRings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, &memory{}, newClock())
		if f.StopRinging() {
			t.Fatal("there was nothing to stop")
		}
		for id, d := range map[string]time.Duration{"egg": time.Minute, "tea": time.Hour} {
			if err := f.Set(id, "", d); err != nil {
				t.Fatal(err)
			}
		}
		f.ringsAfter("egg", 2*time.Minute)
		if !f.StopRinging() {
			t.Fatal("nothing was stopped")
		}
		if got := f.List(); len(got) != 1 || got[0].ID != "tea" {
			t.Fatalf("left: %v", got)
		}
	})
}

func TestSetAndCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, &memory{}, newClock())
		for _, c := range []struct {
			id string
			d  time.Duration
		}{{"", time.Minute}, {"x", 0}, {"x", -time.Second}, {"x", MaxDuration + 1}} {
			if err := f.Set(c.id, "", c.d); err == nil {
				t.Errorf("a timer %q of %v was taken", c.id, c.d)
			}
		}
		for i := range MaxTimers {
			if err := f.Set(fmt.Sprint(i), "", time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Set("one more", "", time.Hour); !errors.Is(err, ErrFull) {
			t.Fatalf("got %v", err)
		}
		if err := f.Set("7", "anew", time.Minute); err != nil {
			t.Fatalf("setting a timer anew: %v", err)
		}
		if got := f.List()[0]; got.ID != "7" || got.Label != "anew" || got.Remaining != time.Minute {
			t.Fatalf("first is %+v", got)
		}
		if err := f.Cancel("7"); err != nil {
			t.Fatal(err)
		}
		if err := f.Cancel("7"); !errors.Is(err, ErrUnknown) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestAPausedTimerWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, clock := &memory{}, newClock()
		f := start(t, store, clock)
		if err := f.Set("tea", "tea", 10*time.Minute); err != nil {
			t.Fatal(err)
		}
		time.Sleep(4 * time.Minute)
		waits := func() {
			t.Helper()
			want := []Timer{{ID: "tea", Label: "tea", Total: 10 * time.Minute, Remaining: 6 * time.Minute, Paused: true}}
			if got := f.List(); !slices.Equal(got, want) {
				t.Fatalf("it is %+v", got)
			}
		}
		for range 2 { // the second time changes nothing
			if err := f.Pause("tea"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
			waits()
		}
		clock.set(-24 * time.Hour)
		f.stop()
		clock.reboot(time.Hour)
		f = start(t, store, clock)
		time.Sleep(time.Hour)
		waits()
		for range 2 { // the second time changes nothing
			if err := f.Resume("tea"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
		}
		f.stop()
		clock.reboot(time.Minute)
		f = start(t, store, clock)
		if d := f.ringsAfter("tea", time.Hour); d.Round(time.Second) != 3*time.Minute {
			t.Errorf("rang %v after it was resumed and the machine restarted, want 3m0s", d)
		}
	})
}

// What remains of a paused timer is no reason to look again so soon.
func TestAPausedTimerCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, &memory{}, newClock())
		if err := f.Set("tea", "", time.Second); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second - time.Microsecond)
		if err := f.Pause("tea"); err != nil {
			t.Fatal(err)
		}
		if next := f.tick(); next != look {
			t.Errorf("it looks again after %v", next)
		}
	})
}

func TestWhatCannotBePausedOrResumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, &memory{}, newClock())
		for name, do := range map[string]func(string) error{"pause": f.Pause, "resume": f.Resume} {
			if err := do("tea"); !errors.Is(err, ErrUnknown) {
				t.Errorf("%s an unknown timer: %v", name, err)
			}
		}
		if err := f.Set("tea", "", time.Second); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		if err := f.Pause("tea"); !errors.Is(err, ErrRings) || f.ringing() == nil {
			t.Errorf("%v, and %v rings", err, f.ringing())
		}
	})
}

func TestAPausedTimerIsSetAnewOrCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, &memory{}, newClock())
		for _, id := range []string{"egg", "tea"} {
			if err := errors.Join(f.Set(id, "", time.Minute), f.Pause(id)); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(f.Cancel("egg"), f.Set("tea", "", 2*time.Minute)); err != nil {
			t.Fatal(err)
		}
		if d := f.ringsAfter("tea", time.Hour); d.Round(time.Second) != 2*time.Minute || len(f.List()) != 1 {
			t.Errorf("rang after %v, and there is %+v", d, f.List())
		}
	})
}

func TestWhatCannotBeSavedIsNotPromised(t *testing.T) {
	f := start(t, &memory{}, newClock())
	full := errors.New("disk full")
	f.store.breaks(full)
	if err := f.Set("tea", "", time.Minute); !errors.Is(err, full) {
		t.Fatalf("got %v", err)
	}
	if got := f.List(); len(got) != 0 {
		t.Fatalf("kept %v", got)
	}
}

func TestDamagedFileStartsEmpty(t *testing.T) {
	for _, data := range []string{"{", `{"version":2}`, `{"version":1,"timers":7}`} {
		k, err := Open(Config{Store: &memory{data: []byte(data)}, Clock: newClock(), MaxRing: time.Minute})
		if err == nil || len(k.List()) != 0 {
			t.Errorf("%s: %v, %v", data, err, k.List())
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"version":1,"timers":[{"id":"tea","total_ns":1,"boot":"b","ends_uptime_ns":5,"ends_wall":"2026-01-01T00:00:00Z"}]}`))
	f.Add([]byte(`{"version":1,"timers":[{"id":"tea","total_ns":9,"paused_ns":5}]}`))
	f.Add([]byte(`{"version":1,"timers":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := decode(data)
		if err != nil {
			return
		}
		if _, err := encode(entries); err != nil {
			t.Fatalf("what was read can't be written: %v", err)
		}
	})
}

func TestSystemClockRuns(t *testing.T) {
	c, err := NewSystemClock()
	if err != nil {
		t.Fatal(err)
	}
	a := c.Uptime()
	if c.BootID() == "" || a <= 0 || c.Uptime() < a {
		t.Fatalf("boot %q, uptime %v", c.BootID(), a)
	}
	if w := c.Wall(); w != w.Round(0) || time.Since(w).Abs() > time.Minute {
		t.Errorf("the wall time %v has a monotonic part, by which no step is seen", w)
	}
}
