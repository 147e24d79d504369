// Package timer keeps a satellite's timers: they ring with no network, survive a
// restart, and are not moved when somebody sets the clock.
//
// While a boot lasts, a timer's end is an uptime, so that a stepped wall clock
// changes nothing. Only a timer of an earlier boot is measured by wall time,
// because nothing else passed over the reboot: so the wall time that is kept
// follows the clock whenever somebody sets it.
package timer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Limits of what a satellite keeps.
const (
	MaxTimers   = 32
	MaxDuration = 7 * 24 * time.Hour
)

// Errors that callers tell apart.
var (
	ErrFull    = errors.New("timer: too many timers: cancel one first")
	ErrUnknown = errors.New("timer: no such timer")
	ErrRings   = errors.New("timer: what rings can't be paused: cancel it")
)

// Timer is one timer as others see it.
type Timer struct {
	ID        string
	Label     string        // what the person called it, may be empty
	Total     time.Duration // as it was set
	Remaining time.Duration // 0 while it rings
	Ringing   bool
	Paused    bool // Remaining stays as it is
}

// entry is a timer as it is kept. Exactly one of the ends counts: Uptime while
// Boot is the present boot, else Wall; none of a timer that is paused.
type entry struct {
	ID     string        `json:"id"`
	Label  string        `json:"label,omitempty"`
	Total  time.Duration `json:"total_ns"`
	Boot   string        `json:"boot"`
	Uptime time.Duration `json:"ends_uptime_ns"`
	Wall   time.Time     `json:"ends_wall"`
	Paused time.Duration `json:"paused_ns,omitempty"` // what remains; 0: it runs

	rangAt time.Duration // uptime at which it began to ring; 0: not yet
}

// Config is what a Keeper needs.
type Config struct {
	Store Store
	Clock Clock
	// MaxRing is how long a timer rings when nobody stops it.
	MaxRing time.Duration
	// Changed, if not nil, is called with all timers after each change, on the
	// goroutine that caused it and not concurrently. It must not call the Keeper.
	Changed func([]Timer)
}

// Store keeps the timers' bytes over a restart.
type Store interface {
	// Load returns what was saved last, nil when there is nothing.
	Load() ([]byte, error)
	// Save replaces it, atomically and durably.
	Save([]byte) error
}

// Keeper owns the timers. Its methods may be called from any goroutine.
type Keeper struct {
	cfg  Config
	wake chan struct{} // one slot: something changed, Run looks again

	mu      sync.Mutex
	entries []entry
}

// Open loads the timers. Damaged contents are an error that leaves the Keeper
// usable and empty, because a satellite without its old timers is better than none.
func Open(cfg Config) (*Keeper, error) {
	k := &Keeper{cfg: cfg, wake: make(chan struct{}, 1)}
	data, err := cfg.Store.Load()
	if err != nil {
		return k, fmt.Errorf("timer: loading: %w", err)
	}
	k.entries, err = decode(data)
	return k, err
}

// Set starts a timer, or sets the one of that id anew. The timer counts from now,
// and is kept when Set returns nil.
func (k *Keeper) Set(id, label string, d time.Duration) error {
	if id == "" {
		return errors.New("timer: a timer needs an id")
	}
	if d <= 0 || d > MaxDuration {
		return fmt.Errorf("timer: %v is no duration for a timer: 1 s to %v", d, MaxDuration)
	}
	return k.change(func(entries []entry) ([]entry, error) {
		entries = slices.DeleteFunc(entries, func(e entry) bool { return e.ID == id })
		if len(entries) >= MaxTimers {
			return nil, ErrFull
		}
		return append(entries, k.endsIn(entry{ID: id, Label: label, Total: d}, d)), nil
	})
}

// endsIn is e as it is when it runs, and d remains.
func (k *Keeper) endsIn(e entry, d time.Duration) entry {
	e.Boot, e.Uptime, e.Wall = k.cfg.Clock.BootID(), k.cfg.Clock.Uptime()+d, k.cfg.Clock.Wall().Add(d)
	e.Paused = 0
	return e
}

// Pause stops the time of the timer of that id, until Resume. One that is paused stays so.
// It returns ErrUnknown when there is none, and ErrRings when its time is over.
func (k *Keeper) Pause(id string) error {
	return k.changeOne(id, func(e entry) (entry, error) {
		left := k.remaining(e)
		if left <= 0 {
			return e, ErrRings
		}
		e.Paused = left
		return e, nil
	})
}

// Resume has the timer of that id count on, if it is paused. It returns ErrUnknown when
// there is none.
func (k *Keeper) Resume(id string) error {
	return k.changeOne(id, func(e entry) (entry, error) {
		if e.Paused == 0 {
			return e, nil
		}
		return k.endsIn(e, e.Paused), nil
	})
}

// Cancel removes the timer of that id, ringing or not. It returns ErrUnknown when
// there is none.
func (k *Keeper) Cancel(id string) error {
	return k.change(func(entries []entry) ([]entry, error) {
		kept := slices.DeleteFunc(entries, func(e entry) bool { return e.ID == id })
		if len(kept) == len(entries) {
			return nil, ErrUnknown
		}
		return kept, nil
	})
}

