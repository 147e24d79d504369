//go:build !vapd_nodl && linux

package opus

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"vapd/audio"
)

func open(t testing.TB) *Library {
	t.Helper()
	l, err := Open()
	if err != nil {
		t.Fatalf("%v (apt-get install libopus0)", err)
	}
	return l
}

func newPair(t testing.TB, cfg EncoderConfig) (*Encoder, *Decoder) {
	t.Helper()
	l := open(t)
	e, err := l.NewEncoder(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	d, err := l.NewDecoder(e.rate)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return e, d
}

// speech is n samples that a codec for speech takes for it: a voice of 120 Hz with
// three formants, in syllables, with a hiss between.
func speech(rate audio.SampleRate, n int) []int16 {
	s := make([]int16, n)
	noise := rand.New(rand.NewPCG(1, 2))
	for i := range s {
		t := float64(i) / float64(rate)
		var v float64
		for k := 1.0; k <= 25; k++ {
			f := 120 * k
			level := 1/(1+math.Pow((f-600)/150, 2)) + 0.5/(1+math.Pow((f-1200)/200, 2)) + 0.3/(1+math.Pow((f-2500)/300, 2))
			v += level * math.Sin(2*math.Pi*f*t+k*k)
		}
		syllable := max(0, math.Sin(2*math.Pi*3*t))
		s[i] = int16(4000*syllable*v + 300*noise.NormFloat64())
	}
	return s
}

func tone(rate audio.SampleRate, n int) []int16 {
	s := make([]int16, n)
	for i := range s {
		s[i] = int16(10000 * math.Sin(2*math.Pi*440*float64(i)/float64(rate)))
	}
	return s
}

// likeness is the correlation of two signals, 1 for equal ones.
func likeness(a, b []int16) float64 {
	var ab, aa, bb float64
	for i := range min(len(a), len(b)) {
		x, y := float64(a[i]), float64(b[i])
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb+1)
}

func TestRoundTrip(t *testing.T) {
	for _, c := range []struct {
		name   string
		signal func(audio.SampleRate, int) []int16
		like   float64
	}{{"tone", tone, 0.95}, {"speech", speech, 0.9}} {
		for _, rate := range []audio.SampleRate{16000, 24000} {
			said := c.signal(rate, int(rate)*120/100)
			want := c.like
			if rate == 24000 {
				want -= 0.05 // its own resampler is a few samples late
			}
			for _, ms := range []int{20, 40, 60} {
				e, d := newPair(t, EncoderConfig{Rate: rate})
				heard, bytes := transmit(t, e, d, said, int(rate)*ms/1000)
				skip := int(rate) / 10
				if got := likeness(said[skip:], heard[skip+e.Lookahead():]); got < want {
					t.Errorf("%s, %d ms at %d Hz: likeness %.3f, want %.2f", c.name, ms, rate, got, want)
				}
				if kbps := float64(bytes) * 8 / 1.2 / 1000; kbps > 32 {
					t.Errorf("%s, %d ms at %d Hz: %.1f kbit/s, asked for 24", c.name, ms, rate, kbps)
				}
			}
		}
	}
}

// transmit encodes and decodes what is said, frame by frame.
func transmit(t *testing.T, e *Encoder, d *Decoder, said []int16, frame int) (heard []int16, bytes int) {
	t.Helper()
	for at := 0; at < len(said); at += frame {
		packet, err := e.Encode(said[at : at+frame])
		if err != nil {
			t.Fatal(err)
		}
		bytes += len(packet)
		samples, err := d.Decode(packet)
		if err != nil || len(samples) != frame {
			t.Fatalf("%d samples: %v", len(samples), err)
		}
		heard = append(heard, samples...)
	}
	return heard, bytes
}

// lossy sends speech through a link that loses every fifth packet, and is how much of
// the lost stretches comes out like them.
func lossy(t *testing.T, cfg EncoderConfig, repair func(d *Decoder, next []byte) ([]int16, error)) float64 {
	t.Helper()
	const frame = 320
	e, d := newPair(t, cfg)
	said := speech(16000, 120*frame)
	var want, got []int16
	var heard []int16
	var lost bool
	for at := 0; at < len(said); at += frame {
		packet, err := e.Encode(said[at : at+frame])
		if err != nil {
			t.Fatal(err)
		}
		if lost {
			samples, err := repair(d, packet)
			if err != nil || len(samples) != frame {
				t.Fatalf("%d samples for a lost packet: %v", len(samples), err)
			}
			heard = append(heard, samples...)
		}
		if lost = at/frame%5 == 4 && at+frame < len(said); lost {
			continue
		}
		samples, err := d.Decode(packet)
		if err != nil {
			t.Fatal(err)
		}
		heard = append(heard, samples...)
	}
	if len(heard) != len(said) {
		t.Fatalf("%d samples became %d", len(said), len(heard))
	}
	for at := 24 * frame; at+frame+e.Lookahead() < len(said); at += 5 * frame {
		want = append(want, said[at:at+frame]...)
		got = append(got, heard[at+e.Lookahead():at+frame+e.Lookahead()]...)
	}
	return likeness(want, got)
}

func TestLostPacketsAreRepaired(t *testing.T) {
	conceal := func(d *Decoder, _ []byte) ([]int16, error) { return d.Conceal(320) }
	repeat := func(d *Decoder, next []byte) ([]int16, error) { return d.DecodeLost(next, 320) }
	guessed := lossy(t, EncoderConfig{}, conceal)
	repeated := lossy(t, EncoderConfig{Loss: 20}, repeat)
	t.Logf("likeness: guessed %.2f, repeated %.2f", guessed, repeated)
	if guessed < 0.3 {
		t.Errorf("concealment is %.2f like what was lost", guessed)
	}
	if repeated < 0.75 || repeated < guessed {
		t.Errorf("what was repeated is %.2f like what was lost, a guess %.2f", repeated, guessed)
	}
}

func TestBadPackets(t *testing.T) {
	e, d := newPair(t, EncoderConfig{})
	for name, packet := range map[string][]byte{
		"nothing":         nil,
		"too long":        make([]byte, MaxPacket+1),
		"more than 120":   {0x7b, 0xff},      // code 3, 63 frames of 20 ms
		"no frame count":  {0x7b},            // code 3
		"frames overlap":  {0x7a, 0xfc, 1},   // code 2: the first frame is longer than the packet
		"odd two frames":  {0x79, 1, 2, 3},   // code 1: two frames of one and a half bytes
		"too much filler": {0x7b, 0x41, 250}, // code 3 with padding beyond the end
	} {
		if samples, err := d.Decode(packet); !errors.Is(err, ErrPacket) {
			t.Errorf("%s: got %d samples, %v", name, len(samples), err)
		}
		if _, err := d.DecodeLost(packet, 320); !errors.Is(err, ErrPacket) {
			t.Errorf("%s, as what follows a lost one: got %v", name, err)
		}
	}
	packet, err := e.Encode(tone(16000, 320))
	if err != nil {
		t.Fatal(err)
	}
	if samples, err := d.Decode(packet); err != nil || len(samples) != 320 {
		t.Fatalf("a good packet after bad ones: %d samples, %v", len(samples), err)
	}
}

func TestBadUse(t *testing.T) {
	l := open(t)
	for _, cfg := range []EncoderConfig{{Rate: 44100}, {Bitrate: 1}, {Loss: 101}} {
		if _, err := l.NewEncoder(cfg); err == nil || !strings.HasPrefix(err.Error(), "opus: ") {
			t.Errorf("%+v: got %v", cfg, err)
		}
	}
	if _, err := l.NewDecoder(44100); err == nil {
		t.Error("44100 Hz was taken")
	}
	e, d := newPair(t, EncoderConfig{})
	for _, n := range []int{0, 160, 321, 1920} {
		if _, err := e.Encode(make([]int16, n)); err == nil {
			t.Errorf("a frame of %d samples was encoded", n)
		}
		if _, err := d.Conceal(n); err == nil {
			t.Errorf("a frame of %d samples was concealed", n)
		}
	}
	e.Close()
	e.Close()
	d.Close()
	d.Close()
	if _, err := e.Encode(make([]int16, 320)); !errors.Is(err, errClosed) {
		t.Errorf("a closed encoder: %v", err)
	}
	if _, err := d.Decode([]byte{1}); !errors.Is(err, errClosed) {
		t.Errorf("a closed decoder: %v", err)
	}
	if _, err := d.Conceal(320); !errors.Is(err, errClosed) {
		t.Errorf("a closed decoder: %v", err)
	}
	if v := l.Version(); !strings.HasPrefix(v, "libopus") {
		t.Errorf("version %q", v)
	}
}

func FuzzDecode(f *testing.F) {
	e, d := newPair(f, EncoderConfig{})
	packet, err := e.Encode(tone(16000, 320))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append([]byte(nil), packet...))
	f.Add([]byte{0x7b, 0xff})
	f.Add([]byte{0x48, 0xff, 0x00, 0x12})
	f.Fuzz(func(t *testing.T, packet []byte) {
		samples, err := d.Decode(packet)
		if err != nil && !errors.Is(err, ErrPacket) || len(samples) > 1920 {
			t.Fatalf("%d samples, %v", len(samples), err)
		}
		if samples, err = d.DecodeLost(packet, 320); err != nil && !errors.Is(err, ErrPacket) || len(samples) > 1920 {
			t.Fatalf("%d samples of the packet before, %v", len(samples), err)
		}
		if _, err := d.Conceal(320); err != nil {
			t.Fatalf("the decoder is broken: %v", err)
		}
	})
}

// The time is that of 20 ms of speech, encoded and decoded.
func BenchmarkRoundTrip(b *testing.B) {
	e, d := newPair(b, EncoderConfig{})
	said := speech(16000, 16000)
	at := 0
	b.ReportAllocs()
	for b.Loop() {
		packet, err := e.Encode(said[at : at+320])
		if err != nil {
			b.Fatal(err)
		}
		if _, err := d.Decode(packet); err != nil {
			b.Fatal(err)
		}
		at = (at + 320) % len(said)
	}
}
