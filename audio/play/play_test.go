package play

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vapd/audio"
)

const rate = 16000

func newMixer(t testing.TB, latency time.Duration) *Mixer {
	t.Helper()
	m, err := New(Config{Rate: rate, Latency: latency})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// mix is what a mono speaker plays in the next frames frames.
func mix(m *Mixer, frames int) []int16 {
	out := make([]int16, frames)
	m.Mix(audio.Block{Samples: out, Channels: 1})
	return out
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func level(v int16, n int) []int16 { return slices.Repeat([]int16{v}, n) }

func ramp(n int) []int16 {
	s := make([]int16, n)
	for i := range s {
		s[i] = int16(i + 1)
	}
	return s
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestClipPlaysOnEveryChannelUnchanged(t *testing.T) {
	m := newMixer(t, 0)
	s := must(m.Clip(Voice, Clip{rate, ramp(1000)}))(t)
	if m.Sounding() || closed(s.Started()) || !s.StartedAt().IsZero() {
		t.Fatal("it began before the device did")
	}
	out := level(99, 3*1200)
	m.Mix(audio.Block{Samples: out, Channels: 3})
	for i, v := range out {
		if want := int16(i/3 + 1); i/3 < 1000 && v != want || i/3 >= 1000 && v != 0 {
			t.Fatalf("frame %d, channel %d is %d", i/3, i%3, v)
		}
	}
	if !closed(s.Started()) || !closed(s.Done()) || s.Played() != 1000 || m.Sounding() {
		t.Fatalf("played %d, sounding %v", s.Played(), m.Sounding())
	}
	if since := time.Since(s.StartedAt()); since < 0 || since > time.Minute {
		t.Fatalf("it began %v ago", since)
	}
}

func TestDoneWaitsForTheLoudspeaker(t *testing.T) {
	m := newMixer(t, 60*time.Millisecond) // 960 frames
	s := must(m.Clip(Voice, Clip{rate, ramp(100)}))(t)
	mix(m, 1050)
	if closed(s.Done()) || !m.Sounding() {
		t.Fatal("done while the last sample is in the device's buffer")
	}
	mix(m, 2*chunk)
	if !closed(s.Done()) || m.Sounding() {
		t.Fatal("not done")
	}
}

func TestVolumesAreSeparateAndPerceptual(t *testing.T) {
	m := newMixer(t, 0)
	for _, c := range []struct {
		percent int
		dB      float64
	}{{100, 0}, {200, 0}, {50, -10}, {25, -20}, {10, -33.3}} {
		m.SetVolume(Chime, c.percent)
		must(m.Clip(Chime, Clip{rate, level(20000, 100)}))(t)
		got := 20 * math.Log10(float64(mix(m, 200)[50])/20000)
		if math.Abs(got-c.dB) > 0.1 {
			t.Errorf("%d %%: %.1f dB, want %.1f", c.percent, got, c.dB)
		}
	}
	m.SetVolume(Chime, -5)
	must(m.Clip(Chime, Clip{rate, level(20000, 100)}))(t)
	must(m.Clip(Alarm, Clip{rate, level(7, 100)}))(t)
	if got := mix(m, 200)[50]; got != 7 || m.Volume(Chime) != 0 || m.Volume(Alarm) != 100 {
		t.Errorf("a silent chime and an alarm of 7 give %d", got)
	}
}

func TestVolumeChangesWithoutAClick(t *testing.T) {
	m := newMixer(t, 0)
	must(m.Clip(Voice, Clip{rate, level(20000, 4000)}))(t)
	mix(m, 100)
	m.SetVolume(Voice, 0)
	out := append([]int16{20000}, mix(m, 200)...)
	steps := 0
	for i := 1; i < len(out); i++ {
		step := out[i-1] - out[i]
		if step < 0 || step > 20000/80+1 { // 5 ms are 80 frames
			t.Fatalf("from %d to %d in one frame", out[i-1], out[i])
		}
		if step > 0 {
			steps++
		}
	}
	if steps != 80 || out[200] != 0 {
		t.Fatalf("it took %d frames to come to %d", steps, out[200])
	}
}

func TestLoudSoundsSaturate(t *testing.T) {
	m := newMixer(t, 0)
	for range 3 {
		must(m.Clip(Voice, Clip{rate, append(level(30000, 10), level(-30000, 10)...)}))(t)
	}
	out := mix(m, 30)
	if out[5] != math.MaxInt16 || out[15] != math.MinInt16 || out[25] != 0 || m.Stats().Clipped != 20 {
		t.Fatalf("got %v, %d clipped", out, m.Stats().Clipped)
	}
}

func TestStopFadesAtOnce(t *testing.T) {
	for _, size := range []int{7, 80, 160, 1000} { // of the device's blocks
		m := newMixer(t, 10*time.Millisecond)
		s := must(m.Clip(Voice, Clip{rate, level(20000, 4000)}))(t)
		mix(m, size)
		s.Stop()
		s.Stop()
		var tail []int16
		for range 1000/size + 1 {
			tail = append(tail, mix(m, size)...)
		}
		silent := slices.Index(tail, 0)
		if silent < 70 || silent > 81 || slices.Max(tail[silent:]) != 0 {
			t.Fatalf("blocks of %d: silent after %d frames, want about 80", size, silent)
		}
		if !closed(s.Done()) || s.Played() > int64(size+82) {
			t.Fatalf("blocks of %d: done %v, played %d", size, closed(s.Done()), s.Played())
		}
	}
}

func TestStopBeforeTheFirstSample(t *testing.T) {
	m := newMixer(t, time.Second)
	clip := must(m.Clip(Voice, Clip{rate, level(20000, 4000)}))(t)
	stream := must(m.Stream(Voice, rate))(t)
	m.StopAll()
	if out := mix(m, 10); slices.Max(out) != 0 || !closed(clip.Done()) || !closed(stream.Done()) {
		t.Fatal("what was stopped in time sounds")
	}
	if err := stream.Write(context.Background(), ramp(1)); !errors.Is(err, ErrStopped) {
		t.Fatalf("writing to a stopped stream: %v", err)
	}
}

func TestAlarmRepeatsUntilItsEnd(t *testing.T) {
	m := newMixer(t, 0)
	for _, stopped := range []bool{false, true} {
		s := must(m.Loop(Alarm, Clip{rate, ramp(300)}, time.Second))(t)
		out := mix(m, 8000)
		for i, v := range out {
			if v != int16(i%300+1) {
				t.Fatalf("frame %d is %d", i, v)
			}
		}
		if stopped {
			s.Stop()
			mix(m, 160)
		} else {
			mix(m, 8000+chunk+160)
		}
		if !closed(s.Done()) || s.Played() > 16000+chunk+81 {
			t.Fatalf("stopped %v: it goes on after %d", stopped, s.Played())
		}
	}
	if _, err := m.Loop(Alarm, Clip{rate, ramp(300)}, 0); err == nil {
		t.Fatal("an alarm without an end was taken")
	}
}

func TestTooManySounds(t *testing.T) {
	m := newMixer(t, 0)
	for range maxSounds {
		must(m.Play(ToneVolume))(t)
	}
	if s, err := m.Play(ToneVolume); !errors.Is(err, ErrBusy) || s != nil {
		t.Fatalf("one more: %v", err)
	}
	if s, err := m.Stream(Voice, rate); !errors.Is(err, ErrBusy) || s != nil {
		t.Fatalf("one more stream: %v", err)
	}
	mix(m, rate)
	must(m.Play(ToneVolume))(t)
}

func TestBadSounds(t *testing.T) {
	m := newMixer(t, 0)
	if _, err := m.Clip(Voice, Clip{rate, nil}); err == nil {
		t.Error("an empty clip was taken")
	}
	if _, err := m.Clip(Voice, Clip{1, ramp(5)}); err == nil {
		t.Error("a clip of 1 Hz was taken")
	}
	if _, err := m.Stream(Voice, 16001); err == nil {
		t.Error("a stream of 16001 Hz was taken")
	}
	if _, err := New(Config{}); err == nil {
		t.Error("a mixer of 0 Hz was made")
	}
	m.Mix(audio.Block{}) // a device without a speaker
}

func TestStreamPlaysWhatIsWritten(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newMixer(t, 0)
		s := must(m.Stream(Voice, rate))(t)
		want := ramp(rapid.IntRange(0, 3000).Draw(rt, "length"))
		rest := want
		var out []int16
		for len(rest) > 0 {
			n := min(len(rest), rapid.IntRange(0, 1000).Draw(rt, "piece"))
			if err := s.Write(context.Background(), rest[:n]); err != nil {
				rt.Fatal(err)
			}
			rest = rest[n:]
			out = append(out, mix(m, rapid.IntRange(0, 1000).Draw(rt, "block"))...)
		}
		s.Finish()
		out = append(out, mix(m, 4000)...)
		// Silence may lie between the pieces, but nothing else, and nothing is lost.
		out = slices.DeleteFunc(out, func(v int16) bool { return v == 0 })
		if !slices.Equal(out, want) || s.Played() != int64(len(want)) || !closed(s.Done()) {
			rt.Fatalf("played %d of %d, done %v", len(out), len(want), closed(s.Done()))
		}
	})
}

func TestStreamCountsUnderruns(t *testing.T) {
	m := newMixer(t, 0)
	s := must(m.Stream(Voice, rate))(t)
	ctx := context.Background()
	const head = rate * 40 / 1000
	if err := s.Write(ctx, level(5, head-1)); err != nil {
		t.Fatal(err)
	}
	if out := mix(m, 100); slices.Max(out) != 0 || closed(s.Started()) || m.Sounding() {
		t.Fatal("it started too early")
	}
	if err := s.Write(ctx, level(5, 1)); err != nil {
		t.Fatal(err)
	}
	mix(m, head+10)
	if err := s.Write(ctx, level(6, head-1)); err != nil {
		t.Fatal(err)
	}
	if out := mix(m, 100); slices.Max(out) != 0 || s.Underruns() != 1 || m.Stats().Underruns != 1 || !m.Sounding() {
		t.Fatalf("after an underrun: %d counted, sounding %v", s.Underruns(), m.Sounding())
	}
	s.Finish() // the rest is short, but it is all
	if out := mix(m, 1000); out[0] != 6 || s.Underruns() != 1 || !closed(s.Done()) || s.Played() != 2*head-1 {
		t.Fatalf("played %d, %d underruns", s.Played(), s.Underruns())
	}
}

func TestWriteWaitsForRoom(t *testing.T) {
	m := newMixer(t, 0)
	s := must(m.Stream(Voice, rate))(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Write(ctx, ramp(6*rate)); !errors.Is(err, context.Canceled) {
		t.Fatalf("six seconds at once: %v", err)
	}
	written := make(chan error, 1)
	go func() { written <- s.Write(context.Background(), ramp(6*rate)) }()
	for waiting := true; waiting; {
		select {
		case err := <-written:
			if err != nil {
				t.Fatal(err)
			}
			waiting = false
		default:
			mix(m, 160)
		}
	}
	go func() { written <- s.Write(context.Background(), ramp(20*rate)) }()
	s.Stop()
	if err := <-written; !errors.Is(err, ErrStopped) {
		t.Fatalf("writing while it is stopped: %v", err)
	}
}

func TestStreamOfAnotherRate(t *testing.T) {
	m, err := New(Config{Rate: 48000})
	if err != nil {
		t.Fatal(err)
	}
	s := must(m.Stream(Voice, 22050))(t)
	if err := s.Write(context.Background(), level(10000, 22050)); err != nil {
		t.Fatal(err)
	}
	s.Finish()
	out := mix(m, 47990)
	if closed(s.Done()) || out[24000] != 10000 {
		t.Fatalf("one second ended early, or is %d in its middle", out[24000])
	}
	mix(m, 2*chunk)
	if !closed(s.Done()) || s.Played() != 22050 {
		t.Fatalf("done %v, played %d of 22050", closed(s.Done()), s.Played())
	}
}

func TestTonesAreClean(t *testing.T) {
	for _, r := range []audio.SampleRate{8000, 16000, 44100, 48000} {
		for tone := range tones {
			c := tone.Clip(r)
			peak := max(slices.Max(c.Samples), -slices.Min(c.Samples))
			if peak < 4000 || peak > 24000 {
				t.Errorf("tone %d at %d Hz: peak %d", tone, r, peak)
			}
			last := c.Samples[len(c.Samples)-1]
			if c.Samples[0] != 0 || last > 40 || last < -40 {
				t.Errorf("tone %d at %d Hz: it clicks, from %d to %d", tone, r, c.Samples[0], last)
			}
			if d := c.Duration(); tone != ToneAlarm && d > 450*time.Millisecond {
				t.Errorf("tone %d lasts %v", tone, d)
			}
		}
	}
}

func TestMixAllocatesNothing(t *testing.T) {
	m := newMixer(t, 60*time.Millisecond)
	must(m.Ring(time.Hour))(t)
	s := must(m.Stream(Voice, 16000))(t)
	if err := s.Write(context.Background(), ramp(4*rate)); err != nil {
		t.Fatal(err)
	}
	out := audio.Block{Samples: make([]int16, 320), Channels: 2}
	if a := testing.AllocsPerRun(100, func() { m.Mix(out) }); a != 0 {
		t.Fatalf("%v allocations per block", a)
	}
}

// The time is that of 10 ms of an answer over an alarm.
func BenchmarkMix(b *testing.B) {
	m, err := New(Config{Rate: 48000})
	if err != nil {
		b.Fatal(err)
	}
	must(m.Ring(1000 * time.Hour))(b)
	must(m.Loop(Voice, Clip{48000, level(1000, 48000)}, 1000*time.Hour))(b)
	out := audio.Block{Samples: make([]int16, 960), Channels: 2}
	b.ReportAllocs()
	for b.Loop() {
		m.Mix(out)
	}
}

// What may be called from anywhere is, while the device runs.
func TestAnyGoroutineMayPlay(t *testing.T) {
	m := newMixer(t, time.Millisecond)
	var users sync.WaitGroup
	for k := range kinds {
		users.Go(func() {
			for i := range 200 {
				s, err := m.Stream(k, rate)
				if errors.Is(err, ErrBusy) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if err := s.Write(context.Background(), ramp(800)); err != nil {
					t.Error(err)
				}
				m.SetVolume(k, i%101)
				if i%2 == 0 {
					s.Finish()
				} else {
					s.Stop()
				}
				_, _ = m.Play(ToneVolume) // or it is busy
				_, _, _ = m.Sounding(), m.Stats(), s.Played()
				<-s.Done()
			}
		})
	}
	done := make(chan struct{})
	go func() { users.Wait(); close(done) }()
	for !closed(done) {
		mix(m, 160)
	}
	if m.StopAll(); m.Stats().Frames == 0 {
		t.Error("nothing was mixed")
	}
}
