package corpus

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzReadLabels: whatever the file says, the names it leads to are absolute, and found.
func FuzzReadLabels(f *testing.F) {
	f.Add("file\tword\na.wav\they jarvis\n/b.wav\t\n")
	f.Add("speaker\tword\tfile\r\nx\talexa\t../c.wav\r\n")
	f.Add("a.wav\n")
	f.Add("\t\n\n\t\t")
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "labels.tsv")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		labels, err := ReadLabels(path)
		if err != nil {
			return
		}
		for name, word := range labels {
			if got, ok := labels.Of(name); !filepath.IsAbs(name) || !ok || got.Word != word.Word {
				t.Errorf("%q: %v, %t, want %v", name, got, ok, word)
			}
		}
	})
}

func TestReadLabels(t *testing.T) {
	path := filepath.Join(t.TempDir(), "labels.tsv")
	for text, want := range map[string]string{
		"a.wav\talexa\n":                            "alexa",
		"a.wav\t\n":                                 "",
		"a.wav\talexa\tmore\r\n\nb.wav\tx":          "alexa",
		"set\tword\tfile\npositive\talexa\ta.wav\n": "alexa",
		filepath.Dir(path) + "/a.wav\tok nabu\n":    "ok nabu",
		"b.wav\tjarvis\n":                           "none",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		labels, err := ReadLabels(path)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := labels.Of(filepath.Join(filepath.Dir(path), "a.wav"))
		if !ok {
			got.Word = "none"
		}
		if got.Word != want {
			t.Errorf("%q: the label is %v, want %q", text, got, want)
		}
	}
	if err := os.WriteFile(path, []byte("a.wav\talexa\nb.wav\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadLabels(path); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("the error is %v, want one about line 2", err)
	}
}
