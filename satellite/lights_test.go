package satellite

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vapd/hal"
)

// strip is a chain of LEDs that counts the pictures it was given.
type strip struct {
	mu     sync.Mutex
	last   []hal.Color
	frames int
	broken bool
}

func (s *strip) Len() int { return 4 }
func (s *strip) Show(c []hal.Color) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last, s.frames = append([]hal.Color(nil), c...), s.frames+1
	if s.broken {
		return errors.New("no such bus")
	}
	return nil
}
func (s *strip) Close() error { return nil }

func (s *strip) seen() (last []hal.Color, frames int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last, s.frames
}

func TestLightsDrawOnlyWhatMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(strip)
		l := newLights(s, true, func() float64 { return 0 }, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); l.run(ctx) }()
		l.change(func(v *View) { v.State = up })
		time.Sleep(time.Hour)
		if _, n := s.seen(); n > 2 {
			t.Fatalf("%d pictures of a dark ring in an hour", n)
		}
		_, before := s.seen()
		l.change(func(v *View) { v.State = inTurn(TurnThinking) })
		time.Sleep(time.Second + time.Millisecond)
		if _, n := s.seen(); n-before < 30 || n-before > 32 {
			t.Fatalf("%d pictures in a second of a scene that moves", n-before)
		}
		l.change(func(v *View) { v.State = with(func(s *State) { s.KeyMuted = true }) })
		synctest.Wait()
		_, before = s.seen()
		time.Sleep(time.Minute)
		if last, n := s.seen(); n != before || last[0] != red || l.shown()[0] != red {
			t.Fatalf("%d pictures of a still scene, %v", n-before, last)
		}
		cancel()
		<-done
		if last, _ := s.seen(); len(last) != 0 {
			t.Fatalf("not dark at the end: %v", last)
		}
	})
}

func TestLightsOutliveABrokenBus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &strip{broken: true}
		l := newLights(s, false, func() float64 { return 0 }, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		l.change(func(v *View) { v.State = inTurn(TurnSpeaking) })
		l.run(ctx)
		if _, n := s.seen(); n < 100 {
			t.Fatalf("gave up after %d pictures", n)
		}
	})
}
