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

// ReadDictionary reads lines of a word and its sounds, in ARPAbet with or without digits
// for stress: "computer K AH0 M P Y UW1 T ER0". Further ways to say a word are "word(2)".
// Lines that begin with ;;; are comments.
func ReadDictionary(r io.Reader) (*Dictionary, error) {
	d := &Dictionary{words: make(map[string][]int)}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, longestEntry)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], ";;;") {
			continue
		}
		if len(fields) == 1 || len(fields) > mostSounds || len(d.entries) == mostEntries {
			return nil, fmt.Errorf("confusable: line %d of the dictionary has a word and %d sounds: it must have 1 to %d, and the dictionary at most %d lines",
				n, len(fields)-1, mostSounds-1, mostEntries)
		}
		word, _, _ := strings.Cut(strings.ToLower(fields[0]), "(")
		e := entry{word: word}
		for _, f := range fields[1:] {
			s, ok := parseSound(f)
			if !ok {
				return nil, fmt.Errorf("confusable: line %d of the dictionary has the sound %q, which the ARPAbet has not", n, f)
			}
			e.sounds = append(e.sounds, s)
		}
		d.words[word] = append(d.words[word], len(d.entries))
		d.entries = append(d.entries, e)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("confusable: reading the dictionary: %w", err)
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
