package resample

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"vapd/audio"
)

var rates = []audio.SampleRate{8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 192000}

// tone is n frames of a sine of the given peak, on every channel with another sign.
func tone(rate audio.SampleRate, hz, peak float64, frames, channels int) []int16 {
	s := make([]int16, frames*channels)
	for i := range frames {
		v := math.Round(peak * math.Sin(2*math.Pi*hz*float64(i)/float64(rate)))
		for c := range channels {
			s[i*channels+c] = int16(v * float64(1-2*(c%2)))
		}
	}
	return s
}

func dB(ratio float64) float64 { return 20 * math.Log10(ratio) }

func rms(s []float64) float64 {
	var sum float64
	for _, v := range s {
		sum += v * v
	}
	return math.Sqrt(sum / float64(len(s)))
}

// against is how far s is from the sine that was put in: level in dB of the error
// below the tone. Time and phase have to fit too, as nothing is fitted.
func against(s []int16, rate audio.SampleRate, hz, peak float64) float64 {
	skip := len(s) / 10 // the filter's rise from silence
	diff := make([]float64, 0, len(s))
	for i := skip; i < len(s)-skip; i++ {
		diff = append(diff, float64(s[i])-peak*math.Sin(2*math.Pi*hz*float64(i)/float64(rate)))
	}
	return dB(peak / math.Sqrt2 / rms(diff))
}

func TestToneComesOutAsItWentIn(t *testing.T) {
	for _, from := range rates {
		for _, to := range rates {
			t.Run(fmt.Sprintf("%d to %d", from, to), func(t *testing.T) {
				for _, part := range []float64{0.05, 0.5, 0.85} { // of the lower Nyquist frequency
					hz := part * float64(min(from, to)) / 2
					frames := int(from) / 5
					out, err := Convert(from, to, 1, tone(from, hz, 30000, frames, 1))
					if err != nil {
						t.Fatal(err)
					}
					if want := int((int64(frames)*int64(to) + int64(from) - 1) / int64(from)); len(out) != want {
						t.Fatalf("%d frames became %d, want %d", frames, len(out), want)
					}
					if snr := against(out, to, hz, 30000); snr < 80 {
						t.Errorf("%.0f Hz: signal to noise %.1f dB, want 80", hz, snr)
					}
				}
			})
		}
	}
}

func TestNothingFoldsBack(t *testing.T) {
	for _, c := range []struct{ from, to audio.SampleRate }{
		{48000, 16000}, {44100, 16000}, {192000, 16000}, {16000, 8000}, {22050, 16000}, {48000, 44100}, {192000, 11025},
	} {
		for _, part := range []float64{1.01, 1.3, 1.9} {
			hz := part * float64(c.to) / 2
			if hz > float64(c.from)/2 {
				continue
			}
			out, err := Convert(c.from, c.to, 1, tone(c.from, hz, 30000, int(c.from)/5, 1))
			if err != nil {
				t.Fatal(err)
			}
			var rest []float64
			for _, s := range out[len(out)/10 : len(out)-len(out)/10] {
				rest = append(rest, float64(s))
			}
			// Rounding to 16 bits hides what is below half a step: -84 dB here.
			if down := dB(30000 / math.Sqrt2 / max(rms(rest), 1)); down < 80 {
				t.Errorf("%d to %d Hz: %.0f Hz is only %.1f dB down", c.from, c.to, hz, down)
			}
		}
	}
}

func TestFullScaleSaturates(t *testing.T) {
	square := make([]int16, 1600)
	for i := range square {
		square[i] = math.MaxInt16
		if i/40%2 == 1 {
			square[i] = math.MinInt16
		}
	}
	out, err := Convert(16000, 48000, 1, square)
	if err != nil {
		t.Fatal(err)
	}
	for i := 300; i < len(out)-300; i++ { // an overflow would flip the sign in mid-plateau
		if at := i % 120; at > 10 && at < 110 && (out[i] > 0) != (i/120%2 == 0) {
			t.Fatalf("sample %d is %d", i, out[i])
		}
	}
	if slices.Max(out) != math.MaxInt16 || slices.Min(out) != math.MinInt16 {
		t.Fatalf("the overshoot of a square wave should clip: %d to %d", slices.Min(out), slices.Max(out))
	}
}