// CancelAll removes all timers, ringing or not.
func (k *Keeper) CancelAll() error {
	return k.change(func([]entry) ([]entry, error) { return nil, nil })
}

// StopRinging removes the timers that ring and reports whether there was one.
func (k *Keeper) StopRinging() bool {
	err := k.change(func(entries []entry) ([]entry, error) {
		kept := slices.DeleteFunc(entries, func(e entry) bool { return e.rangAt > 0 })
		if len(kept) == len(entries) {
			return nil, ErrUnknown
		}
		return kept, nil
	})
	return !errors.Is(err, ErrUnknown)
}

// List is all timers, the next to ring first.
func (k *Keeper) List() []Timer {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.list()
}

func (k *Keeper) list() []Timer {
	out := make([]Timer, 0, len(k.entries))
	for _, e := range k.entries {
		out = append(out, Timer{
			ID: e.ID, Label: e.Label, Total: e.Total,
			Remaining: max(0, k.remaining(e)), Ringing: e.rangAt > 0, Paused: e.Paused > 0,
		})
	}
	slices.SortStableFunc(out, func(a, b Timer) int { return cmp.Compare(a.Remaining, b.Remaining) })
	return out
}

func (k *Keeper) remaining(e entry) time.Duration {
	if e.Paused > 0 {
		return e.Paused
	}
	if e.Boot == k.cfg.Clock.BootID() {
		return e.Uptime - k.cfg.Clock.Uptime()
	}
	return e.Wall.Sub(k.cfg.Clock.Wall())
}

// change replaces the entries by what f makes of a copy, if that can be saved.
func (k *Keeper) change(f func([]entry) ([]entry, error)) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	next, err := f(slices.Clone(k.entries))
	if err != nil {
		return err
	}
	if err := k.save(next); err != nil {
		return err
	}
	k.entries = next
	k.announce()
	return nil
}

// changeOne is change for the timer of that id.
func (k *Keeper) changeOne(id string, f func(entry) (entry, error)) error {
	return k.change(func(entries []entry) ([]entry, error) {
		i := slices.IndexFunc(entries, func(e entry) bool { return e.ID == id })
		if i < 0 {
			return nil, ErrUnknown
		}
		var err error
		entries[i], err = f(entries[i])
		return entries, err
	})
}

func (k *Keeper) save(entries []entry) error {
	data, err := encode(entries)
	if err != nil {
		return err
	}
	if err := k.cfg.Store.Save(data); err != nil {
		return fmt.Errorf("timer: saving: %w", err)
	}
	return nil
}

func (k *Keeper) announce() {
	if k.cfg.Changed != nil {
		k.cfg.Changed(k.list())
	}
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// look is how often timers are compared with the wall clock, which may be set at any
// moment (by NTP, some time after boot).
const look = time.Second

// drift is how far the wall clock may run away from the kept ends before they are
// saved anew. A clock that is slewed, by at most a twelfth, costs a write every 24 s.
const drift = 2 * time.Second

// Run makes timers ring when they are due and fall silent after MaxRing, until ctx
// ends. What rings is told through Config.Changed.
func (k *Keeper) Run(ctx context.Context) {
	alarm := time.NewTimer(0)
	defer alarm.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-alarm.C:
		case <-k.wake:
		}
		alarm.Reset(k.tick())
	}
}

// tick moves every timer to the state that is due and says when to look again.
func (k *Keeper) tick() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	now, next := k.cfg.Clock.Uptime(), time.Hour
	changed, ended := false, false
	k.entries = slices.DeleteFunc(k.entries, func(e entry) bool {
		over := e.rangAt > 0 && now-e.rangAt >= k.cfg.MaxRing
		ended = ended || over
		return over
	})
	for i := range k.entries {
		e := &k.entries[i]
		if e.rangAt == 0 && k.remaining(*e) <= 0 {
			e.rangAt = max(1, now)
			changed = true
		}
		next = min(next, k.untilNext(*e, now))
	}
	k.follow(now)
	if ended {
		// If this can't be saved, the timer rings once more after a restart: the better mistake.
		_ = k.save(k.entries)
	}
	if (changed || ended) && k.cfg.Changed != nil {
		k.cfg.Changed(k.list())
	}
	return next
}

// follow saves the wall times of the ends anew when the clock was set. If they can't
// be saved, the next tick tries again.
func (k *Keeper) follow(now time.Duration) {
	wall, boot := k.cfg.Clock.Wall(), k.cfg.Clock.BootID()
	entries, moved := slices.Clone(k.entries), false
	for i := range entries {
		e := &entries[i]
		if end := wall.Add(e.Uptime - now); e.Boot == boot && end.Sub(e.Wall).Abs() > drift {
			e.Wall, moved = end, true
		}
	}
	if moved && k.save(entries) == nil {
		k.entries = entries
	}
}

func (k *Keeper) untilNext(e entry, now time.Duration) time.Duration {
	switch {
	case e.Paused > 0: // what remains says nothing of when
		return look
	case e.rangAt > 0:
		return max(0, min(look, e.rangAt+k.cfg.MaxRing-now))
	}
	return max(0, min(look, k.remaining(e)))
}
