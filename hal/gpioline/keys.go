package gpioline

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"vapd/board"
	"vapd/hal"
)

// lines are inputs whose changes go to one channel as events.
type lines[E any] struct {
	inputs []*line
	events chan E
	lost   atomic.Int64

	closing sync.Once
	done    chan struct{}
	err     error
}

func newLines[E any]() *lines[E] {
	return &lines[E]{events: make(chan E, queue), done: make(chan struct{})}
}

// Events implements hal.Keys and hal.Switch.
func (s *lines[E]) Events() <-chan E { return s.events }

// Lost is how many changes the kernel had to drop because nobody read them.
func (s *lines[E]) Lost() int64 { return s.lost.Load() }

// Close implements hal.Keys and hal.Switch.
func (s *lines[E]) Close() error {
	s.closing.Do(func() {
		close(s.done)
		for _, w := range s.inputs {
			if err := w.close(); err != nil && s.err == nil {
				s.err = fmt.Errorf("gpioline: closing %s: %w", w.name, err)
			}
		}
		close(s.events)
	})
	return s.err
}

// send waits for the reader: meanwhile the kernel keeps what comes.
func (s *lines[E]) send(e E) {
	select {
	case s.events <- e:
	case <-s.done:
	}
}

// Keys are keys on lines: a hal.Keys.
type Keys struct{ *lines[hal.KeyEvent] }

var _ hal.Keys = Keys{}

// OpenKeys opens the lines of keys. When one can't be opened, none is.
func OpenKeys(keys []board.Key, log *slog.Logger) (Keys, error) {
	s := newLines[hal.KeyEvent]()
	for _, k := range keys {
		down := false // a key that is up at the start is no event
		w, err := watch(k.Line, "key "+string(k.ID), &s.lost, log, func(active bool, at time.Time) {
			if active != down {
				s.send(hal.KeyEvent{Key: k.ID, Down: active, At: at})
			}
			down = active
		})
		if err != nil {
			_ = s.Close()
			return Keys{}, fmt.Errorf("gpioline: key %s: %w", k.ID, err)
		}
		s.inputs = append(s.inputs, w)
	}
	return Keys{s}, nil
}

// Switch is a mute switch on a line: a hal.Switch.
type Switch struct{ *lines[hal.SwitchEvent] }

var _ hal.Switch = Switch{}

// OpenSwitch opens the line of a mute switch.
func OpenSwitch(sw board.Switch, log *slog.Logger) (Switch, error) {
	s := newLines[hal.SwitchEvent]()
	w, err := watch(sw.Line, "mute switch", &s.lost, log, func(active bool, at time.Time) {
		s.send(hal.SwitchEvent{Muted: active, At: at})
	})
	if err != nil {
		return Switch{}, fmt.Errorf("gpioline: mute switch: %w", err)
	}
	s.inputs = append(s.inputs, w)
	return Switch{s}, nil
}
