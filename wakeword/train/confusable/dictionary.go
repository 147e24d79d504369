package confusable

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Dictionary says how words are pronounced.
type Dictionary struct {
	entries []entry
	words   map[string][]int // entries of each word
}

// entry is one way to say a word.
type entry struct {
	word   string
	sounds []sound
}

const (
	mostEntries  = 1 << 20
	mostSounds   = 64  // of an entry
	longestEntry = 512 // bytes
)

// Entries reads a pronouncing dictionary in CMU's format and gives each entry to take: a
// line of a word, here in lower case, and its sounds, in ARPAbet with or without digits for
// stress: "computer K AH0 M P Y UW1 T ER0". Further ways to say a word are "word(2)". Lines
// that begin with ;;; are comments. take must not keep sounds.
func Entries(r io.Reader, take func(word string, sounds []string) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, longestEntry)
	entries := 0
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], ";;;") {
			continue
		}
		if entries++; len(fields) == 1 || len(fields) > mostSounds || entries > mostEntries {
			return fmt.Errorf("confusable: line %d of the dictionary has a word and %d sounds: it must have 1 to %d, and the dictionary at most %d lines",
				n, len(fields)-1, mostSounds-1, mostEntries)
		}
		if err := take(strings.ToLower(fields[0]), fields[1:]); err != nil {
			return fmt.Errorf("confusable: line %d of the dictionary: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("confusable: reading the dictionary: %w", err)
	}
	return nil
}

// ReadDictionary reads a pronouncing dictionary (see Entries).
func ReadDictionary(r io.Reader) (*Dictionary, error) {
	d := &Dictionary{words: make(map[string][]int)}
	err := Entries(r, func(word string, sounds []string) error {
		word, _, _ = strings.Cut(word, "(")
		e := entry{word: word}
		for _, f := range sounds {
			s, ok := parseSound(f)
			if !ok {
				return fmt.Errorf("the sound %q is not of the ARPAbet", f)
			}
			e.sounds = append(e.sounds, s)
		}
		d.words[word] = append(d.words[word], len(d.entries))
		d.entries = append(d.entries, e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// pronounce is how a phrase is said, in each way that the dictionary has; none where it
// does not have one of its words.
func (d *Dictionary) pronounce(phrase string) [][]sound {
	ways := [][]sound{nil}
	for _, word := range words(phrase) {
		var longer [][]sound
		for _, way := range ways {
			for _, i := range d.words[word] {
				longer = append(longer, append(way[:len(way):len(way)], d.entries[i].sounds...))
			}
		}
		if ways = longer; len(ways) > 16 {
			ways = ways[:16] // "a the a the"
		}
	}
	if len(words(phrase)) == 0 {
		return nil
	}
	return ways
}

// words are those of "Hey_Jarvis".
func words(phrase string) []string {
	return strings.FieldsFunc(strings.ToLower(phrase), func(r rune) bool { return r == ' ' || r == '_' || r == '-' })
}
