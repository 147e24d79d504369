//go:build vapd_board

// Tests on the sound drivers of the emulated board, which scripts/board/init loads:
// Loopback and others with the ids of real cards, where what is played to device 0 is
// captured from device 1 and the other way round; Slave, whose clock is what is played
// to Loopback's subdevice 7; and Dummy.

package alsa

import (
	"context"
	"errors"
	"math"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vapd/audio"
)

// patience is how long anything may take on an emulated board.
const patience = 10 * time.Second

// ahead is how late an emulated board on a busy machine may be without a gap.
const ahead = time.Second

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

// recorder keeps what was captured after the first skip frames, up to its size.
type recorder struct {
	mu      sync.Mutex
	skip    int
	samples []int16
	full    chan struct{}
}

func newRecorder(f audio.Format, skip, length time.Duration) *recorder {
	return &recorder{
		skip:    f.Channels * f.Rate.Frames(skip),
		samples: make([]int16, 0, f.Channels*f.Rate.Frames(length)),
		full:    make(chan struct{}),
	}
}

func (r *recorder) process(in, _ audio.Block) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := in.Samples
	n := min(r.skip, len(s))
	r.skip -= n
	s = s[n:]
	room := cap(r.samples) - len(r.samples)
	if room == 0 {
		return
	}
	if r.samples = append(r.samples, s[:min(room, len(s))]...); len(r.samples) == cap(r.samples) {
		close(r.full)
	}
}

func (r *recorder) wait(t *testing.T) []int16 {
	t.Helper()
	select {
	case <-r.full:
		return r.samples
	case <-time.After(patience):
		t.Fatalf("%d of %d samples within %v", len(r.samples), cap(r.samples), patience)
		return nil
	}
}

// tones plays on each channel a tone of its own, with an amplitude of a half.
type tones struct {
	rate  audio.SampleRate
	frame int
}

func (g *tones) process(_, out audio.Block) {
	for i := range out.Frames() {
		for c := range out.Channels {
			phase := 2 * math.Pi * tone(c) * float64(g.frame) / float64(g.rate)
			out.Samples[i*out.Channels+c] = int16(math.Round(math.MaxInt16 / 2 * math.Sin(phase)))
		}
		g.frame++
	}
}

// tone is the frequency of channel c: no two are harmonics of each other.
func tone(c int) float64 { return 500 + 170*float64(c) }

// amplitude of the tone of hertz in one channel of samples, 0 to 1 (Goertzel's sum).
func amplitude(samples []int16, channels, channel int, rate audio.SampleRate, hertz float64) float64 {
	var re, im float64
	n := len(samples) / channels
	for i := range n {
		phase := 2 * math.Pi * hertz * float64(i) / float64(rate)
		window := 1 - math.Cos(2*math.Pi*(float64(i)+0.5)/float64(n)) // Hann's, of mean 1
		v := float64(samples[i*channels+channel]) * window
		re, im = re+v*math.Cos(phase), im+v*math.Sin(phase)
	}
	return 2 * math.Hypot(re, im) / float64(n) / math.MaxInt16
}

// wantTones checks that each channel has its own tone, as it was played, and nothing
// of another's.
func wantTones(t *testing.T, samples []int16, f audio.Format) {
	t.Helper()
	for c := range f.Channels {
		for other := range f.Channels {
			got := amplitude(samples, f.Channels, c, f.Rate, tone(other))
			switch {
			case other == c && (got < 0.49 || got > 0.51):
				t.Errorf("channel %d: its tone has an amplitude of %.4f, want 0.5", c, got)
			case other != c && got > 0.0005: // -60 dB
				t.Errorf("channel %d: the tone of channel %d has an amplitude of %.4f", c, other, got)
			}
		}
	}
}

// TestBoardTonePerChannel: what is played on a channel is captured on that channel,
// in each encoding, with nothing lost.
func TestBoardTonePerChannel(t *testing.T) {
	for _, channels := range []int{1, 2, 4, 6, 8} {
		t.Run(strconv.Itoa(channels), func(t *testing.T) { toneTest(t, channels, S16, 16000) })
	}
	for _, e := range encodings[1:] {
		t.Run(e.String(), func(t *testing.T) { toneTest(t, 2, e, 48000) })
	}
}

func toneTest(t *testing.T, channels int, e Encoding, rate audio.SampleRate) {
	speaker := open(t, Config{
		Ahead:    ahead,
		Playback: &Stream{PCM: "hw:CARD=Loopback,DEV=0,SUBDEV=0", Channels: channels, Rate: rate},
	})
	mic := open(t, Config{
		Late:    ahead,
		Capture: &Stream{PCM: "hw:CARD=Loopback,DEV=1,SUBDEV=0", Channels: channels, Rate: rate},
	})
	speaker.encodings, mic.encodings = []Encoding{e}, []Encoding{e}
	_, playback, err := speaker.Formats()
	if err != nil {
		t.Fatal(err)
	}
	capture, _, err := mic.Formats()
	want := audio.Format{Rate: rate, Channels: channels}
	if err != nil || capture != want || playback != want {
		t.Fatalf("capture %v, playback %v, %v; want %v", capture, playback, err, want)
	}
	record := newRecorder(capture, ahead+ahead/2, time.Second/2)
	playing := run(t, speaker, (&tones{rate: rate}).process)
	recording := run(t, mic, record.process)
	samples := record.wait(t)
	recording.stop()
	playing.stop()
	wantTones(t, samples, capture)
	if s := mic.Stats(); s.Lost != 0 || s.Overruns != 0 || s.Captured < 3*int64(rate)/2 || s.Opens != 1 {
		t.Errorf("microphone %+v", s)
	}
	if s := speaker.Stats(); s.Underruns != 0 || s.Dropped != 0 || s.Played < s.Captured {
		t.Errorf("speaker %+v", s)
	}
}

// TestBoardDuplex: one device with both directions answers each block that it captures
// with one that is played; the other end hears it.
func TestBoardDuplex(t *testing.T) {
	both := func(pcm string) *Device {
		return open(t, Config{
			Ahead: ahead, Late: ahead,
			Capture:  &Stream{PCM: pcm, Channels: 2, Rate: 16000},
			Playback: &Stream{PCM: pcm, Channels: 2, Rate: 16000},
		})
	}
	here, there := both("hw:seeed2micvoicec,0,0"), both("hw:seeed2micvoicec,1,0")
	format, _, err := here.Formats()
	if err != nil {
		t.Fatal(err)
	}
	echoing := run(t, there, func(in, out audio.Block) { copy(out.Samples, in.Samples) })
	record := newRecorder(format, 2*ahead+ahead/2, time.Second/2)
	play := &tones{rate: format.Rate}
	var uneven bool
	running := run(t, here, func(in, out audio.Block) {
		uneven = uneven || in.Frames() != out.Frames() || in.Frames() == 0
		record.process(in, out)
		play.process(in, out)
	})
	samples := record.wait(t)
	running.stop()
	echoing.stop()
	wantTones(t, samples, format)
	if uneven {
		t.Error("a block was not answered by one of its length")
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
