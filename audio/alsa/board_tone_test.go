//go:build vapd_board

package alsa

import (
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"vapd/audio"
)

// ahead is how late an emulated board on a busy machine may be without a gap.
const ahead = time.Second

// recorder keeps what was captured from the first sound on.
type recorder struct {
	samples []int16
	full    chan struct{}
	sound   bool
	lead    int // samples of the beginning that are left out
}

func newRecorder(f audio.Format) *recorder {
	return &recorder{
		samples: make([]int16, 0, f.Channels*f.Rate.Frames(time.Second/2)),
		full:    make(chan struct{}),
		lead:    f.Channels * f.Rate.Frames(100*time.Millisecond),
	}
}

func (r *recorder) process(in, _ audio.Block) {
	r.sound = r.sound || slices.ContainsFunc(in.Samples, func(v int16) bool { return v != 0 })
	room := cap(r.samples) - len(r.samples)
	if !r.sound || room == 0 {
		return
	}
	n := min(r.lead, len(in.Samples))
	r.lead -= n
	rest := in.Samples[n:]
	if r.samples = append(r.samples, rest[:min(room, len(rest))]...); len(r.samples) == cap(r.samples) {
		close(r.full)
	}
}

func (r *recorder) wait(t *testing.T) []int16 {
	t.Helper()
	select {
	case <-r.full:
		return r.samples
	case <-time.After(patience):
		t.Fatalf("no half second of sound within %v", patience)
		return nil
	}
}

// tones plays on each channel a tone of its own, with an amplitude of a half.
type tones struct {
	table [][]int16 // a tenth of a second of each: whole periods
	frame int
}

func newTones(f audio.Format) *tones {
	g := &tones{table: make([][]int16, f.Channels)}
	for c := range g.table {
		g.table[c] = make([]int16, f.Rate/10)
		for i := range g.table[c] {
			sin, _ := wave(f.Rate, c, i)
			g.table[c][i] = int16(math.Round(math.MaxInt16 / 2 * sin))
		}
	}
	return g
}

func (g *tones) process(_, out audio.Block) {
	for i := range out.Frames() {
		for c, tone := range g.table {
			out.Samples[i*out.Channels+c] = tone[g.frame%len(tone)]
		}
		g.frame++
	}
}

// wave is the tone of channel c at frame i: multiples of 10 Hz, of which no two are
// harmonics of each other.
func wave(rate audio.SampleRate, c, i int) (sin, cos float64) {
	return math.Sincos(2 * math.Pi * (500 + 170*float64(c)) * float64(i) / float64(rate))
}

// wantTones checks that each channel has its own tone, as it was played, and nothing
// of another's, by the amplitude that the Fourier sum of each tone has there.
func wantTones(t *testing.T, samples []int16, f audio.Format) {
	t.Helper()
	n := len(samples) / f.Channels
	for tone := range f.Channels {
		sums := make([]complex128, f.Channels)
		for i := range n {
			sin, cos := wave(f.Rate, tone, i)
			window := 1 - math.Cos(2*math.Pi*(float64(i)+0.5)/float64(n)) // Hann's, of mean 1
			for c := range sums {
				v := float64(samples[i*f.Channels+c]) * window
				sums[c] += complex(v*cos, v*sin)
			}
		}
		for c, sum := range sums {
			got := 2 * math.Hypot(real(sum), imag(sum)) / float64(n) / math.MaxInt16
			switch {
			case tone == c && (got < 0.49 || got > 0.51):
				t.Errorf("channel %d: its tone has an amplitude of %.4f, want 0.5", c, got)
			case tone != c && got > 0.0005: // -60 dB
				t.Errorf("channel %d: the tone of channel %d has an amplitude of %.4f", c, tone, got)
			}
		}
	}
}

// TestBoardTonePerChannel: what is played on a channel is captured on that channel, in
// each encoding, with nothing lost.
func TestBoardTonePerChannel(t *testing.T) {
	for _, channels := range []int{1, 2, 4, 6, 8} {
		t.Run(strconv.Itoa(channels), func(t *testing.T) { toneTest(t, channels, S16, 16000) })
	}
	for _, e := range encodings[1:] {
		t.Run(e.String(), func(t *testing.T) { toneTest(t, 2, e, 48000) })
	}
}

func toneTest(t *testing.T, channels int, e Encoding, rate audio.SampleRate) {
	want := audio.Format{Rate: rate, Channels: channels}
	for attempt := 1; ; attempt++ {
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
		if err != nil || capture != want || playback != want {
			t.Fatalf("capture %v, playback %v, %v; want %v", capture, playback, err, want)
		}
		record := newRecorder(want)
		playing := run(t, speaker, newTones(want).process)
		recording := run(t, mic, record.process)
		samples := record.wait(t)
		recording.stop()
		playing.stop()
		heard, said := mic.Stats(), speaker.Stats()
		if late := heard.Overruns + said.Underruns; late > 0 && attempt < 5 {
			t.Logf("the machine was too slow for sound without a gap: once more")
			continue
		}
		wantTones(t, samples, want)
		if heard.Lost != 0 || heard.Overruns != 0 || heard.Captured < int64(rate)/2 || heard.Opens != 1 {
			t.Errorf("microphone %+v", heard)
		}
		if said.Underruns != 0 || said.Dropped != 0 || said.Played < int64(rate)/2 {
			t.Errorf("speaker %+v", said)
		}
		return
	}
}

// TestBoardDuplex: one device with both directions answers each block that it captures
// with one that is played; the other end hears it.
func TestBoardDuplex(t *testing.T) {
	for attempt := 1; ; attempt++ {
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
		record, play := newRecorder(format), newTones(format)
		var uneven bool
		running := run(t, here, func(in, out audio.Block) {
			uneven = uneven || in.Frames() != out.Frames() || in.Frames() == 0
			record.process(in, out)
			play.process(in, out)
		})
		samples := record.wait(t)
		running.stop()
		echoing.stop()
		a, b := here.Stats(), there.Stats()
		if late := a.Overruns + a.Underruns + b.Overruns + b.Underruns; late > 0 && attempt < 5 {
			t.Logf("the machine was too slow for sound without a gap: once more")
			continue
		}
		wantTones(t, samples, format)
		if uneven {
			t.Error("a block was not answered by one of its length")
		}
		return
	}
}
