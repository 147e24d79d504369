package corpus

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vapd/audio"
)

// makeCorpus writes labels for these lines of file, set, word and speaker, and a short
// recording for each file.
func makeCorpus(t *testing.T, lines ...string) string {
	t.Helper()
	dir := t.TempDir()
	recording := encodeWAV(t, audio.Format{Rate: 16000, Channels: 1}, make([]int16, 160))
	for _, line := range lines {
		file, _, _ := strings.Cut(line, "\t")
		path := filepath.Join(dir, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, recording, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text := "file\tset\tword\tspeaker\n" + strings.Join(lines, "\n") + "\n"
	if err := os.WriteFile(filepath.Join(dir, LabelsFile), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func names(clips []Clip) string {
	var all []string
	for _, c := range clips {
		all = append(all, c.Name)
	}
	return strings.Join(all, " ")
}

func TestForChoosesAWord(t *testing.T) {
	dir := makeCorpus(t,
		"p/wwb_2.wav\tpositive/computer\tcomputer\t",
		"p/wwb_1.wav\tpositive/computer\tcomputer\t",
		"x/wwb_1.wav\tpositive/alexa\talexa\t",
		"h/1.wav\tpositive/hey_computer\they_computer\t",
		"n/1.wav\tnegative/speech\t\tann",
		"n/pc.wav\tnegative/speech\tcomputer\tann",
		"n/es.wav\tnegative/pcd_heycomputer_es\t\t",
		"m/1.wav\tnoise/music\t\t",
	)
	all, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string][4]string{
		"Computer":     {"p/wwb_1.wav p/wwb_2.wav", "x/wwb_1.wav", "n/1.wav", "h/1.wav n/es.wav n/pc.wav"},
		"hey computer": {"h/1.wav", "p/wwb_1.wav p/wwb_2.wav x/wwb_1.wav", "n/1.wav n/pc.wav", "n/es.wav"},
		"alexa":        {"x/wwb_1.wav", "h/1.wav p/wwb_1.wav p/wwb_2.wav", "n/1.wav n/es.wav n/pc.wav", ""},
		"jarvis":       {"", "h/1.wav p/wwb_1.wav p/wwb_2.wav x/wwb_1.wav", "n/1.wav n/es.wav n/pc.wav", ""},
	} {
		s, out := all.For(word)
		if got := [4]string{names(s.Positives), names(s.Others), names(s.Negatives), names(out)}; got != want || names(s.Noise) != "m/1.wav" {
			t.Errorf("%s: got %q, want %q", word, got, want)
		}
	}
	if c := all.Negatives[0]; c.Speaker != "ann" || c.Set != "negative/speech" {
		t.Errorf("got %+v", c)
	}
	if pcm, err := Read(all.Noise[0].Path); err != nil || len(pcm) != 160 {
		t.Errorf("%d samples, %v", len(pcm), err)
	}
}

func TestLoadRefuses(t *testing.T) {
	for line, want := range map[string]string{
		"a.wav\tother/a\t\t":    `the set "other/a"`,
		"a.wav\tpositive/a\t\t": `the word ""`,
	} {
		if _, err := Load(makeCorpus(t, line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: the error is %v, want ...%s...", line, err, want)
		}
	}
	if _, err := Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), LabelsFile) {
		t.Errorf("a folder without labels: %v", err)
	}
}

func TestFolder(t *testing.T) {
	dir := makeCorpus(t, "b/1.wav\tpositive/alexa\talexa\tann", "a/1.wav\t\t\t")
	labels, err := ReadLabels(filepath.Join(dir, LabelsFile))
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{dir, link + "/"} {
		clips, err := Folder(folder, labels)
		if err != nil || names(clips) != "a/1.wav b/1.wav" {
			t.Fatalf("got %v, %v", clips, err)
		}
		if want := (Label{"alexa", "positive/alexa", "ann"}); clips[1].Label != want || clips[0].Label != (Label{Set: "a"}) {
			t.Errorf("got %+v", clips)
		}
	}
	clips, err := Folder(filepath.Join(dir, "b"), nil)
	if err != nil || !slices.Equal(clips, []Clip{{Path: filepath.Join(dir, "b", "1.wav"), Name: "1.wav", Label: Label{Set: "b"}}}) {
		t.Errorf("got %+v, %v", clips, err)
	}
}

func TestGather(t *testing.T) {
	dir := makeCorpus(t, "said/alexa/1.wav\t\t\t", "said/jarvis/1.wav\t\they_jarvis\t", "other/1.wav\t\tnine\tann", "hum/1.wav\t\t\t")
	labels, err := ReadLabels(filepath.Join(dir, LabelsFile))
	if err != nil {
		t.Fatal(err)
	}
	in := func(name string) []string { return []string{filepath.Join(dir, name)} }
	s, err := Gather(in("said"), in("other"), in("hum"), labels)
	if err != nil || len(s.Positives) != 2 || s.Positives[0].Word != "alexa" || s.Positives[1].Word != "hey_jarvis" || s.Negatives[0].Word != "nine" || names(s.Noise) != "1.wav" {
		t.Errorf("got %+v, %v", s, err)
	}
	if _, err := Gather(in("said"), in("nowhere"), nil, nil); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("of a folder that is not there: %v", err)
	}
}
