package crossval

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"vapd/audio"
	"vapd/audio/wav"
	"vapd/wakeword/train/corpus"
)

// clips are recordings of some seconds, those that are named loud with a loud noise at 1 s.
func clips(t *testing.T, word, set string, seconds int, names ...string) []corpus.Clip {
	t.Helper()
	dir := t.TempDir()
	var made []corpus.Clip
	for _, name := range names {
		pcm := make([]int16, seconds*int(audio.WakeRate))
		if strings.HasPrefix(name, "loud") {
			for i := range 4000 {
				pcm[16000+i] = int16(8000 * (i / 80 % 2)) // a square wave has many harmonics
			}
		}
		path := filepath.Join(dir, name+".wav")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(wav.Write(f, audio.Format{Rate: audio.WakeRate, Channels: 1}, pcm), f.Close()); err != nil {
			t.Fatal(err)
		}
		made = append(made, corpus.Clip{Path: path, Name: set + "/" + name, Label: corpus.Label{Word: word, Set: set}})
	}
	return made
}

// trainer counts what it is asked to train, and gives a model that wakes on loud noises.
type trainer struct {
	heard map[string][]corpus.Clip // by folder
	fail  error
	at    int // how many are made before fail
}

func (tr *trainer) train(_ context.Context, dir string, set corpus.Set) (string, error) {
	name := filepath.Base(filepath.Dir(dir))
	if tr.fail != nil && len(tr.heard) == tr.at {
		return "", tr.fail
	}
	if tr.heard == nil {
		tr.heard = make(map[string][]corpus.Clip)
	}
	if tr.heard[name] != nil {
		return "", fmt.Errorf("%s is trained again", name)
	}
	tr.heard[name] = slices.Concat(set.Positives, set.Others, set.Negatives, set.Noise)
	return "../testdata/loud.json", os.MkdirAll(filepath.Join(dir, "work"), 0o755)
}

func plan(t *testing.T, tr *trainer) *Plan {
	said := []string{"loud0", "loud1", "loud2", "loud3", "loud4", "loud5", "loud6", "loud7", "loud8", "silent"}
	speech := make([]string, 10)
	for i := range speech {
		speech[i] = fmt.Sprint("speech", i)
	}
	speech[4] = "loud speech"
	return &Plan{
		Word: "loud", Folds: 5, Seed: 1, Outer: []int{0, 1, 2, 3, 4}, Inner: 2, PerHour: 1, Dir: t.TempDir(), Train: tr.train,
		Set: corpus.Set{
			Positives: clips(t, "loud", "positive/loud", 2, said...),
			Others:    clips(t, "other", "positive/other", 2, "a", "b", "loud c", "d", "e"),
			Negatives: clips(t, "", "negative/speech", 3, speech...),
			Noise:     clips(t, "", "noise/hum", 2, "1", "2", "3", "4", "5"),
		},
		Save: func(path string, data []byte) error {
			return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, data, 0o600))
		},
	}
}

func TestRun(t *testing.T) {
	tr := &trainer{fail: errors.New("interrupted"), at: 4}
	p := plan(t, tr)
	if _, err := p.Measure(t.Context()); !errors.Is(err, ErrAbsent) {
		t.Errorf("measured before anything was trained: %v", err)
	}
	if err := p.Run(t.Context()); !errors.Is(err, tr.fail) {
		t.Fatal(err)
	}
	if _, err := p.Measure(t.Context()); !errors.Is(err, ErrAbsent) {
		t.Errorf("measured when half was trained: %v", err)
	}
	tr.fail = nil
	for range 2 { // the second time nothing is left to do
		if err := p.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	folds := p.Set.Folds(p.Folds, p.Seed)
	if len(tr.heard) != 10 {
		t.Errorf("%d models were trained, want one for each fold and for each pair of neighbours", len(tr.heard))
	}
	for name, heard := range tr.heard {
		for k := range folds {
			out := strings.Contains(name, fmt.Sprint("-", k))
			for _, c := range slices.Concat(folds[k].Positives, folds[k].Others, folds[k].Negatives, folds[k].Noise) {
				if slices.Contains(heard, c) == out {
					t.Errorf("%s: heard %s of fold %d: %v", name, c.Name, k, !out)
				}
			}
		}
		if _, err := os.Stat(filepath.Join(p.Dir, name, "training")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: what the training needed is left: %v", name, err)
		}
	}
	r, err := p.Measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if r.Clean.Said != 10 || r.Clean.Missed != 1 || r.Noisy.Said != 10 || r.Clean.Accepts != 1 || r.Clean.Hours < 29.0/3600 {
		t.Errorf("clean %+v, noisy %+v", r.Clean, r.Noisy)
	}
	if n := r.Curve.At(0.5); n.Said != 10 || n.Missed != 1 || r.NoisyCurve.At(0.5).Said != 10 {
		t.Errorf("the curve has %+v", n)
	}
	if len(r.CrossFires) != 1 || r.CrossFires[0].Said != 5 || r.CrossFires[0].Fired != 1 {
		t.Errorf("cross-fires %+v", r.CrossFires)
	}
	var out bytes.Buffer
	if err := errors.Join(r.Write(&out, true), r.WriteFigures(&out, 0.9)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"all   their own", "10.0 % (1.8 to 40.4)", "other  1 of 5",
		"figure default_frr_clean_percent 10 percent", "figure default_frr_percent 10 percent", "figure default_frr_10db_percent",
		"figure default_fa_per_hour 120 per_hour", "figure default_fa_per_hour_reached 120 per_hour", "second_look_frr_percent absent", "figure train_minutes",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("must say %q:\n%s", want, &out)
		}
	}
	for _, f := range r.Folds {
		// Where a partner has the loud speech, no cutoff is high enough.
		loud := slices.ContainsFunc(f.Frozen.Partners, func(k int) bool {
			return slices.ContainsFunc(folds[k].Negatives, func(c corpus.Clip) bool { return strings.Contains(c.Name, "loud") })
		})
		if f.Frozen.Reached == loud || f.Frozen.Counts.Said != 0 || f.Clean.Cutoff != f.Frozen.Cutoff {
			t.Errorf("fold %d: %+v, loud speech among its partners: %v", f.Number, f, loud)
		}
	}
}

