package corpus

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Clip is a recording. What it sounds like is read when it is needed, with Read or Open.
type Clip struct {
	Path string // of the file
	// Name is the file's path from the folder that was searched, with slashes: where a
	// corpus lies changes no order and no division.
	Name string
	Label
}

// Set is the clips for one purpose, each in the order of names.
type Set struct {
	Positives []Clip
	// Others are the positives of other wake words: negatives too, that are counted apart.
	Others    []Clip
	Negatives []Clip
	Noise     []Clip
}

// kinds are all clips, to be changed.
func (s *Set) kinds() []*[]Clip { return []*[]Clip{&s.Positives, &s.Others, &s.Negatives, &s.Noise} }

// Folder lists the recordings below a folder. One without a label (labels may be nil) is
// of the set that its own folder is named after.
func Folder(dir string, labels Labels) ([]Clip, error) {
	base, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("corpus: %w", err)
	}
	files, err := Files([]string{base})
	if err != nil {
		return nil, err
	}
	clips := make([]Clip, len(files))
	for i, file := range files {
		name, err := filepath.Rel(base, file)
		if err != nil {
			return nil, fmt.Errorf("corpus: %w", err)
		}
		clips[i] = Clip{Path: file, Name: filepath.ToSlash(name)}
		clips[i].Label, _ = labels.Of(file)
		if clips[i].Set == "" {
			clips[i].Set = filepath.Base(filepath.Dir(file))
		}
	}
	slices.SortFunc(clips, byName)
	return clips, nil
}

// Gather lists what lies in folders: positives, each word's in a folder of its name where no
// label says the word, negatives and noise. labels may be nil.
func Gather(positives, negatives, noise []string, labels Labels) (s Set, err error) {
	for i, dirs := range [][]string{positives, negatives, noise} {
		into := []*[]Clip{&s.Positives, &s.Negatives, &s.Noise}[i]
		for _, dir := range dirs {
			clips, err := Folder(dir, labels)
			if err != nil {
				return Set{}, err
			}
			*into = append(*into, clips...)
		}
	}
	for i := range s.Positives {
		if c := &s.Positives[i]; c.Word == "" {
			c.Word = path.Base(c.Set)
		}
	}
	return s, nil
}

// byName is the order of clips; of several folders some may have the same name.
func byName(a, b Clip) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Path, b.Path))
}

// Load lists a whole corpus: a folder with LABELS.tsv, whose sets are named positive/WORD,
// negative/NAME and noise/NAME. All of its words are positives; For chooses one.
func Load(dir string) (Set, error) {
	labels, err := ReadLabels(filepath.Join(dir, LabelsFile))
	if err != nil {
		return Set{}, err
	}
	base, err := resolve(dir)
	if err != nil {
		return Set{}, fmt.Errorf("corpus: %w", err)
	}
	var s Set
	for _, file := range slices.Sorted(maps.Keys(labels)) {
		name, err := filepath.Rel(base, file)
		if err != nil {
			return Set{}, fmt.Errorf("corpus: %w", err)
		}
		c := Clip{Path: filepath.Join(dir, name), Name: filepath.ToSlash(name), Label: labels[file]}
		kind, _, _ := strings.Cut(c.Set, "/")
		switch {
		case kind == "positive" && c.Word != "":
			s.Positives = append(s.Positives, c)
		case kind == "negative":
			s.Negatives = append(s.Negatives, c)
		case kind == "noise":
			s.Noise = append(s.Noise, c)
		default:
			return Set{}, fmt.Errorf("corpus: %s: %s has the set %q and the word %q: sets are positive/WORD, negative/NAME and noise/NAME, and positives have a word",
				filepath.Join(dir, LabelsFile), c.Name, c.Set, c.Word)
		}
	}
	s.sort()
	return s, nil
}

func (s *Set) sort() {
	for _, clips := range s.kinds() {
		slices.SortFunc(*clips, byName)
	}
}

// For is what there is for one word. The positives of all other words are Others: they
// were recorded by the same people in the same way, so that only what is said tells them
// apart. Left out, as neither, are clips in which the word is said beside others, or where
// it should not be: those of a word, or of a set, that has it in its name.
func (s Set) For(word string) (of Set, leftOut []Clip) {
	of.Noise = s.Noise
	for _, c := range s.Positives {
		switch {
		case SameWord(c.Word, word):
			of.Positives = append(of.Positives, c)
		case Contains(c.Word, word):
			leftOut = append(leftOut, c)
		default:
			of.Others = append(of.Others, c)
		}
	}
	for _, c := range s.Negatives {
		said := func(name string) bool { return SameWord(name, word) || Contains(name, word) }
		if said(c.Word) || said(path.Base(c.Set)) {
			leftOut = append(leftOut, c)
		} else {
			of.Negatives = append(of.Negatives, c)
		}
	}
	of.sort()
	slices.SortFunc(leftOut, byName)
	return of, leftOut
}
