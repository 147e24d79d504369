package meter

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vapd/audio"
)

// sine is n frames in which channel c has the amplitude peaks[c].
func sine(n int, peaks ...float64) []int16 {
	s := make([]int16, 0, n*len(peaks))
	for i := range n {
		for _, p := range peaks {
			v := math.Round(p * 32768 * math.Sin(2*math.Pi*float64(i)/40))
			s = append(s, int16(max(min(v, 32767), -32768)))
		}
	}
	return s
}

func TestLevels(t *testing.T) {
	l := New(4)
	l.Add(sine(1600, 0, 0.001, 0.1, 2))
	levels := l.Take(nil)
	for i, want := range []struct {
		peak, rms float64
		clipped   bool
		verdict   Verdict
	}{
		{Floor, Floor, false, NoSignal},
		{-60, -63, false, Quiet},
		{-20, -23, false, Good},
		{0, -1.1, true, Clipping},
	} {
		got := levels[i]
		if math.Abs(got.Peak-want.peak) > 0.3 || math.Abs(got.RMS-want.rms) > 0.3 ||
			got.Clipped > 0 != want.clipped || got.Judge() != want.verdict || got.Frames != 1600 {
			t.Errorf("channel %d: %+v (%s), want %+v", i, got, got.Judge(), want)
		}
	}
	l.Add(sine(160, 0.1, 0.1, 0.1, 0.1))
	if again := l.Take(nil)[3]; again.Clipped != 0 || again.Frames != 160 || math.Abs(again.Peak+20) > 0.3 {
		t.Errorf("Take did not begin anew: %+v", again)
	}
}

func TestOneSampleAtFullScaleIsNoClipping(t *testing.T) {
	l := New(1)
	l.Add([]int16{0, math.MaxInt16, 0, math.MinInt16, 0})
	if got := l.Take(nil)[0]; got.Clipped != 0 || got.Judge() != Good {
		t.Errorf("%+v", got)
	}
	l.Add([]int16{math.MinInt16})
	l.Add([]int16{math.MinInt16}) // the cut lies between two blocks
	if got := l.Take(nil)[0]; got.Clipped != 1 {
		t.Errorf("%+v", got)
	}
}

func TestMeasuringAllocatesNothing(t *testing.T) {
	l, s, out := New(2), sine(160, 0.1, 0.2), make([]Level, 0, 2)
	if a := testing.AllocsPerRun(100, func() { l.Add(s); out = l.Take(out[:0]) }); a != 0 {
		t.Fatalf("%v allocations", a)
	}
}

// shown is what a Meter makes of a stereo recording.
func shown(t *testing.T, terminal bool, out interface {
	Write([]byte) (int, error)
}, pieces ...[]int16,
) error {
	t.Helper()
	f := audio.Format{Rate: 16000, Channels: 2}
	ring := audio.NewRing(f, 10*16000)
	reader := ring.NewReader()
	defer reader.Close()
	var err error
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		bell := make(chan struct{}, 1)
		bell <- struct{}{}
		for _, p := range pieces {
			ring.Write(p)
		}
		m := &Meter{Source: source{reader, bell}, Format: f, Out: out, Terminal: terminal}
		err = m.Run(ctx)
	})
	return err
}

// source is a reader whose bell belongs to the test.
type source struct {
	*audio.Reader
	bell chan struct{}
}

func (s source) Ready() <-chan struct{} { return s.bell }

func TestMeterSaysWhatIsWrong(t *testing.T) {
	var out strings.Builder
	if err := shown(t, false, &out, sine(16000, 0, 0.001), sine(16000, 0.2, 2), sine(48000, 0, 0.1), sine(16000, 0, 0.1)); err != nil {
		t.Fatal(err)
	}
	var verdicts []string
	for line := range strings.Lines(out.String()) {
		_, after, _ := strings.Cut(strings.TrimSpace(line), "peak ")
		_, verdict, _ := strings.Cut(after, "dB  ")
		verdicts = append(verdicts, verdict)
	}
	want := []string{
		"no signal", "too quiet",
		"good", "clipping",
		"good", "clipping", "good", "clipping", "good", "clipping", // remembered
		"no signal", "good",
	}
	if !slices.Equal(verdicts, want) {
		t.Fatalf("got %q, want %q in\n%s", verdicts, want, out.String())
	}
	if first, _, _ := strings.Cut(out.String(), "\n"); !strings.Contains(first, "·····") || strings.Contains(first, "█") {
		t.Errorf("silence is drawn as %q", first)
	}
}

func TestTerminalIsDrawnInPlace(t *testing.T) {
	var out strings.Builder
	if err := shown(t, true, &out, sine(16000, 0.1, 0.1)); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(out.String(), "\x1b[2A\x1b[J"); got != 9 {
		t.Fatalf("drawn over %d times in a second, want 9:\n%q", got, out.String())
	}
}

type fullDisk struct{}

var errFull = errors.New("disk full")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestMeterEndsWithItsOutput(t *testing.T) {
	if err := shown(t, false, fullDisk{}, sine(16000, 0.1, 0.1)); !errors.Is(err, errFull) {
		t.Fatalf("got %v", err)
	}
}
