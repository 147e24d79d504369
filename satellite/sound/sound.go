// Package sound keeps the satellite's audio device running: what is captured goes
// into a ring, what the mixer makes goes to the speaker. It reopens a device that
// failed, and closes the microphone's PCM while it is muted.
package sound

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"vapd/audio"
)

// State is what the device does now.
type State uint8

// States of the device.
const (
	Opening State = iota
	Running       // blocks arrive
	Failed        // it stopped, and is opened again
)

// String is the state as it is logged and shown.
func (s State) String() string { return [...]string{"opening", "running", "failed"}[s] }

// ErrChanged is the error of a device that is not the one that all was made for: the
// card was not there at the start, and now it is.
var ErrChanged = errors.New("sound: the sound card is there now, and the satellite has to be made for it")

// Config is what a Sound needs.
type Config struct {
	// Open makes the device: with the microphone, or, muted, the speaker alone. It
	// returns nil when the profile has no speaker and capture is false.
	Open func(capture bool) audio.Device
	// Raw gets what is captured, as it comes. Sound is its only writer.
	Raw *audio.Ring
	// Mix fills what the speaker plays next; it is called on the device's thread.
	Mix func(out audio.Block)
	// Changed is told of each change of State, on Run's goroutine; it must not block.
	Changed func(State)
	Logger  *slog.Logger
}

// Sound runs one device. Make it with New, then call Run once.
type Sound struct {
	cfg     Config
	capture atomic.Bool
	valve   chan struct{} // one slot: capture changed
	reopens atomic.Int64
}

// New makes a Sound whose microphone is open.
func New(cfg Config) *Sound {
	s := &Sound{cfg: cfg, valve: make(chan struct{}, 1)}
	s.capture.Store(true)
	return s
}

// SetCapture opens or closes the microphone. Closing ends the PCM and empties the
// ring; it may be called from any goroutine and does not wait.
func (s *Sound) SetCapture(open bool) {
	if s.capture.Swap(open) == open {
		return
	}
	select {
	case s.valve <- struct{}{}:
	default:
	}
}

// Reopens is how often the device failed and was opened again.
func (s *Sound) Reopens() int64 { return s.reopens.Load() }

// Waits between two attempts to open a device. The first one is short because a
// device that was reset by its bus is back at once; the last keeps the promise
// that a device which is there again is used within two seconds.
const (
	firstWait   = 100 * time.Millisecond
	longestWait = 1500 * time.Millisecond
)

// Run keeps the device running until ctx ends. It returns early when opening the device
// again does not help: with an error that is audio.ErrStuck when the device's thread
// can't be stopped, so that the process has to end, since nothing else frees the
// device, and with ErrChanged.
func (s *Sound) Run(ctx context.Context) error {
	wait := firstWait
	var told string // what was logged last
	for ctx.Err() == nil {
		ran, err := s.run1(ctx)
		s.cfg.Raw.Reset()
		if errors.Is(err, audio.ErrStuck) {
			return fmt.Errorf("sound: %w", err)
		}
		if errors.Is(err, ErrChanged) {
			return err
		}
		if err == nil {
			wait = firstWait
			continue // ctx ended, or the valve moved
		}
		if ran {
			wait, told = firstWait, ""
		}
		s.reopens.Add(1)
		s.cfg.Changed(Failed)
		if told != err.Error() { // once, not every second of a night
			told = err.Error()
			s.cfg.Logger.Warn("audio device failed, opening it until it works", "error", err)
		}
		s.sleep(ctx, wait)
		wait = min(2*wait, longestWait)
	}
	return nil
}

func (s *Sound) sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// run1 runs the device once, until ctx ends, the valve moves or the device fails.
// ran says that it delivered at least one block.
func (s *Sound) run1(ctx context.Context) (ran bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	capture := s.capture.Load()
	dev := s.cfg.Open(capture)
	if dev == nil {
		s.cfg.Changed(Opening)
		s.waitForValve(ctx)
		return false, nil
	}
	first := make(chan struct{}, 1)
	var started bool // of the device's thread
	failed := make(chan error, 1)
	go func() {
		failed <- dev.Run(ctx, func(in, out audio.Block) {
			if in.Channels > 0 {
				s.cfg.Raw.Write(in.Samples)
			}
			if out.Channels > 0 {
				s.cfg.Mix(out)
			}
			if !started {
				started = true
				first <- struct{}{}
			}
		})
	}()
	for {
		select {
		case <-first:
			ran = true
			s.cfg.Changed(Running)
		case <-s.valve:
			cancel()
		case err := <-failed:
			return ran, err
		}
	}
}

func (s *Sound) waitForValve(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-s.valve:
	}
}
