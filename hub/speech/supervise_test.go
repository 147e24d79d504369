package speech_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"vapd/hub/speech"
)

// fakeEngine is a Dial to engines in this process, which can be killed.
type fakeEngine struct {
	mu      sync.Mutex
	broken  error
	missing error
	dialled []time.Time
	open    []net.Conn
	served  sync.WaitGroup
}

func (f *fakeEngine) dial(context.Context) (io.ReadWriteCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dialled = append(f.dialled, time.Now())
	if f.broken != nil {
		return nil, f.broken
	}
	ours, theirs := net.Pipe()
	f.open = append(f.open, theirs)
	missing := f.missing
	f.served.Go(func() {
		defer theirs.Close()
		if missing != nil {
			speech.ServeMissing(theirs, missing)
			io.Copy(io.Discard, theirs)
			return
		}
		speech.ServeRecognizer(theirs, theirs, "fake", &crashing{})
	})
	return ours, nil
}

// set changes what the next dial meets, and kills what runs.
func (f *fakeEngine) set(broken, missing error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.broken, f.missing = broken, missing
	for _, c := range f.open {
		c.Close()
	}
	f.open = nil
}

// dials are the times of all dials, since began.
func (f *fakeEngine) dials(began time.Time) (out []time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, d := range f.dialled {
		out = append(out, d.Sub(began))
	}
	return out
}

// run runs an engine on f within a bubble, for the time of test.
func (f *fakeEngine) run(t *testing.T, test func(*testing.T, *speech.Engine, speech.Recognizer)) {
	synctest.Test(t, func(t *testing.T) {
		e := speech.NewEngine(speech.EngineConfig{Name: "fake", Dial: f.dial, Logger: slog.New(slog.DiscardHandler)})
		r := speech.NewRecognizer(e, speech.Grammar{"sentence": {"stop"}})
		ctx, cancel := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() { e.Run(ctx) })
		synctest.Wait()
		test(t, e, r)
		cancel()
		done.Wait()
		f.set(nil, nil)
		f.served.Wait()
	})
}

// An engine that can't be started is tried again with growing pauses, and heals by
// itself.
func TestBackOff(t *testing.T) {
	f := &fakeEngine{broken: errors.New("no such thing")}
	f.run(t, func(t *testing.T, e *speech.Engine, r speech.Recognizer) {
		began := time.Now()
		time.Sleep(2 * time.Minute)
		at := f.dials(began)
		ms := time.Millisecond
		want := []time.Duration{0, 0, 500 * ms, 1500 * ms, 3500 * ms, 7500 * ms, 15500 * ms, 31500 * ms, 61500 * ms, 91500 * ms}
		if d := cmp.Diff(want, at); d != "" {
			t.Error(d)
		}
		if h := e.Health(); h.State != speech.Failed || h.Detail != "no such thing" {
			t.Errorf("health is %+v", h)
		}
		u := r.Listen()
		defer u.Close()
		if _, err := u.Finish(t.Context()); !errors.Is(err, speech.ErrUnavailable) {
			t.Errorf("the error is %v", err)
		}
		f.set(nil, nil)
		time.Sleep(30 * time.Second)
		if h := e.Health(); h.State != speech.Ready || h.Detail != "" {
			t.Errorf("healed: %+v", h)
		}
	})
}

// A missing package is told at once, and noticed when it was installed.
func TestMissingIsInstalled(t *testing.T) {
	f := &fakeEngine{missing: errors.New("install libflite1")}
	f.run(t, func(t *testing.T, e *speech.Engine, r speech.Recognizer) {
		if h := e.Health(); h.State != speech.Missing || h.Detail != "install libflite1" {
			t.Errorf("health is %+v", h)
		}
		f.set(nil, nil)
		time.Sleep(15 * time.Second)
		synctest.Wait()
		if h := e.Health(); h.State != speech.Ready {
			t.Errorf("installed: %+v", h)
		}
	})
}

// After a crash the engine is there again at once; one that crashes on and on is not
// started in a loop.
func TestCrashLoop(t *testing.T) {
	f := &fakeEngine{}
	f.run(t, func(t *testing.T, e *speech.Engine, r speech.Recognizer) {
		for range 20 {
			f.set(nil, nil)
			synctest.Wait()
		}
		if h := e.Health(); h.State != speech.Failed || h.Crashes != 2 {
			t.Errorf("health is %+v", h)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if h := e.Health(); h.State != speech.Ready {
			t.Errorf("a second later: %+v", h)
		}
		time.Sleep(5 * time.Minute) // and all is forgotten
		f.set(nil, nil)
		synctest.Wait()
		if h := e.Health(); h.State != speech.Ready || h.Crashes != 3 {
			t.Errorf("later: %+v", h)
		}
	})
}

// An engine that hangs is given up, and does not hold up the end of the hub.
func TestHang(t *testing.T) {
	hang := func(context.Context) (io.ReadWriteCloser, error) {
		ours, theirs := net.Pipe()
		go io.Copy(io.Discard, theirs)
		return ours, nil
	}
	synctest.Test(t, func(t *testing.T) {
		e := speech.NewEngine(speech.EngineConfig{Name: "hangs", Dial: hang, Logger: slog.New(slog.DiscardHandler)})
		r := speech.NewRecognizer(e, speech.Grammar{"sentence": {"stop"}})
		ctx, cancel := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() { e.Run(ctx) })
		u := r.Listen()
		defer u.Close()
		began := time.Now()
		if _, err := u.Finish(t.Context()); !errors.Is(err, speech.ErrUnavailable) || time.Since(began) > 5*time.Second {
			t.Errorf("after %v the error is %v", time.Since(began), err)
		}
		time.Sleep(time.Minute)
		if h := e.Health(); h.State == speech.Ready {
			t.Errorf("health is %+v", h)
		}
		cancel()
		done.Wait()
	})
}
