package wakeword

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vapd/audio"
	"vapd/audio/wav"
	"vapd/internal/sharedtest"
	"vapd/wakeword/pack"
)

// TestGolden listens to every recorded case for all nine words at once. What is heard
// must be what the plain rule makes of the reference runtime's outputs.
func TestGolden(t *testing.T) {
	dir := sharedtest.Path(t, "golden", "wake")
	packs, err := pack.Load(sharedtest.Path(t, "models"))
	if err != nil || len(packs) != 9 {
		t.Fatalf("%d packs: %v", len(packs), err)
	}
	var words []Word
	for _, p := range packs {
		words = append(words, Word{Pack: p})
	}
	cases, err := filepath.Glob(filepath.Join(dir, "*.wav"))
	if err != nil || len(cases) == 0 {
		t.Fatalf("no golden cases in %s: %v", dir, err)
	}
	detected := 0
	for _, path := range cases {
		d, err := New(words)
		if err != nil {
			t.Fatal(err)
		}
		pcm := readWAV(t, path)
		heard := make(map[string][]string)
		for _, e := range d.Process(start(), pcm[:len(pcm)/160*160], nil) {
			heard[e.Pack] = append(heard[e.Pack], fmt.Sprintf("%d %v %.6f", e.Kind, e.At, e.Score))
			if e.Kind == Detected {
				detected++
			}
		}
		outputs := readOutputs(t, strings.TrimSuffix(path, ".wav")+".json")
		for _, w := range d.words {
			micro := w.pack.Manifest.Micro
			want := plainRule(outputs[w.pack.ID], micro.SlidingWindowSize, int(w.samples/160), micro.ProbabilityCutoff)
			if got := heard[w.pack.ID]; !slices.Equal(got, want) {
				t.Errorf("%s, %s: got  %v\nwant %v", filepath.Base(path), w.pack.ID, got, want)
			}
		}
	}
	if detected < 10 {
		t.Errorf("only %d detections in all cases", detected)
	}
}

// In this recording 'okay nabu' is said from 3.1 s to 3.9 s, by its energy.
func TestSpanCoversTheWord(t *testing.T) {
	p, err := pack.Open(sharedtest.Path(t, "models", "okay_nabu.json"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := New([]Word{{Pack: p}})
	if err != nil {
		t.Fatal(err)
	}
	events := d.Process(start(), readWAV(t, sharedtest.Path(t, "golden", "wake", "okay_nabu.wav")), nil)
	if len(events) != 1 || events[0].Kind != Detected {
		t.Fatalf("got %+v, want one detection", events)
	}
	seconds := func(p audio.Pos) float64 { return audio.WakeRate.Duration(p.Frame).Seconds() }
	if from, to := seconds(events[0].Start), seconds(events[0].End); from > 3.1 || to < 3.9 || to > 4.2 {
		t.Errorf("the span is %v to %v s, want it to cover 3.1 to 3.9 and little after that", from, to)
	}
}

func readWAV(tb testing.TB, path string) []int16 {
	tb.Helper()
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	_, pcm, err := wav.Read(f)
	if err != nil {
		tb.Fatal(err)
	}
	return pcm
}

func readOutputs(tb testing.TB, path string) map[string][]uint8 {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	var golden struct {
		Probabilities map[string]struct {
			TFLM []uint8 `json:"tflm"`
		} `json:"probabilities"`
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		tb.Fatal(err)
	}
	outputs := make(map[string][]uint8)
	for model, p := range golden.Probabilities {
		outputs[model] = p.TFLM
	}
	return outputs
}
