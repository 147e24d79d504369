package trial

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vapd/audio"
	"vapd/audio/wav"
	"vapd/wakeword"
	"vapd/wakeword/pack"
	"vapd/wakeword/train/corpus"
)

// noise is quiet, with loud noise of a quarter of a second from each of the times in
// seconds on.
func noise(rate audio.SampleRate, seconds float64, loud ...float64) []int16 {
	random := rand.New(rand.NewPCG(1, 1))
	pcm := make([]int16, int(seconds*float64(rate)))
	for i := range pcm {
		level := 3
		for _, from := range loud {
			if at := float64(i) / float64(rate); at >= from && at < from+0.25 {
				level = 8000
			}
		}
		pcm[i] = int16(random.IntN(2*level+1) - level)
	}
	return pcm
}

func writeWAV(t *testing.T, path string, f audio.Format, pcm []int16) {
	t.Helper()
	var b bytes.Buffer
	if err := wav.Write(&b, f, pcm); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func newTrial(t *testing.T) *Trial {
	t.Helper()
	p, err := pack.Open("../testdata/loud.json")
	if err != nil {
		t.Fatal(err)
	}
	trial, err := New([]wakeword.Word{{Pack: p}})
	if err != nil {
		t.Fatal(err)
	}
	return trial
}

func TestRunJudgesEachRecordingByItself(t *testing.T) {
	trial := newTrial(t)
	for _, loud := range [][]float64{{0}, {0.5}, {1.75}, {0.2, 1.2}, nil} {
		events := trial.Run(noise(audio.WakeRate, 2, loud...))
		// The second noise is within two seconds after the first.
		want := min(1, len(loud))
		if len(events) != want {
			t.Errorf("noise at %v: got %+v, want %d events", loud, events, want)
			continue
		}
		if want == 1 {
			if at := seconds(events[0].At) - loud[0]; at < 0 || at > 0.25 {
				t.Errorf("noise at %v: detected %.2f s later", loud, at)
			}
		}
	}
	if trial.Speed() < 1 {
		t.Errorf("the speed is %v", trial.Speed())
	}
}

func TestReport(t *testing.T) {
	dir := t.TempDir()
	mono := audio.Format{Rate: audio.WakeRate, Channels: 1}
	for name, loud := range map[string][]float64{"hit.wav": {1}, "miss.wav": nil, "quiet.wav": nil, "false.wav": {1}, "other.wav": {1}} {
		writeWAV(t, filepath.Join(dir, name), mono, noise(audio.WakeRate, 36, loud...))
	}
	if err := os.WriteFile(filepath.Join(dir, "broken.wav"), []byte("RIFF"), 0o644); err != nil {
		t.Fatal(err)
	}
	labelFile := filepath.Join(dir, "labels.tsv")
	if err := os.WriteFile(labelFile, []byte("hit.wav\tAny_Loud noise\nmiss.wav\tloud\nquiet.wav\t\nfalse.wav\tjarvis\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	labels, err := corpus.ReadLabels(labelFile)
	if err != nil {
		t.Fatal(err)
	}
	files, err := corpus.Files([]string{dir})
	if err != nil || len(files) != 6 {
		t.Fatalf("recordings %v: %v", files, err)
	}
	var out strings.Builder
	if err := newTrial(t).Report(t.Context(), &out, files, labels); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"hit.wav\n      1.", "detected   Any loud noise   1.000 of 0.90", "broken.wav: wav: ",
		"5 recordings, 3m0s of sound; nothing was heard in 2; 1 can't be read\n", " times faster than the sound",
		"1 recordings have no label",
		// Two recordings of 36 s without the word are 0.02 hours.
		"\nloud  0.90    2     1       50.0 % (9.5 to 90.5)  0.02           1            50.00 (1.27 to 278.58)  ",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report has no %q:\n%s", want, out.String())
		}
	}
}
