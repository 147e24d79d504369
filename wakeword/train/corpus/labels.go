package corpus

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
)

// LabelsFile is the name of the labels in the folder of a whole corpus.
const LabelsFile = "LABELS.tsv"

// Label is what is known of a clip.
type Label struct {
	// Word is the wake word that is said in it, or empty: none is.
	Word string
	Set  string // where it comes from, such as "negative/digits"; or empty
	// Speaker is who speaks, or empty where that is not known.
	Speaker string
}

// Labels says what is known of recordings, by the files' absolute paths.
type Labels map[string]Label

// ReadLabels reads lines of file<TAB>word. Files are looked for from the folder of the
// labels. A first line that names columns "file" and "word" lets them be anywhere among
// others, of which "set" and "speaker" are read.
func ReadLabels(path string) (Labels, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("corpus: reading labels: %w", err)
	}
	defer f.Close()
	base, err := resolve(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("corpus: reading labels: %w", err)
	}
	labels := make(Labels)
	file, word, set, speaker := 0, 1, -1, -1
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		columns := strings.Split(strings.TrimSuffix(lines.Text(), "\r"), "\t")
		if n == 1 && slices.Contains(columns, "file") && slices.Contains(columns, "word") {
			file, word = slices.Index(columns, "file"), slices.Index(columns, "word")
			set, speaker = slices.Index(columns, "set"), slices.Index(columns, "speaker")
			continue
		}
		if len(columns) == 1 && columns[0] == "" {
			continue
		}
		if len(columns) <= max(file, word) {
			return nil, fmt.Errorf("corpus: %s: line %d has no word: write file, tab, word (empty where none is said)", path, n)
		}
		name := columns[file]
		if !filepath.IsAbs(name) {
			name = filepath.Join(base, name)
		}
		at := func(column int) string {
			if column < 0 || column >= len(columns) {
				return ""
			}
			return columns[column]
		}
		labels[filepath.Clean(name)] = Label{Word: columns[word], Set: at(set), Speaker: at(speaker)}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("corpus: reading %s: %w", path, err)
	}
	return labels, nil
}

// resolve is the absolute path without links, so that two ways to a file are one.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}

// Of is the label of a recording; ok is false where it has none.
func (l Labels) Of(recording string) (label Label, ok bool) {
	if path, err := filepath.Abs(recording); err == nil {
		if label, ok = l[path]; ok {
			return label, true
		}
	}
	if path, err := resolve(recording); err == nil {
		label, ok = l[path]
	}
	return label, ok
}

// SameWord compares words as people would: "Hey Jarvis" is "hey_jarvis".
func SameWord(a, b string) bool { return letters(a) == letters(b) }

// Contains reports whether a word is said in another, longer one, as "computer" is in
// "hey_computer".
func Contains(longer, word string) bool {
	longer, word = letters(longer), letters(word)
	return longer != word && strings.Contains(longer, word)
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}
