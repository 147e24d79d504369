package train_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"vapd/audio"
	"vapd/audio/wav"
	"vapd/internal/durable"
	"vapd/wakeword"
	"vapd/wakeword/train"
	"vapd/wakeword/train/corpus"
	"vapd/wakeword/train/net"
	"vapd/wakeword/train/traintest"
	"vapd/wakeword/trial"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func write(t *testing.T, path string, pcm []int16) {
	t.Helper()
	var data bytes.Buffer
	if err := wav.Write(&data, audio.Format{Rate: audio.WakeRate, Channels: 1}, pcm); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// toy is a training of seconds.
func toy(t *testing.T) train.Config {
	t.Helper()
	dir := t.TempDir()
	for i := range 15 {
		name := string(rune('a'+i)) + ".wav"
		write(t, filepath.Join(dir, "said", "up", name), traintest.Chirp(uint64(i), false))
		write(t, filepath.Join(dir, "said", "down", name), traintest.Chirp(uint64(100+i), true))
		write(t, filepath.Join(dir, "speech", name), traintest.Babble(uint64(i), 4))
	}
	for i := range 5 {
		write(t, filepath.Join(dir, "noise", string(rune('a'+i))+".wav"), traintest.Babble(uint64(100+i), 1))
	}
	var all corpus.Set
	for folder, clips := range map[string]*[]corpus.Clip{"said": &all.Positives, "speech": &all.Negatives, "noise": &all.Noise} {
		found, err := corpus.Folder(filepath.Join(dir, folder), nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range found {
			if folder == "said" {
				found[i].Word = found[i].Set
			}
		}
		*clips = found
	}
	set, _ := all.For("up")
	recipe := train.DefaultRecipe()
	recipe.Net = net.Config{
		Channels: 40, Stride: 3, Kernel: 5, Filters: 8, Blocks: []net.Block{{Kernels: []int{5}, Filters: 16}},
		Steps: 10, Head: []net.Dense{{Outputs: 1}},
	}
	recipe.Steps, recipe.Batch, recipe.Words, recipe.Others, recipe.Negatives = 300, 16, 36, 1, 1
	recipe.Rooms, recipe.Rounds, recipe.Mined = 2, 2, 50
	out := t.TempDir()
	return train.Config{
		Word: "up", Set: set, Out: out, Work: filepath.Join(out, "work"), Seed: 1, Recipe: recipe,
		Save: func(path string, data []byte) error { return durable.File{Path: path, Mode: 0o644}.Save(data) },
	}
}

// A word is learnt from recordings alone, and told from others. Another number of cores,
// and a training that is stopped twice, give the same files.
func TestTrain(t *testing.T) {
	cfg := toy(t)
	cfg.Workers = 1
	result, err := train.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if n := result.Chosen; !result.Reached || n.Said != 3 || n.Missed > 0 || n.Accepts > 0 || n.Hours == 0 {
		t.Errorf("on what it has not learnt from: %+v, reached %v", n, result.Reached)
	}
	if len(result.CrossFires) != 1 || result.CrossFires[0].Fired > 0 || result.CrossFires[0].Said != 3 {
		t.Errorf("other words: %+v", result.CrossFires)
	}
	first, last := result.Losses[0], result.Losses[len(result.Losses)-1]
	if last.Step != cfg.Recipe.Steps || last.Mean > first.Mean/2 {
		t.Errorf("losses: %+v", result.Losses)
	}
	hear(t, result)

	again := cfg
	again.Out = t.TempDir()
	again.Work, again.Workers = filepath.Join(again.Out, "work"), 3
	stop(t, again, "listening", "learning")
	again.Progress = func(p train.Progress) {
		if p.Step == "learning" && p.Done < 0.3 {
			t.Errorf("it began anew: %+v", p)
		}
	}
	if _, err := train.Run(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	compare(t, cfg, again, "up")

	again.Recipe.Weight++
	if _, err := train.Run(t.Context(), again); err == nil || !strings.Contains(err.Error(), "other recordings or options") {
		t.Errorf("with another recipe: %v", err)
	}
}

// stop begins a training, and stops it in the middle of each of some steps.
func stop(t *testing.T, cfg train.Config, steps ...string) {
	t.Helper()
	for _, at := range steps {
		ctx, cancel := context.WithCancel(t.Context())
		cfg.Progress = func(p train.Progress) {
			if p.Step == at && p.Done > 0.5 {
				cancel()
			}
		}
		if _, err := train.Run(ctx, cfg); !errors.Is(err, context.Canceled) {
			t.Fatalf("stopped while %s: %v", at, err)
		}
		cancel()
	}
}

// compare looks whether two trainings made the same.
func compare(t *testing.T, cfg, again train.Config, id string) {
	t.Helper()
	for _, name := range []string{id + ".tflite", id + ".json", train.ReportFile} {
		a, err := os.ReadFile(filepath.Join(cfg.Out, name))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(filepath.Join(again.Out, name)); err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s is not the same after it was stopped: %v", name, err)
		}
	}
}

// hear tries the pack on voices that were not recorded.
func hear(t *testing.T, result *train.Result) {
	t.Helper()
	listener, err := trial.New([]wakeword.Word{{Pack: result.Pack}})
	if err != nil {
		t.Fatal(err)
	}
	heard := map[bool]int{}
	for i := range 20 {
		for _, down := range []bool{false, true} {
			for _, e := range listener.Run(traintest.Chirp(uint64(1000+i), down)) {
				if e.Kind == wakeword.Detected {
					heard[down]++
				}
			}
		}
	}
	if heard[false] < 18 || heard[true] > 2 {
		t.Errorf("of 20 words it heard %d, and %d others", heard[false], heard[true])
	}
}

func TestRunRefuses(t *testing.T) {
	cfg := toy(t)
	for name, c := range map[string]struct {
		change func(*train.Config)
		want   string
	}{
		"no word":       {func(c *train.Config) { c.Word = " " }, "no word"},
		"no recordings": {func(c *train.Config) { c.Set.Positives = nil }, "record it 20 times"},
		"too few":       {func(c *train.Config) { c.Set.Positives = c.Set.Positives[:4] }, `4 recordings of "up": 10 are needed`},
		"no speech":     {func(c *train.Config) { c.Set.Negatives = nil }, "hours of other speech"},
		"no folder":     {func(c *train.Config) { c.Out = "" }, "no folder"},
		"a recipe":      {func(c *train.Config) { c.Recipe.Batch = 5 }, "multiple of 16"},
		"no network":    {func(c *train.Config) { c.Recipe.Net = net.Config{} }, "net: "},
		"a lost file": {func(c *train.Config) {
			c.Set.Positives = append([]corpus.Clip{{Path: "/nowhere.wav"}}, c.Set.Positives...)
		}, "/nowhere.wav"},
		"a full disk": {func(c *train.Config) {
			c.Save = func(string, []byte) error { return syscall.ENOSPC }
		}, "make room"},
		"a folder of somebody else": {func(c *train.Config) {
			c.Save = func(string, []byte) error { return syscall.EACCES }
		}, "may write to"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := cfg
			cfg.Out = t.TempDir()
			cfg.Work = filepath.Join(cfg.Out, "work")
			c.change(&cfg)
			if _, err := train.Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v: must say %q", err, c.want)
			}
		})
	}
}

