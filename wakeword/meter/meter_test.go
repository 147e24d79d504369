package meter

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"vapd/audio"
	"vapd/wakeword"
	"vapd/wakeword/pack"
)

// heard is what the meter writes about two seconds of quiet, half a second of noise
// and a second of quiet.
func heard(t *testing.T, terminal bool, out *strings.Builder) {
	t.Helper()
	p, err := pack.Open("../testdata/loud.json")
	if err != nil {
		t.Fatal(err)
	}
	d, err := wakeword.New([]wakeword.Word{{Pack: p}})
	if err != nil {
		t.Fatal(err)
	}
	ring := audio.NewRing(audio.Format{Rate: audio.WakeRate, Channels: 1}, 64000)
	reader := ring.NewReader()
	defer reader.Close()
	random := rand.New(rand.NewPCG(1, 1))
	pcm := make([]int16, 56000)
	for i := range pcm {
		level := 3
		if i >= 32000 && i < 40000 {
			level = 8000
		}
		pcm[i] = int16(random.IntN(2*level+1) - level)
	}
	ring.Write(pcm)
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // what is there is heard still
	m := &Meter{Detector: d, Source: reader, Out: out, Terminal: terminal}
	if err := m.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestLines(t *testing.T) {
	var out strings.Builder
	heard(t, false, &out)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if strings.Contains(out.String(), "\x1b") || len(lines) != 9 { // four times two, and the event
		t.Fatalf("wrote\n%s", out.String())
	}
	if !strings.Contains(lines[4], "Any loud noise detected, score 1.000 of 0.90") {
		t.Errorf("line 5 is %q, want the detection", lines[4])
	}
	if !strings.Contains(lines[6], "peak 1.00, cutoff 0.90") || !strings.Contains(lines[8], "peak 0.00") {
		t.Errorf("wrote\n%s", out.String())
	}
}

func TestTerminalDrawsInPlace(t *testing.T) {
	var out strings.Builder
	heard(t, true, &out)
	drawn, erased := strings.Count(out.String(), "microphone"), strings.Count(out.String(), "\x1b[2A\x1b[J")
	if drawn != 35 || erased != 34 {
		t.Errorf("drawn %d times and erased %d times, want 35 and 34", drawn, erased)
	}
}

func TestBar(t *testing.T) {
	for _, c := range []struct {
		score, peak, cutoff float64
		want                string
	}{
		{0, 0, 0.5, "················│···············"},
		{1, 1, 0.97, "███████████████████████████████│"},
		{0.25, 0.5, 1, "████████········▏··············│"},
		{0.5, 0.5, 0.25, "████████│███████················"},
	} {
		if got := bar(c.score, c.peak, c.cutoff); got != c.want {
			t.Errorf("bar(%v, %v, %v) is\n%s, want\n%s", c.score, c.peak, c.cutoff, got, c.want)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestRunEndsWhenNobodyReads(t *testing.T) {
	ring := audio.NewRing(audio.Format{Rate: audio.WakeRate, Channels: 1}, 64000)
	reader := ring.NewReader()
	defer reader.Close()
	ring.Write(make([]int16, 32000))
	d, err := wakeword.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	m := &Meter{Detector: d, Source: reader, Out: full{}}
	if err := m.Run(t.Context()); err == nil || err.Error() != "full" {
		t.Fatalf("the error is %v, want full", err)
	}
}
