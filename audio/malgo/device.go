//go:build cgo && linux

package malgo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	miniaudio "github.com/gen2brain/malgo"

	"vapd/audio"
)

// Device is a microphone, a speaker or both on one clock: an audio.Device.
type Device struct {
	cfg      Config
	logger   *slog.Logger
	running  atomic.Bool
	counters counters

	mu      sync.Mutex                  // guards what follows
	context *miniaudio.AllocatedContext // made once: malgo leaks a little of each
	formats *formats                    // nil until the PCMs were asked
	stuck   bool                        // a thread was left behind

	notes notes
}

type formats struct{ capture, playback audio.Format }

const (
	// stopLimit is how long the device's thread may take to stop.
	stopLimit = time.Second
	// openLimit is how long opening a PCM may take: a sound server may have to start.
	openLimit = 10 * time.Second
)

// New checks cfg. It does not touch the hardware.
func New(cfg Config, logger *slog.Logger) (*Device, error) {
	cfg, err := withDefaults(cfg)
	if err != nil {
		return nil, err
	}
	return &Device{cfg: cfg, logger: logger}, nil
}

// Close frees what the device holds; no Run may be at work.
func (d *Device) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.context == nil || d.stuck {
		return
	}
	if err := d.context.Uninit(); err != nil {
		d.logger.Warn("closing the sound library", "error", err)
	}
	d.context.Free()
	d.context = nil
}

// Formats are the rate and channels of both directions; a direction that the device
// lacks is zero. The first call opens the PCMs to ask them, and closes them; later
// ones, and Run, keep to that answer. It fails as Run does when they can't be opened.
func (d *Device) Formats() (capture, playback audio.Format, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.formats == nil {
		s, err := d.open(func(_, _ audio.Block) {})
		if err == nil {
			err = d.stop(s)
		}
		if err != nil {
			return audio.Format{}, audio.Format{}, err
		}
	}
	return d.formats.capture, d.formats.playback, nil
}

// Stats are the counts of all runs so far. It may be called at any time.
func (d *Device) Stats() Stats { return d.counters.stats() }

// Run opens the PCMs and calls process for each block, on miniaudio's thread, until
// ctx ends.
//
// Run returns audio.ErrUnplugged when a PCM is not there or has ended by itself,
// audio.ErrStalled when it does nothing for Config.Stall, and audio.ErrStuck when its
// thread can't be stopped: then every later Run fails too, and the process should end.
// A second Run at the same time fails.
func (d *Device) Run(ctx context.Context, process func(in, out audio.Block)) error {
	if !d.running.CompareAndSwap(false, true) {
		return d.errorf("it runs already")
	}
	defer d.running.Store(false)
	s, err := d.start(process)
	if err != nil {
		return err
	}
	err = d.watch(ctx, s)
	d.mu.Lock()
	defer d.mu.Unlock()
	if errors.Is(err, audio.ErrStuck) {
		s.closed.Store(true)
		d.stuck = true
		return err
	}
	if stopErr := d.stop(s); stopErr != nil {
		return stopErr
	}
	return err
}

func (d *Device) start(process func(in, out audio.Block)) (*session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.open(process)
	if err != nil {
		return nil, err
	}
	d.counters.opens.Add(1)
	err, late := within(openLimit, s.device.Start)
	if late {
		d.stuck = true
		return nil, d.errorf("it does not start within %v: %w", openLimit, audio.ErrStuck)
	}
	if err != nil {
		return nil, errors.Join(d.explain("starting it", err), d.stop(s))
	}
	return s, nil
}

// watch waits for the end of ctx, or for the end of the blocks.
func (d *Device) watch(ctx context.Context, s *session) error {
	const parts = 4
	ticker := time.NewTicker(d.cfg.Stall / parts)
	defer ticker.Stop()
	var seen int64
	var used time.Duration // by the thread, when it fell silent
	for quiet := 0; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-s.ended:
			return d.errorf("it has ended: %w", audio.ErrUnplugged)
		case <-ticker.C:
		}
		if n := s.blocks.Load(); n != seen {
			seen, quiet = n, 0
			continue
		}
		if quiet++; quiet == 1 {
			used = s.threadTime()
		}
		if quiet <= parts {
			continue
		}
		d.counters.stalls.Add(1)
		// One that waits uses none at all.
		spinning := s.threadTime()-used > d.cfg.Stall/25
		if spinning && !s.safe {
			return d.errorf("nothing for %v, and its thread spins: %w", d.cfg.Stall, audio.ErrStuck)
		}
		return d.errorf("nothing for %v: %w", d.cfg.Stall, audio.ErrStalled)
	}
}

// stop stops and frees s. d.mu is held.
func (d *Device) stop(s *session) error {
	s.closed.Store(true)
	_, late := within(stopLimit, func() error {
		err := s.device.Stop()
		s.device.Uninit()
		return err // it was stopped already, or never started
	})
	if late {
		d.stuck = true
		return d.errorf("its thread does not stop within %v: %w", stopLimit, audio.ErrStuck)
	}
	return nil
}

// within calls f, but does not wait longer than limit: then late is true, and f goes
// on by itself.
func within(limit time.Duration, f func() error) (err error, late bool) {
	done := make(chan error, 1)
	go func() { done <- f() }()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-done:
		return err, false
	case <-timer.C:
		return nil, true
	}
}

// errorf is an error that names the PCM, the microphone's first.
func (d *Device) errorf(format string, args ...any) error {
	s := d.cfg.Capture
	if s == nil {
		s = d.cfg.Playback
	}
	return fmt.Errorf("malgo: %s: "+format, append([]any{s.PCM}, args...)...)
}

// explain says why miniaudio could not do something, and what helps.
func (d *Device) explain(what string, err error) error {
	switch {
	case errors.Is(err, miniaudio.ErrDoesNotExist), errors.Is(err, miniaudio.ErrNoDevice):
		return d.errorf("%s: there is no such PCM: see vapd audio devices: %w (%v)", what, audio.ErrUnplugged, err)
	case errors.Is(err, miniaudio.ErrBusy):
		return d.errorf("%s: it is in use: %w", what, err)
	case errors.Is(err, miniaudio.ErrAccessDenied):
		return d.errorf("%s: add the user to the group audio: %w", what, err)
	}
	return d.errorf("%s: %w%s", what, err, d.notes.problem())
}

// notes keep what miniaudio logs while a PCM is opened.
type notes struct {
	mu   sync.Mutex
	keep bool
	text strings.Builder
}

// maxNotes bounds the notes of one opening, in bytes; two directions need 1500.
const maxNotes = 16 << 10

// log is miniaudio's: it may come from any thread.
func (n *notes) log(message string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.keep && n.text.Len()+len(message) < maxNotes {
		n.text.WriteString(message)
	}
}

func (n *notes) begin() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.keep = true
	n.text.Reset()
}

func (n *notes) end() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.keep = false
	return n.text.String()
}

// problem is the last thing that ALSA's backend said, for an error.
func (n *notes) problem() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if at := strings.LastIndex(n.text.String(), "[ALSA] "); at >= 0 {
		line, _, _ := strings.Cut(n.text.String()[at+len("[ALSA] "):], "\n")
		return " (" + line + ")"
	}
	return ""
}

var _ audio.Device = (*Device)(nil)
