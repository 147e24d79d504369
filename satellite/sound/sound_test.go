package sound

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"vapd/audio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// device delivers 10 ms blocks in the bubble's time until broken is closed.
type device struct {
	capture bool
	broken  chan struct{}
	why     error
}

func (d *device) Run(ctx context.Context, process func(in, out audio.Block)) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	block, speaker := make([]int16, 160), make([]int16, 160)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.broken:
			return d.why
		case <-tick.C:
			in := audio.Block{}
			if d.capture {
				in = audio.Block{Samples: block, Channels: 1}
			}
			process(in, audio.Block{Samples: speaker, Channels: 1})
		}
	}
}

type rig struct {
	*Sound
	raw    *audio.Ring
	states []State
	opened []*device
	mixed  int
	gone   atomic.Bool // what is opened now fails at once
	err    chan error
}

func start(t *testing.T) *rig {
	r := &rig{raw: audio.NewRing(audio.Format{Rate: audio.WakeRate, Channels: 1}, 16000), err: make(chan error, 1)}
	r.Sound = New(Config{
		Raw:     r.raw,
		Mix:     func(audio.Block) { r.mixed++ },
		Changed: func(s State) { r.states = append(r.states, s) },
		Logger:  slog.New(slog.DiscardHandler),
		Open: func(capture bool) audio.Device {
			d := &device{capture: capture, broken: make(chan struct{})}
			if r.gone.Load() {
				d.why = audio.ErrUnplugged
				close(d.broken)
			}
			r.opened = append(r.opened, d)
			return d
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { r.err <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		synctest.Wait()
	})
	return r
}

// pass lets time pass and everything settle.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (r *rig) last() *device { return r.opened[len(r.opened)-1] }

func (r *rig) fail(why error) {
	r.last().why = why
	close(r.last().broken)
}

func TestCapturesAndPlays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		pass(time.Second + time.Millisecond)
		if got := r.raw.Head().Frame; got != 16000 {
			t.Errorf("%d frames captured in a second", got)
		}
		if r.mixed != 100 || len(r.states) != 1 || r.states[0] != Running {
			t.Errorf("mixed %d blocks, states %v", r.mixed, r.states)
		}
	})
}

func TestReopensWhatFailedInANewEpoch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		pass(time.Second)
		before := r.raw.Head().Epoch
		r.fail(audio.ErrUnplugged)
		pass(2 * time.Second)
		if head := r.raw.Head(); head.Epoch == before || head.Frame < 16000 {
			t.Errorf("head %v two seconds after the failure in epoch %d", head, before)
		}
		if r.Reopens() != 1 || r.states[1] != Failed || r.states[2] != Running {
			t.Errorf("reopened %d times, states %v", r.Reopens(), r.states)
		}
	})
}

func TestADeviceThatComesBackIsUsedWithinTwoSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		pass(time.Second)
		r.gone.Store(true)
		r.fail(audio.ErrStalled)
		pass(time.Minute)
		if n := len(r.opened); n < 30 || n > 60 {
			t.Errorf("tried %d times in a minute", n)
		}
		r.gone.Store(false)
		pass(2 * time.Second)
		if r.raw.Head().Frame == 0 {
			t.Error("nothing is captured two seconds after the device came back")
		}
	})
}

func TestMuteClosesTheMicrophoneAndEmptiesTheRing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		rd := r.raw.NewReader()
		defer rd.Close()
		pass(time.Second)
		r.SetCapture(false)
		r.SetCapture(false)
		pass(time.Second)
		if r.last().capture || len(r.opened) != 2 {
			t.Fatalf("%d devices opened, the last with capture %v", len(r.opened), r.last().capture)
		}
		if _, n, lost := rd.Read(make([]int16, 16000)); n != 0 || lost == 0 {
			t.Errorf("%d frames of before can still be read (%d lost)", n, lost)
		}
		if r.mixed < 190 {
			t.Errorf("only %d blocks were played over the mute", r.mixed)
		}
		r.SetCapture(true)
		pass(time.Second)
		if !r.last().capture || r.raw.Head().Frame < 15000 || r.Reopens() != 0 {
			t.Errorf("capture %v, head %v, %d reopens", r.last().capture, r.raw.Head(), r.Reopens())
		}
	})
}

func TestWhatOpeningAgainDoesNotHelpEndsTheRun(t *testing.T) {
	for _, why := range []error{audio.ErrStuck, ErrChanged} {
		synctest.Test(t, func(t *testing.T) {
			r := start(t)
			pass(time.Second)
			r.fail(why)
			if err := <-r.err; !errors.Is(err, why) {
				t.Fatalf("got %v", err)
			}
		})
	}
}
