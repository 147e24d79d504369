package tape

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"vapd/audio"
	"vapd/audio/meter"
	"vapd/audio/wav"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// device is a card in the test's hands: it captures a ramp, keeps what it plays, and
// fails after failAfter, if that is set.
type device struct {
	format    audio.Format
	failAfter time.Duration
	fail      error
	ramp      int16
	played    []int16
}

const period = 10 * time.Millisecond

func (d *device) Run(ctx context.Context, process func(in, out audio.Block)) error {
	n := d.format.Rate.Frames(period) * d.format.Channels
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	begin := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		in, out := make([]int16, n), make([]int16, n)
		for i := range in {
			d.ramp++
			in[i] = d.ramp
		}
		process(audio.Block{Samples: in, Channels: d.format.Channels}, audio.Block{Samples: out, Channels: d.format.Channels})
		d.played = append(d.played, out...)
		if d.fail != nil && time.Since(begin) >= d.failAfter {
			return d.fail
		}
	}
}

func ramp(n int) []int16 {
	s := make([]int16, n)
	for i := range s {
		s[i] = int16(i + 1)
	}
	return s
}

func TestRecord(t *testing.T) {
	for _, c := range []struct {
		name   string
		limit  time.Duration
		ends   time.Duration // of the context
		fail   error
		frames int
	}{
		{name: "to its limit", limit: 255 * time.Millisecond, ends: time.Hour, frames: 4080},
		{name: "until it is stopped", ends: 305 * time.Millisecond, frames: 4800},
		{name: "until the device fails", ends: time.Hour, fail: audio.ErrUnplugged, frames: 2400},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				name := filepath.Join(t.TempDir(), "a.wav")
				out, err := os.Create(name)
				if err != nil {
					t.Fatal(err)
				}
				defer out.Close()
				f := audio.Format{Rate: 16000, Channels: 2}
				var calls int
				r := Recorder{
					Device: &device{format: f, fail: c.fail, failAfter: 145 * time.Millisecond},
					Format: f, Limit: c.limit,
					Progress: func(d time.Duration, levels []meter.Level) {
						if calls++; d <= 0 || len(levels) != 2 {
							t.Errorf("progress %v %v", d, levels)
						}
					},
				}
				ctx, cancel := context.WithTimeout(t.Context(), c.ends)
				defer cancel()
				got, err := r.Record(ctx, out)
				if !errors.Is(err, c.fail) {
					t.Fatalf("got %v, want %v", err, c.fail)
				}
				b, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				format, samples, err := wav.Read(bytes.NewReader(b))
				if err != nil || format != f || !slices.Equal(samples, ramp(2*c.frames)) {
					t.Fatalf("the file holds %d samples of %v, want %d (%v)", len(samples), format, 2*c.frames, err)
				}
				if got.Frames != int64(c.frames) || got.Lost != 0 || got.Loudest[1].Peak < -20 || calls < 2 {
					t.Errorf("recorded %+v, %d calls", got, calls)
				}
			})
		})
	}
}

type fullDisk struct{ bytes.Buffer }

var errFull = errors.New("disk full")

func (f *fullDisk) Write(b []byte) (int, error) {
	if f.Len() > 1000 {
		return 0, errFull
	}
	return f.Buffer.Write(b)
}

func (f *fullDisk) Seek(int64, int) (int64, error) { return 0, nil }

func TestRecordEndsWithItsDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := audio.Format{Rate: 16000, Channels: 1}
		r := Recorder{Device: &device{format: f}, Format: f}
		if _, err := r.Record(t.Context(), &fullDisk{}); !errors.Is(err, errFull) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestPlay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := audio.Format{Rate: 16000, Channels: 2}
		d := &device{format: f}
		var last time.Duration
		p := Player{Device: d, Format: f, Latency: 50 * time.Millisecond, Progress: func(at, total time.Duration) {
			if total != 500*time.Millisecond || at < last {
				t.Errorf("%v of %v after %v", at, total, last)
			}
			last = at
		}}
		begin := time.Now()
		if err := p.Play(t.Context(), audio.Format{Rate: 16000, Channels: 1}, ramp(8000)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took != 550*time.Millisecond {
			t.Errorf("500 ms and a latency of 50 ms took %v", took)
		}
		want := fit(ramp(8000), 1, 2)
		if len(d.played) < len(want) || !slices.Equal(d.played[:len(want)], want) || slices.Max(d.played[len(want):]) != 0 {
			t.Error("other samples were played")
		}
		if last != 500*time.Millisecond {
			t.Errorf("progress ended at %v", last)
		}
	})
}

func TestPlayConvertsTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := audio.Format{Rate: 48000, Channels: 1}
		d := &device{format: f}
		p := Player{Device: d, Format: f}
		if err := p.Play(t.Context(), audio.Format{Rate: 16000, Channels: 1}, slices.Repeat([]int16{1000}, 3200)); err != nil {
			t.Fatal(err)
		}
		if d.played[4800] != 1000 {
			t.Errorf("a constant of 1000 came out as %d", d.played[4800])
		}
	})
}

func TestPlayEndsEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := audio.Format{Rate: 16000, Channels: 1}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		p := Player{Device: &device{format: f}, Format: f}
		if err := p.Play(ctx, f, ramp(16000)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("stopped: got %v", err)
		}
		p.Device = &device{format: f, fail: audio.ErrStalled}
		if err := p.Play(t.Context(), f, ramp(16000)); !errors.Is(err, audio.ErrStalled) || !strings.HasPrefix(err.Error(), "tape: ") {
			t.Errorf("a device that fails: got %v", err)
		}
		if err := p.Play(t.Context(), audio.Format{Rate: 16001, Channels: 1}, ramp(10)); err == nil {
			t.Error("16001 Hz was played")
		}
	})
}

func TestFit(t *testing.T) {
	for _, c := range []struct {
		in       []int16
		from, to int
		want     []int16
	}{
		{[]int16{1, 2}, 1, 3, []int16{1, 1, 1, 2, 2, 2}},
		{[]int16{32767, 32767, -4, 0}, 2, 1, []int16{32767, -2}},
		{[]int16{1, 2, 3, 4}, 2, 3, []int16{1, 2, 0, 3, 4, 0}},
		{[]int16{1, 2, 3, 4, 5, 6}, 3, 2, []int16{1, 2, 4, 5}},
		{[]int16{1, 2}, 2, 2, []int16{1, 2}},
	} {
		if got := fit(c.in, c.from, c.to); !slices.Equal(got, c.want) {
			t.Errorf("%v from %d to %d: got %v, want %v", c.in, c.from, c.to, got, c.want)
		}
	}
}
