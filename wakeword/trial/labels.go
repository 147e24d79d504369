package trial

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
)

// Labels says which word is said in a recording, by the file's absolute path. An
// empty word is a recording in which no wake word is said.
type Labels map[string]string

// ReadLabels reads lines of file<TAB>word. Files are looked for from the folder of
// the labels. A first line that names columns "file" and "word" lets them be anywhere
// among others.
func ReadLabels(path string) (Labels, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("trial: reading labels: %w", err)
	}
	defer f.Close()
	labels := make(Labels)
	file, word := 0, 1
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		columns := strings.Split(strings.TrimSuffix(lines.Text(), "\r"), "\t")
		if n == 1 && slices.Contains(columns, "file") && slices.Contains(columns, "word") {
			file, word = slices.Index(columns, "file"), slices.Index(columns, "word")
			continue
		}
		if len(columns) == 1 && columns[0] == "" {
			continue
		}
		if len(columns) <= max(file, word) {
			return nil, fmt.Errorf("trial: %s: line %d has no word: write file, tab, word (empty where none is said)", path, n)
		}
		name := columns[file]
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(path), name)
		}
		if name, err = filepath.Abs(name); err != nil {
			return nil, fmt.Errorf("trial: %w", err)
		}
		labels[name] = columns[word]
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("trial: reading %s: %w", path, err)
	}
	return labels, nil
}

// Of is the label of a recording; ok is false where it has none.
func (l Labels) Of(recording string) (word string, ok bool) {
	path, err := filepath.Abs(recording)
	if err != nil {
		return "", false
	}
	word, ok = l[path]
	return word, ok
}

// sameWord compares as people would: "Hey Jarvis" is "hey_jarvis".
func sameWord(a, b string) bool { return letters(a) == letters(b) }

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}
