package trial

import (
	"os"
	"path/filepath"
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
			if got, ok := labels.Of(name); !filepath.IsAbs(name) || !ok || got != word {
				t.Errorf("%q: %q, %t, want %q", name, got, ok, word)
			}
		}
	})
}
