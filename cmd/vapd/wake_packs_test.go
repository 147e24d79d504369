package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Without a word of one's own it is the word that comes with the program.
func TestWakePacks(t *testing.T) {
	model, err := os.ReadFile("../../wakeword/testdata/loud.tflite")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		files []string
		want  []string
		bad   string // what is wrong with one
	}{
		"none":              {nil, []string{"jarvis"}, ""},
		"a word":            {[]string{"boom.tflite"}, []string{"boom"}, ""},
		"only a stop word":  {[]string{"stop.tflite"}, []string{"stop", "jarvis"}, ""},
		"only a gate":       {[]string{"vad.tflite"}, []string{"vad", "jarvis"}, ""},
		"a broken one":      {[]string{"boom.json"}, []string{"jarvis"}, "boom.json"},
		"a broken one more": {[]string{"boom.json", "bang.tflite"}, []string{"bang"}, "boom.json"},
	} {
		dir := t.TempDir()
		for _, file := range c.files {
			data := model
			if strings.HasSuffix(file, ".json") {
				data = []byte("{")
			}
			if err := os.WriteFile(filepath.Join(dir, file), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		packs, err := wakePacks(dir)
		var got []string
		for _, p := range packs {
			got = append(got, p.ID)
		}
		if !slices.Equal(got, c.want) || (err != nil) != (c.bad != "") || err != nil && !strings.Contains(err.Error(), c.bad) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

func TestWakePack(t *testing.T) {
	dir := t.TempDir()
	if p, err := wakePack(dir, "jarvis.json"); err != nil || p.Manifest.WakeWord != "jarvis" {
		t.Errorf("the word of the program by its name: %+v, %v", p, err)
	}
	for _, file := range []string{"alexa.json", filepath.Join(dir, "jarvis.json")} {
		if _, err := wakePack(dir, file); err == nil {
			t.Errorf("%s is not there, and opened", file)
		}
	}
	// One's own of that name goes before.
	if err := os.WriteFile(filepath.Join(dir, "jarvis.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := wakePack(dir, "jarvis.json"); err == nil {
		t.Error("a broken pack was passed over")
	}
}
