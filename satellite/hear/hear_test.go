package hear

import (
	"context"
	"math"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"vapd/audio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func ring(rate audio.SampleRate, channels int) *audio.Ring {
	return audio.NewRing(audio.Format{Rate: rate, Channels: channels}, int(rate)/4)
}

// run starts an Ear in the test's bubble.
func run(t *testing.T, cfg Config) *Ear {
	t.Helper()
	cfg.Sounding = func() bool { return false }
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); e.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	synctest.Wait()
	return e
}

// tone is n frames of a sine of the given amplitude on each channel.
func tone(rate audio.SampleRate, hertz float64, frames int, amplitude ...float64) []int16 {
	out := make([]int16, 0, frames*len(amplitude))
	for i := range frames {
		v := math.Sin(2 * math.Pi * hertz * float64(i) / float64(rate))
		for _, a := range amplitude {
			out = append(out, int16(math.Round(v*a)))
		}
	}
	return out
}

func read(r *audio.Reader) []int16 {
	buf := make([]int16, 1<<16)
	_, n, _ := r.Read(buf)
	return buf[:n]
}

func peak(samples []int16) (p int) {
	for _, s := range samples {
		p = max(p, int(s), -int(s))
	}
	return p
}

func TestEarMixesTheChannelsInUse(t *testing.T) {
	for name, c := range map[string]struct {
		rate audio.SampleRate
		use  []int
		peak int
	}{
		"one of four":     {16000, []int{2}, 4000},
		"two of four":     {16000, []int{1, 2}, 3000},
		"other rate":      {48000, []int{0}, 1000},
		"other rate, two": {44100, []int{2, 1}, 3000},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				raw := ring(c.rate, 4)
				e := run(t, Config{Raw: raw, Channels: c.use})
				r := e.Uplink().NewReader()
				defer r.Close()
				in := tone(c.rate, 440, int(c.rate)/5, 1000, 2000, 4000, 32000)
				for i := 0; i < len(in); i += 4 * 441 {
					raw.Write(in[i:min(i+4*441, len(in))])
					synctest.Wait()
				}
				got := read(r)
				if n := len(got); n < 3100 || n > 3200 {
					t.Fatalf("%d samples at 16 kHz of 0.2 s", n)
				}
				if p := peak(got[800:]); math.Abs(float64(p-c.peak)) > float64(c.peak)/50 {
					t.Fatalf("peak %d, want %d", p, c.peak)
				}
			})
		})
	}
}

func TestEarRefusesChannelsThatAreNotThere(t *testing.T) {
	for _, use := range [][]int{nil, {2}, {-1}} {
		if _, err := New(Config{Raw: ring(16000, 2), Channels: use}); err == nil {
			t.Errorf("took channels %v of 2", use)
		}
	}
}

func TestEarBeginsANewEpochAfterAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := ring(16000, 1)
		e := run(t, Config{Raw: raw, Channels: []int{0}})
		raw.Write(tone(16000, 440, 160, 1000))
		synctest.Wait()
		before := e.Uplink().Head()
		raw.Reset() // the device was reopened
		raw.Write(tone(16000, 440, 320, 1000))
		synctest.Wait()
		after := e.Uplink().Head()
		if after.Epoch == before.Epoch || after.Frame != 320 || e.Lost() != 0 {
			t.Fatalf("%v, then %v, %d lost", before, after, e.Lost())
		}
		raw.Write(make([]int16, 2*raw.Capacity())) // faster than it can hear
		synctest.Wait()
		if now := e.Uplink().Head(); now.Epoch == after.Epoch || e.Lost() == 0 {
			t.Fatalf("%v after a loss, %d lost", now, e.Lost())
		}
	})
}

func TestEarIsEmptyWhileItIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := ring(16000, 1)
		e := run(t, Config{Raw: raw, Channels: []int{0}})
		raw.Write(tone(16000, 440, 3200, 1000))
		synctest.Wait()
		start := audio.Pos{Epoch: e.Uplink().Head().Epoch}
		e.SetOpen(false)
		synctest.Wait()
		r := e.Uplink().NewReader()
		defer r.Close()
		if r.Seek(start) {
			t.Fatal("what was said before can still be read")
		}
		raw.Write(tone(16000, 440, 3200, 1000)) // the device closes a little later
		synctest.Wait()
		if n := len(read(r)); n != 0 || e.Levels().RMS != Silence {
			t.Fatalf("%d samples and %v while closed", n, e.Levels())
		}
		e.SetOpen(true)
		raw.Write(tone(16000, 440, 160, 1000))
		synctest.Wait()
		if n := len(read(r)); n != 160 {
			t.Fatalf("%d samples after it opened, want 160", n)
		}
	})
}

func TestEarMeasuresLevels(t *testing.T) {
	m := newMeter()
	if m.levels() != (Levels{Silence, Silence, Silence}) {
		t.Fatalf("at the start %v", m.levels())
	}
	near := func(got, want float64) bool { return math.Abs(got-want) < 0.2 }
	m.feed(tone(16000, 1000, 16000, 32.767)) // a quiet room: -60 dBFS peak, -63 RMS
	if l := m.levels(); !near(l.Peak, -60) || !near(l.RMS, -63) || !near(l.Floor, -63) {
		t.Fatalf("a quiet room is %v", l)
	}
	m.feed(tone(16000, 1000, 2*16000, 32767)) // two seconds of shouting
	if l := m.levels(); !near(l.Peak, 0) || !near(l.RMS, -3) || !near(l.Floor, -60) {
		t.Fatalf("a shout is %v", l)
	}
	m.feed(make([]int16, 16000))
	if l := m.levels(); l.RMS != Silence || !near(l.Floor, quietest) {
		t.Fatalf("digital silence is %v", l)
	}
}

func TestEarAllocatesNothing(t *testing.T) {
	raw := ring(48000, 2)
	e, err := New(Config{Raw: raw, Channels: []int{0, 1}, Sounding: func() bool { return true }})
	if err != nil {
		t.Fatal(err)
	}
	reader := raw.NewReader()
	defer reader.Close()
	block := tone(48000, 440, 480, 1000, 1000)
	e.drain(reader)
	if n := testing.AllocsPerRun(100, func() { raw.Write(block); e.drain(reader) }); n != 0 {
		t.Fatalf("%v allocations per block", n)
	}
}

// What an idle satellite does for every 10 ms of two channels at 48 kHz, without the
// wake word models.
func BenchmarkEar(b *testing.B) {
	raw := ring(48000, 2)
	e, err := New(Config{Raw: raw, Channels: []int{0, 1}, Sounding: func() bool { return false }})
	if err != nil {
		b.Fatal(err)
	}
	reader := raw.NewReader()
	defer reader.Close()
	block := tone(48000, 440, 480, 1000, 1000)
	b.ReportAllocs()
	for b.Loop() {
		raw.Write(block)
		e.drain(reader)
	}
}