func TestChannelsStayApart(t *testing.T) {
	mono := tone(48000, 440, 20000, 4800, 1)
	six := make([]int16, 6*len(mono))
	for i, s := range mono {
		six[6*i+4] = s
	}
	want, err := Convert(48000, 16000, 1, mono)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Convert(48000, 16000, 6, six)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range got {
		if i%6 == 4 && s != want[i/6] || i%6 != 4 && s != 0 {
			t.Fatalf("frame %d channel %d is %d, want %d", i/6, i%6, s, want[i/6])
		}
	}
}

// However a stream is cut into pieces and whatever room there is, it comes out as if
// converted at once.
func TestPiecesMakeNoDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.SampledFrom([]audio.SampleRate{8000, 16000, 22050, 44100, 48000}).Draw(t, "from")
		to := rapid.SampledFrom([]audio.SampleRate{8000, 16000, 24000, 44100, 48000}).Draw(t, "to")
		channels := rapid.IntRange(1, 3).Draw(t, "channels")
		src := tone(from, 500, 20000, rapid.IntRange(0, 900).Draw(t, "frames"), channels)
		want, err := Convert(from, to, channels, src)
		if err != nil {
			t.Fatal(err)
		}
		r, err := New(from, to, channels)
		if err != nil {
			t.Fatal(err)
		}
		room := make([]int16, 300)
		for range 2 { // Reset makes it new
			var got []int16
			rest := src
			for {
				piece := rest[:min(len(rest), rapid.IntRange(0, 200).Draw(t, "piece"))]
				n, took := r.Process(room[:rapid.IntRange(0, len(room)).Draw(t, "room")], piece)
				if n%channels != 0 || took%channels != 0 {
					t.Fatalf("%d samples of %d: not whole frames of %d", n, took, channels)
				}
				got = append(got, room[:n]...)
				if rest = rest[took:]; len(rest) == 0 {
					break
				}
			}
			for {
				n := r.Flush(room[:rapid.IntRange(channels, len(room)).Draw(t, "room")])
				if n == 0 {
					break
				}
				got = append(got, room[:n]...)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%d frames in pieces became %d samples, %d at once, or others", len(src)/channels, len(got), len(want))
			}
			r.Reset()
		}
	})
}

func TestLatencyIsAsStated(t *testing.T) {
	r, err := New(48000, 16000, 1)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]int16, 1)
	if n, took := r.Process(out, make([]int16, 48000)); n != 1 || took < r.Latency()+1 {
		t.Fatalf("%d frames out after %d in", n, took)
	}
	r.Reset()
	if n, _ := r.Process(out, make([]int16, r.Latency())); n != 0 {
		t.Fatalf("a frame came before its time")
	}
	if n, _ := r.Process(out, make([]int16, 1)); n != 1 {
		t.Fatalf("no frame came after %d", r.Latency()+1)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		from, to audio.SampleRate
		channels int
		want     string
	}{
		{0, 16000, 1, "sample rate 0 Hz"},
		{16000, 1 << 30, 1, "sample rate"},
		{16000, 48000, 0, "0 channels"},
		{16001, 48000, 1, "not simple enough"},
	} {
		_, err := New(c.from, c.to, c.channels)
		if err == nil || !strings.HasPrefix(err.Error(), "resample: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v", c, err)
		}
	}
}

func TestProcessAllocatesNothing(t *testing.T) {
	r, err := New(16000, 48000, 2)
	if err != nil {
		t.Fatal(err)
	}
	src, dst := make([]int16, 320), make([]int16, 1000)
	if a := testing.AllocsPerRun(100, func() { r.Process(dst, src) }); a != 0 {
		t.Fatalf("%v allocations per block", a)
	}
}

// The time is that of one second of sound.
func BenchmarkResample(b *testing.B) {
	for _, c := range []struct{ from, to audio.SampleRate }{{48000, 16000}, {44100, 16000}, {16000, 48000}, {22050, 48000}} {
		b.Run(fmt.Sprintf("%d to %d", c.from, c.to), func(b *testing.B) {
			r, err := New(c.from, c.to, 1)
			if err != nil {
				b.Fatal(err)
			}
			src := tone(c.from, 440, 20000, int(c.from), 1)
			dst := make([]int16, int(c.to)+1)
			b.ReportAllocs()
			for b.Loop() {
				r.Process(dst, src)
			}
		})
	}
}
