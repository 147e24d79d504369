//go:build !vapd_nodl

package pocketsphinx

import (
	"fmt"
	"strings"

	"vapd/hub/speech/grammar"
	"vapd/hub/speech/lexicon"
)

// learn adds to the dictionary those of words that it lacks. It returns the ones that
// nobody can pronounce.
func (d *Decoder) learn(words []string) (leftOut []string) {
	var l *lexicon.Lexicon // made when it is needed
	for _, word := range words {
		if d.knows(word) {
			continue
		}
		var ways [][]string
		if parts := grammar.Split(word); len(parts) > 1 {
			ways = d.joined(parts)
		} else {
			if l == nil {
				l = &lexicon.Lexicon{Known: d.lookUp, Letters: lexicon.English()}
			}
			ways = [][]string{l.Pronounce(word)}
		}
		if !d.add(word, ways) {
			leftOut = append(leftOut, word)
		}
	}
	return leftOut
}

// add gives word its pronunciations. It returns false when the library takes none.
func (d *Decoder) add(word string, ways [][]string) bool {
	n := 0
	for _, phones := range ways {
		if len(phones) > 0 && d.lib.addWord(d.whole, way(word, n), strings.Join(phones, " "), 0) >= 0 {
			n++
		}
	}
	return n > 0
}

// teach gives words of the dictionary to the decoder that follows who speaks.
func (d *Decoder) teach(words []string) {
	for _, word := range words {
		if d.lib.lookupWord(d.live, word) != "" {
			continue
		}
		for n, phones := range d.ways(word) {
			d.lib.addWord(d.live, way(word, n), strings.Join(phones, " "), 0)
		}
	}
}

// way is the name of word's pronunciation n in the dictionary.
func way(word string, n int) string {
	if n == 0 {
		return word
	}
	return fmt.Sprintf("%s(%d)", word, n+1)
}

// knows reports whether the dictionary has word.
func (d *Decoder) knows(word string) bool { return d.lookUp(word) != nil }

// lookUp is the first pronunciation that the dictionary has of word, nil for none.
func (d *Decoder) lookUp(word string) []string {
	phones := d.lib.lookupWord(d.whole, word)
	if phones == "" {
		return nil
	}
	return strings.Fields(phones)
}

// mostWays is the most pronunciations of words that were joined.
const mostWays = 4

// joined are the pronunciations of words as one.
func (d *Decoder) joined(words []string) [][]string {
	ways := [][]string{nil}
	for _, w := range words {
		var next [][]string
		for _, way := range ways {
			for _, phones := range d.ways(w) {
				if len(next) < mostWays {
					next = append(next, append(way[:len(way):len(way)], phones...))
				}
			}
		}
		ways = next
	}
	return ways
}

// ways are all pronunciations that the dictionary has of word.
func (d *Decoder) ways(word string) (out [][]string) {
	for n := 0; ; n++ {
		phones := d.lookUp(way(word, n))
		if phones == nil {
			return out
		}
		out = append(out, phones)
	}
}
