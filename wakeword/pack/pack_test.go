package pack

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vapd/internal/sharedtest"
)

const loud = "../testdata/loud.tflite"

// folderWith makes a folder with files; the content "MODEL" stands for a real model.
func folderWith(t *testing.T, files map[string]string) string {
	t.Helper()
	model, err := os.ReadFile(loud)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range files {
		if content == "MODEL" {
			content = string(model)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func manifestFor(model string) string { return strings.Replace(valid, "hej_anna.tflite", model, 1) }

func TestOpen(t *testing.T) {
	dir := folderWith(t, map[string]string{
		"anna.json": manifestFor("model.tflite"), "model.tflite": "MODEL",
		"bo.json": manifestFor("bo.tflite"), "bo.tflite": "MODEL",
		"hey_cleo.tflite": "MODEL",
		"dan.json":        manifestFor("missing.tflite"), "dan.tflite": "MODEL",
	})
	for file, want := range map[string]struct {
		id, word string
		cutoff   float64
		window   int
	}{
		"anna.json":       {"anna", "Hej Anna", 0.97, 6},
		"bo.json":         {"bo", "Hej Anna", 0.97, 6},
		"bo.tflite":       {"bo", "Hej Anna", 0.97, 6},
		"hey_cleo.tflite": {"hey_cleo", "hey cleo", 0.7, 5},
		"dan.tflite":      {"dan", "dan", 0.7, 5},
	} {
		p, err := Open(filepath.Join(dir, file))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		m := p.Manifest
		if p.ID != want.id || m.WakeWord != want.word || m.Micro.ProbabilityCutoff != want.cutoff || m.Micro.SlidingWindowSize != want.window {
			t.Errorf("%s: got %s, %+v", file, p.ID, m)
		}
		if _, err := p.NewModel(); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	outside := folderWith(t, map[string]string{"model.tflite": "MODEL"})
	dir := folderWith(t, map[string]string{
		"missing.json": manifestFor("no.tflite"), "broken.json": "{", "broken.tflite": "MODEL",
		"no model.tflite": "MODEL", "text.tflite": "text", "text.json": manifestFor("text.tflite"),
		"link.json": manifestFor("link.tflite"), "folder.json": manifestFor("folder.tflite"),
		"long.json": manifestFor("long.tflite"), "long.tflite": strings.Repeat("TFL3", maxModel), "readme.txt": "",
	})
	if err := os.Symlink(filepath.Join(outside, "model.tflite"), filepath.Join(dir, "link.tflite")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder.tflite"), 0o755); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"missing.json":    "reading no.tflite",
		"broken.json":     "not JSON",
		"broken.tflite":   "not JSON",
		"no model.tflite": "rename it",
		"text.tflite":     "not a TensorFlow Lite model",
		"text.json":       "not a TensorFlow Lite model",
		"link.json":       "escapes",
		"link.tflite":     "escapes",
		"folder.tflite":   "not a regular file",
		"long.json":       "longer than",
		"readme.txt":      "is no pack",
		"nothing.json":    "no such file",
	} {
		if _, err := Open(filepath.Join(dir, file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error is %v, want one with %q", file, err, want)
		}
	}
}

func TestLoad(t *testing.T) {
	dir := folderWith(t, map[string]string{
		"b.json": manifestFor("model.tflite"), "model.tflite": "MODEL",
		"a.json": manifestFor("a.tflite"), "a.tflite": "MODEL",
		"bare.tflite": "MODEL", "broken.json": "{", "broken.tflite": "MODEL", "readme.txt": "",
	})
	packs, err := Load(dir)
	var ids []string
	for _, p := range packs {
		ids = append(ids, p.ID)
	}
	if want := []string{"a", "b", "bare"}; !slices.Equal(ids, want) {
		t.Errorf("got %v, want %v", ids, want)
	}
	if err == nil || strings.Count(err.Error(), "\n") != 0 || !strings.Contains(err.Error(), "broken.json") {
		t.Errorf("the error is %v, want one about broken.json alone", err)
	}
	if packs, err := Load(filepath.Join(dir, "nowhere")); packs != nil || err != nil {
		t.Errorf("a folder that is not there: %v, %v", packs, err)
	}
}

func TestAdd(t *testing.T) {
	from := folderWith(t, map[string]string{
		"anna.json": manifestFor("model.tflite"), "model.tflite": "MODEL",
		"bare.tflite": "MODEL", "text.tflite": "text",
	})
	dir := filepath.Join(t.TempDir(), "state", "wake") // not there yet
	save := func(path string, data []byte) error { return os.WriteFile(path, data, 0o644) }
	for _, file := range []string{"anna.json", "bare.tflite", "anna.json"} {
		if _, err := Add(dir, filepath.Join(from, file), save); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Add(dir, filepath.Join(from, "text.tflite"), save); err == nil {
		t.Error("a file that is no model was added")
	}
	full := errors.New("disk full")
	if _, err := Add(dir, filepath.Join(from, "bare.tflite"), func(string, []byte) error { return full }); !errors.Is(err, full) {
		t.Errorf("the error is %v, want %v", err, full)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"anna.json", "anna.tflite", "bare.json", "bare.tflite"}; !slices.Equal(names, want) {
		t.Errorf("the folder has %v, want %v", names, want)
	}
	packs, err := Load(dir)
	if err != nil || len(packs) != 2 || packs[0].Manifest.WakeWord != "Hej Anna" || packs[1].Manifest.Micro.ProbabilityCutoff != 0.7 {
		t.Errorf("got %+v, %v", packs, err)
	}
}

func TestPublishedPacks(t *testing.T) {
	packs, err := Load(sharedtest.Path(t, "models"))
	if err != nil || len(packs) != 9 {
		t.Fatalf("%d packs, want 9: %v", len(packs), err)
	}
}
