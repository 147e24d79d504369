package haltest

import (
	"slices"
	"sync"
	"testing"
	"time"

	"vapd/board"
	"vapd/hal"
)

// Pixels are LEDs that keep every frame. They fail the test when they are used after
// Close, by two goroutines at once, or not closed at its end.
type Pixels struct {
	t     testing.TB
	count int

	mu     sync.Mutex // guards the rest; nobody waits for it
	frames [][]hal.Color
	err    error
	closed bool
}

var _ hal.Pixels = (*Pixels)(nil)

// NewPixels makes count LEDs.
func NewPixels(t testing.TB, count int) *Pixels {
	p := &Pixels{t: t, count: count}
	t.Cleanup(func() {
		if !p.closed {
			t.Error("haltest: the LEDs were not closed: they stay lit")
		}
	})
	return p
}

// Len implements hal.Pixels.
func (p *Pixels) Len() int { return p.count }

// Show implements hal.Pixels.
func (p *Pixels) Show(colors []hal.Color) error {
	if !p.mu.TryLock() {
		p.t.Error("haltest: two goroutines use the LEDs at once")
		return nil
	}
	defer p.mu.Unlock()
	if p.closed {
		p.t.Error("haltest: the LEDs were used after Close")
		return hal.ErrClosed
	}
	if p.err != nil {
		return p.err
	}
	frame := make([]hal.Color, p.count)
	copy(frame, colors)
	p.frames = append(p.frames, frame)
	return nil
}

// Close implements hal.Pixels.
func (p *Pixels) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	return nil
}

// Fail makes Show fail with err from now on; nil mends it.
func (p *Pixels) Fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

// Frames is what was shown so far.
func (p *Pixels) Frames() [][]hal.Color {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.frames)
}

// Step is a line of a script: after a pause, a key goes down or up.
type Step struct {
	After time.Duration
	Key   board.KeyID
	Down  bool
}

// NewKeys makes keys that play script, each step at its time after the one before.
// They fail the test when they are not closed at its end, or closed before all of
// the script was read.
func NewKeys(t testing.TB, script ...Step) hal.Keys {
	return play(t, "keys", len(script), func(i int) (time.Duration, func(time.Time) hal.KeyEvent) {
		s := script[i]
		return s.After, func(at time.Time) hal.KeyEvent { return hal.KeyEvent{Key: s.Key, Down: s.Down, At: at} }
	})
}

// Position is a line of a script: after a pause, the switch is put to a position.
type Position struct {
	After time.Duration
	Muted bool
}

// NewSwitch makes a switch that plays script as NewKeys does. The first position is
// the one it has at the start.
func NewSwitch(t testing.TB, script ...Position) hal.Switch {
	return play(t, "switch", len(script), func(i int) (time.Duration, func(time.Time) hal.SwitchEvent) {
		s := script[i]
		return s.After, func(at time.Time) hal.SwitchEvent { return hal.SwitchEvent{Muted: s.Muted, At: at} }
	})
}

// player plays a script of events.
type player[E any] struct {
	events  chan E
	stop    chan struct{}
	playing sync.WaitGroup
	closing sync.Once
}

func play[E any](t testing.TB, what string, steps int, step func(int) (time.Duration, func(time.Time) E)) *player[E] {
	p := &player[E]{events: make(chan E), stop: make(chan struct{})}
	t.Cleanup(func() {
		select {
		case <-p.stop:
		default:
			t.Errorf("haltest: the %s was not closed", what)
			_ = p.Close()
		}
	})
	p.playing.Go(func() {
		defer close(p.events)
		for i := range steps {
			after, event := step(i)
			select {
			case <-time.After(after):
			case <-p.stop:
				t.Errorf("haltest: the %s was closed before step %d of %d", what, i+1, steps)
				return
			}
			select {
			case p.events <- event(time.Now()):
			case <-p.stop:
				t.Errorf("haltest: nobody read step %d of %d of the %s", i+1, steps, what)
				return
			}
		}
		<-p.stop
	})
	return p
}

// Events implements hal.Keys and hal.Switch.
func (p *player[E]) Events() <-chan E { return p.events }

// Close implements hal.Keys and hal.Switch.
func (p *player[E]) Close() error {
	p.closing.Do(func() { close(p.stop) })
	p.playing.Wait()
	return nil
}
