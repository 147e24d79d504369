//go:build vapd_board

// Tests on the sound drivers of the emulated board, which scripts/board/init loads:
// Loopback and others with the ids of real cards, where what is played to device 0 is
// captured from device 1 and the other way round; Slave, whose clock is what is played
// to Loopback's subdevice 7; and Dummy.

package alsa

import (
	"context"
	"errors"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"vapd/audio"
)

// patience is how long anything may take on an emulated board.
const patience = 10 * time.Second

func open(t *testing.T, cfg Config) *Device {
	t.Helper()
	d, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// runs is a device at work.
type runs struct {
	t      *testing.T
	cancel context.CancelFunc
	result chan error
}

// run runs d until stop, or the end of the test.
func run(t *testing.T, d *Device, process func(in, out audio.Block)) *runs {
	ctx, cancel := context.WithCancel(t.Context())
	r := &runs{t, cancel, make(chan error, 1)}
	go func() { r.result <- d.Run(ctx, process) }()
	t.Cleanup(cancel)
	return r
}

// stop ends the run, which must be quick and without an error.
func (r *runs) stop() {
	r.t.Helper()
	r.cancel()
	if err := r.wait(); err != nil {
		r.t.Errorf("stopping: %v", err)
	}
}

// wait is what Run returned.
func (r *runs) wait() error {
	r.t.Helper()
	select {
	case err := <-r.result:
		return err
	case <-time.After(patience):
		r.t.Fatalf("Run did not return within %v", patience)
		return nil
	}
}

// TestBoardBusy: a device that is in use says who uses it.
func TestBoardBusy(t *testing.T) {
	cfg := Config{Capture: &Stream{PCM: "hw:Loopback,1,3"}}
	var blocks atomic.Int64
	first := run(t, open(t, cfg), func(_, _ audio.Block) { blocks.Add(1) })
	waitFor(t, "sound", func() bool { return blocks.Load() > 0 })
	_, _, err := open(t, cfg).Formats()
	if err == nil || errors.Is(err, audio.ErrUnplugged) || !contains(err, "in use by", "(process "+strconv.Itoa(os.Getpid())) {
		t.Errorf("got %v", err)
	}
	first.stop()
}
