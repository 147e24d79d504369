package trial

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vapd/audio"
	"vapd/wakeword"
	"vapd/wakeword/pack"
	"vapd/wakeword/train/corpus"
)

var mono = audio.Format{Rate: audio.WakeRate, Channels: 1}

// recordings writes these recordings, by their names with folders, and lists them.
func recordings(t *testing.T, all map[string][]int16) []corpus.Clip {
	t.Helper()
	dir := t.TempDir()
	for name, pcm := range all {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		writeWAV(t, path, mono, pcm)
	}
	clips, err := corpus.Folder(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range clips {
		clips[i].Word = clips[i].Set
	}
	return clips
}

func loudPack(t *testing.T) *pack.Pack {
	t.Helper()
	p, err := pack.Open("../testdata/loud.json")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// bench has five recordings of the word of any loud noise, two of which are silent; four
// of other words; and two minutes with three noises, the last two of which are one within
// two seconds.
func bench(t *testing.T) Bench {
	loud, quiet := noise(audio.WakeRate, 2, 1), noise(audio.WakeRate, 2)
	negatives := recordings(t, map[string][]int16{
		"a.wav": noise(audio.WakeRate, 60, 10), "b.wav": noise(audio.WakeRate, 30, 29.4), "c.wav": noise(audio.WakeRate, 30, 0.5),
	})
	for i := range negatives {
		negatives[i].Label = corpus.Label{Set: "negative/speech"}
	}
	return Bench{
		Packs: []*pack.Pack{loudPack(t)},
		Set: corpus.Set{
			Positives: recordings(t, map[string][]int16{
				"any loud noise/1.wav": loud, "any loud noise/2.wav": loud, "any loud noise/3.wav": loud,
				"Any_Loud-Noise/4.wav": quiet, "any loud noise/5.wav": quiet,
				"jarvis/1.wav": loud, "jarvis/2.wav": quiet, "jarvis/3.wav": quiet, "alexa/1.wav": quiet,
				"not any loud noise/1.wav": loud,
			}),
			Negatives: negatives,
		},
	}
}

func TestBench(t *testing.T) {
	b := bench(t)
	var progress float64
	b.Progress = func(done float64) { progress = done }
	results, err := b.Run(t.Context())
	if err != nil || len(results) != 1 || len(results[0].Unread) > 0 {
		t.Fatalf("got %+v, %v", results, err)
	}
	r := results[0]
	if want := (Counts{Cutoff: 0.9, Said: 5, Missed: 2, Accepts: 2, Hours: 1.0 / 30}); math.Abs(r.Counts.Hours-want.Hours) > 1e-9 {
		t.Errorf("%v hours, want %v", r.Counts.Hours, want.Hours)
	} else if r.Counts.Hours = want.Hours; r.Counts != want {
		t.Errorf("got %+v, want %+v", r.Counts, want)
	}
	if want := []CrossFire{{"alexa", 1, 0}, {"jarvis", 3, 1}}; !slices.Equal(r.CrossFires, want) {
		t.Errorf("cross-fires %v, want %v", r.CrossFires, want)
	}
	if r.LeftOut != 1 || r.Load <= 0 || progress != 1 {
		t.Errorf("left out %d, load %v, progress %v", r.LeftOut, r.Load, progress)
	}
	for i, n := range r.Curve[1:] {
		if n.Missed < r.Curve[i].Missed {
			t.Errorf("at %v fewer are missed than at %v", n.Cutoff, r.Curve[i].Cutoff)
		}
	}

	var text, data strings.Builder
	if err := errors.Join(WriteResults(&text, results, true), WriteJSON(&data, results)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\nloud  0.90    5     2       40.0 % (11.8 to 76.9)  0.03           2            60.00 (7.27 to 216.74)  ",
		"\nloud  jarvis  3     1     33.3 % (6.1 to 79.2)\n", "\nloud: 1 recordings have the word beside others", "\n0.93 ",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the tables have no %q:\n%s", want, text.String())
		}
	}
	var decoded []struct {
		FalseRejects value       `json:"false_rejects"`
		PerHour      value       `json:"false_accepts_per_hour"`
		Missed       int         `json:"missed"`
		CrossFires   []CrossFire `json:"cross_fires"`
		Curve        []Counts    `json:"curve"`
	}
	if err := json.Unmarshal([]byte(data.String()), &decoded); err != nil {
		t.Fatal(err)
	}
	if d := decoded[0]; d.FalseRejects.Value != 0.4 || d.PerHour.Value < 59.9 || d.Missed != 2 || len(d.CrossFires) != 2 || !slices.Equal(d.Curve, r.Curve) {
		t.Errorf("the JSON is %s", data.String())
	}
}

// What a bench finds at the manifest's cutoff is what a detector hears.
func TestBenchAndTrialAgree(t *testing.T) {
	p := loudPack(t)
	trial, err := New([]wakeword.Word{{Pack: p}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewScores(p, Background{})
	if err != nil {
		t.Fatal(err)
	}
	missed := 0
	for level := 4.0; level < 9000; level *= 1.3 {
		pcm := noise(audio.WakeRate, 2, 0.9)
		for i := range pcm {
			pcm[i] = int16(float64(pcm[i]) * level / 8000)
		}
		if err := s.Said(recordings(t, map[string][]int16{"a.wav": pcm})[0]); err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(trial.Run(pcm), func(e wakeword.Event) bool { return e.Kind == wakeword.Detected }) {
			missed++
		}
	}
	if n, err := s.Counts(0); err != nil || n.Missed != missed || missed == 0 || missed == n.Said {
		t.Errorf("missed %d of %d, %v, want %d", n.Missed, n.Said, err, missed)
	}
}

func TestBenchLeavesOutWhatItCantRead(t *testing.T) {
	b := bench(t)
	for _, clips := range [][]corpus.Clip{b.Set.Positives, b.Set.Negatives} {
		if err := os.WriteFile(clips[0].Path, []byte("RIFF"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	results, err := b.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if r := results[0]; len(r.Unread) != 2 || r.Counts.Said != 4 || r.Counts.Hours > 0.02 || !strings.Contains(r.Unread[0].Error(), b.Set.Positives[0].Path) {
		t.Errorf("got %+v", r)
	}
}

// Recordings whose folders name no word are taken to say every pack's.
func TestBenchOfOneFolder(t *testing.T) {
	loud, quiet := noise(audio.WakeRate, 2, 1), noise(audio.WakeRate, 2)
	b := Bench{Packs: []*pack.Pack{loudPack(t)}, Set: corpus.Set{
		Positives: recordings(t, map[string][]int16{"mine/1.wav": loud, "mine/2.wav": quiet}),
	}}
	results, err := b.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := WriteResults(&text, results, false); err != nil {
		t.Fatal(err)
	}
	if n := results[0].Counts; n.Said != 2 || n.Missed != 1 || !strings.Contains(text.String(), "50.0 %") || strings.Contains(text.String(), "so many") {
		t.Errorf("got %+v:\n%s", n, text.String())
	}
}

func TestBenchRefuses(t *testing.T) {
	gate := loudPack(t)
	gate.Manifest.WakeWord = "vad"
	if _, err := NewScores(gate, Background{}); err == nil || !strings.Contains(err.Error(), "loud is a gate") {
		t.Errorf("the error is %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b := bench(t)
	if _, err := b.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// Noise behind a word is as loud as was asked for, the same each time, and nothing clips.
func TestBackground(t *testing.T) {
	loud := make([]int16, 8000)
	for i := range loud {
		loud[i] = int16(20000 * math.Sin(float64(i)/3))
	}
	b := Background{Noise: [][]int16{noise(audio.WakeRate, 3, 0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 2.75)}, SNR: 3, Seed: 1}
	mixed := b.behind(loud, "a")
	if !slices.Equal(mixed, b.behind(loud, "a")) || slices.Equal(mixed, b.behind(loud, "b")) {
		t.Error("the noise does not follow from the name")
	}
	if peak := max(slices.Max(mixed), -slices.Min(mixed)); peak < 32000 {
		t.Errorf("the peak is %d: it was not scaled just so far", peak)
	}
	var same, all, rest float64
	for i, v := range mixed {
		same += float64(v) * float64(loud[i])
		all += float64(loud[i]) * float64(loud[i])
	}
	gain := same / all
	for i, v := range mixed {
		rest += math.Pow(float64(v)-gain*float64(loud[i]), 2)
	}
	if snr := 10 * math.Log10(gain*gain*all/rest); math.Abs(snr-3) > 0.7 {
		t.Errorf("the ratio is %.2f dB", snr)
	}
	if none := (Background{}).behind(loud, "a"); !slices.Equal(none, loud) {
		t.Error("without noise something was changed")
	}
}