// A recording that can't be read is named, whatever it is used for.
func TestUnreadable(t *testing.T) {
	cfg := toy(t)
	cfg.Progress = func(p train.Progress) {
		if p.Step == "learning" {
			t.Errorf("it learns: %+v", p)
		}
	}
	for i, clip := range cfg.Set.Negatives[:6] {
		whole, err := os.ReadFile(clip.Path)
		if err != nil {
			t.Fatal(err)
		}
		broken := append([]byte("none"), whole[4:]...) // as long as it was
		if err := os.WriteFile(clip.Path, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := train.Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), clip.Path) {
			t.Errorf("recording %d: %v: must name %s", i, err, clip.Path)
		}
		if err := os.WriteFile(clip.Path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// voices say chirps.
type voices struct{ names []string }

func (v voices) Voices() []string { return v.names }

func (v voices) Say(_ context.Context, text, voice string) ([]int16, error) {
	return traintest.Chirp(corpus.Hash(text+voice), !strings.HasPrefix(text, "up")), nil
}

// Without recordings voices say the word, and what sounds like it.
func TestFromText(t *testing.T) {
	cfg := toy(t)
	cfg.Word = "up <i>& so on"
	cfg.Set.Positives, cfg.Set.Others = nil, nil
	cfg.Speaker, cfg.Phrases = voices{[]string{"ann", "bob", "cid"}}, []string{"down", "round", "town"}
	cfg.Talk = []string{"it is late", "what else"}
	cfg.Recipe.Steps, cfg.Workers = 200, 1
	result, err := train.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if n := result.Chosen; n.Said != 5 || n.Missed > 1 {
		t.Errorf("the voice that it has not learnt from: %+v", n)
	}
	for folder, texts := range map[string]int{"word": 5, "phrases": 3, "talk": 2} {
		said, err := filepath.Glob(filepath.Join(cfg.Work, folder, "*", "*.wav"))
		if err != nil || len(said) != 3*texts {
			t.Errorf("%s: %v, %v", folder, said, err)
		}
	}
	for _, kind := range []string{"talk", "pauses", "pieces"} {
		if chunks, err := filepath.Glob(filepath.Join(cfg.Work, "features", kind+"-*")); err != nil || len(chunks) == 0 {
			t.Errorf("the features of %s: %v, %v", kind, chunks, err)
		}
	}
	data, err := os.ReadFile(filepath.Join(cfg.Out, "up_i_so_on.json"))
	if err != nil || !json.Valid(data) {
		t.Errorf("manifest: %s, %v", data, err)
	}
	checkReport(t, filepath.Join(cfg.Out, train.ReportFile), cfg.Word)

	again := cfg
	again.Out = t.TempDir()
	again.Work, again.Workers = filepath.Join(again.Out, "work"), 3
	stop(t, again, "speaking", "listening")
	again.Progress = nil
	if _, err := train.Run(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	compare(t, cfg, again, "up_i_so_on")
	again.Talk = again.Talk[:1]
	if _, err := train.Run(t.Context(), again); err == nil || !strings.Contains(err.Error(), "other recordings or options") {
		t.Errorf("with less talk: %v", err)
	}
}

// With a cutoff everything is learnt from, the word that voices say as well, and nothing is
// measured.
func TestOnEverything(t *testing.T) {
	cfg := toy(t)
	cfg.Speaker, cfg.Phrases, cfg.Cutoff = voices{[]string{"ann", "bob"}}, []string{"down"}, 0.9
	cfg.Recipe.Steps, cfg.Recipe.Rounds, cfg.Recipe.Words = 2, 1, len(cfg.Set.Positives)
	cfg.Progress = func(p train.Progress) {
		if p.Step == "choosing the cutoff" {
			t.Error("something is measured")
		}
	}
	result, err := train.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if result.Pack.Manifest.Micro.ProbabilityCutoff != 0.9 || result.Clean != nil {
		t.Errorf("%+v", result)
	}
	if _, err := os.Stat(filepath.Join(cfg.Out, train.ReportFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a report of nothing: %v", err)
	}
	for _, name := range []string{"word", "said"} {
		if chunks, err := filepath.Glob(filepath.Join(cfg.Work, "features", name+"-*")); err != nil || len(chunks) == 0 {
			t.Errorf("the features of %s: %v, %v", name, chunks, err)
		}
	}
	for _, cutoff := range []float64{-1, 1} {
		cfg.Cutoff = cutoff
		if _, err := train.Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "cutoff") {
			t.Errorf("a cutoff of %v: %v", cutoff, err)
		}
	}
}

// checkReport reads a report: it is whole, needs nothing from elsewhere, has a curve and
// what it got wrong, and what people typed is text in it.
func checkReport(t *testing.T, path, word string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	elements := make(map[string]int)
	title := ""
	for d := xml.NewDecoder(bytes.NewReader(data)); ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("the report is not whole: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			elements[token.Name.Local]++
			for _, a := range token.Attr {
				if a.Name.Local == "src" && !strings.HasPrefix(a.Value, "data:audio/wav;base64,UklGR") || a.Name.Local == "href" {
					t.Errorf("the report needs %.80q", a.Value)
				}
			}
		case xml.CharData:
			if elements["h1"] == 1 && title == "" {
				title = string(token)
			}
		}
	}
	if title != word || elements["svg"] != 2 || elements["polygon"] != 2 || elements["polyline"] != 3 || elements["circle"] != 1 {
		t.Errorf("the report of %q has %v", title, elements)
	}
}