func TestRunEnds(t *testing.T) {
	p := plan(t, new(trainer))
	if err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Measure(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(folder(p.Dir, 3), cutoffFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, run := range map[string]func() error{
		"run":     func() error { return p.Run(t.Context()) },
		"measure": func() error { _, err := p.Measure(t.Context()); return err },
	} {
		if err := run(); err == nil || errors.Is(err, ErrAbsent) || !strings.Contains(err.Error(), "cutoff") {
			t.Errorf("%s with a broken file: %v", name, err)
		}
	}
}

// A second look at everything the first model hears, by one that hears the same.
func TestSecondLook(t *testing.T) {
	p := plan(t, new(trainer))
	p.Inner = 0
	second := *p
	second.Dir, second.Train = t.TempDir(), new(trainer).train
	p.Second = second.Dir
	if err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r, err := p.Measure(t.Context()); err != nil || r.SecondFolds != 0 {
		t.Errorf("without the larger models: %+v, %v", r, err)
	}
	if err := second.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := p.Measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s := r.Second; r.SecondFolds != 5 || s.First.Said != 10 || s.First.Missed != 1 || s.Rejected != 0 || s.First.Accepts != 1 || s.Removed != 0 {
		t.Errorf("%d folds: %+v", r.SecondFolds, s)
	}
	for _, f := range r.Folds {
		if f.Frozen.Cutoff != 0.9 { // the pack's
			t.Errorf("fold %d: %+v", f.Number, f.Frozen)
		}
	}
	var out bytes.Buffer
	if err := errors.Join(r.Write(&out, false), r.WriteFigures(&out, 0.9)); err != nil || !strings.Contains(out.String(), "figure second_look_frr_percent 0 percent") {
		t.Errorf("%v:\n%s", err, &out)
	}
}

func TestPartners(t *testing.T) {
	for _, c := range []struct {
		outer []int
		inner int
		want  [][]int // of each of outer
	}{
		{[]int{0, 1}, 2, [][]int{{1}, {0}}},
		{[]int{0, 1, 2, 3, 4}, 2, [][]int{{1, 4}, {2, 0}, {3, 1}, {4, 2}, {0, 3}}},
		{[]int{0, 1, 2, 3, 4}, 1, [][]int{{1}, {2}, {3}, {4}, {0}}},
		{[]int{0, 1, 2, 3, 4}, 9, [][]int{{1, 4, 2, 3}, {2, 0, 3, 4}, {3, 1, 4, 0}, {4, 2, 0, 1}, {0, 3, 1, 2}}},
		{[]int{1, 4, 2}, 2, [][]int{{4, 2}, {2, 1}, {1, 4}}},
	} {
		p := Plan{Outer: c.outer, Inner: c.inner}
		var got [][]int
		for _, k := range c.outer {
			got = append(got, p.partners(k))
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v, %d: got %v, want %v", c.outer, c.inner, got, c.want)
		}
	}
}

func FuzzParseFrozen(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		if frozen, err := parseFrozen(data); err == nil && !(frozen.Cutoff > 0 && frozen.Cutoff < 1) {
			t.Errorf("took the cutoff %v", frozen.Cutoff)
		}
	})
}
