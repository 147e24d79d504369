package satellite

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"vapd/hal"
)

// frame is the time between two pictures of a scene that moves.
const frame = time.Second / 30

// lights shows scenes on the pixels: 30 pictures a second while one moves, else one
// for each change. Only run touches the pixels.
type lights struct {
	pixels hal.Pixels
	level  func() float64 // of the microphone, 0 to 1
	logger *slog.Logger
	news   chan struct{} // one slot: view changed

	mu     sync.Mutex
	view   View
	since  time.Time // when view.State last changed
	colors []hal.Color
}

func newLights(pixels hal.Pixels, ring bool, level func() float64, logger *slog.Logger) *lights {
	return &lights{
		pixels: pixels, level: level, logger: logger, news: make(chan struct{}, 1),
		view: View{Ring: ring}, since: time.Now(), colors: make([]hal.Color, pixels.Len()),
	}
}

// change changes what is shown; it does not wait.
func (l *lights) change(f func(*View)) {
	l.mu.Lock()
	before := l.view.State
	if f(&l.view); l.view.State != before {
		l.since = time.Now()
	}
	l.mu.Unlock()
	select {
	case l.news <- struct{}{}:
	default:
	}
}

// shown is what the LEDs show now.
func (l *lights) shown() []hal.Color {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]hal.Color(nil), l.colors...)
}

// run draws until ctx ends, and leaves the LEDs dark.
func (l *lights) run(ctx context.Context) {
	if l.pixels.Len() == 0 {
		return
	}
	ticker := time.NewTicker(frame)
	defer ticker.Stop()
	ticker.Stop()
	out := make([]hal.Color, l.pixels.Len())
	var moves bool
	var failed error
	for {
		before := moves
		moves = l.paint(out)
		err := l.pixels.Show(out)
		if err != nil && failed == nil {
			l.logger.Error("leds can't be lit", "error", err)
		}
		failed = err
		switch {
		case moves && !before:
			ticker.Reset(frame)
		case !moves && before:
			ticker.Stop()
		}
		select {
		case <-ctx.Done():
			if err := l.pixels.Show(nil); err != nil {
				l.logger.Error("leds can't be darkened", "error", err)
			}
			return
		case <-l.news:
		case <-ticker.C:
		}
	}
}

func (l *lights) paint(out []hal.Color) (moves bool) {
	level := l.level()
	l.mu.Lock()
	defer l.mu.Unlock()
	v := l.view
	v.Level = level
	moves = Scene(v, time.Since(l.since), out)
	copy(l.colors, out)
	return moves
}
