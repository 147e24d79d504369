package confusable

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
)

// Phrase is one that may be taken for a word.
type Phrase struct {
	Text string
	// Distance is how many sounds differ, where half of one is a sound much like another.
	Distance float64
}

const (
	// least is the distance of the nearest phrases. What is nearer nobody tells from the
	// word: a model that learned to refuse it would refuse the word.
	least = 1
	// most is that of the farthest, as a part of the word's length.
	most = 0.6
	// halves is how many words are tried for each half of a phrase of two.
	halves = 8
	// common is how many inflections the words of such a phrase have: most of a dictionary
	// are names, and phrases of them are odd.
	common = 2
)

// Near lists the n phrases of one or two words that sound most like a word, the nearest
// first, one for each way to sound. What is nearer than one sound is none of them, nor is a
// phrase in which the word is said. It fails where the dictionary has not all of the word;
// Spellings does not need one.
func (d *Dictionary) Near(word string, n int) ([]Phrase, error) {
	ways := d.pronounce(word)
	if len(ways) == 0 {
		return nil, fmt.Errorf("confusable: the dictionary does not have all of %q: spell it as words that it has", word)
	}
	found := make(map[string]option) // by its sounds
	for _, way := range ways {
		d.near(way, func(o option, sounds []sound) {
			key := string(sounds)
			if was, ok := found[key]; !ok || o.better(was) {
				found[key] = o
			}
		})
	}
	texts := make(map[string]float64) // those that sound in several ways once
	for key, o := range found {
		if was, ok := texts[o.Text]; apart(key, ways) && (!ok || o.Distance < was) {
			texts[o.Text] = o.Distance
		}
	}
	return nearest(texts, n), nil
}

// apart reports whether sounds are far enough from every way to say the word, and don't
// have it in them.
func apart(sounds string, ways [][]sound) bool {
	return !slices.ContainsFunc(ways, func(way []sound) bool {
		row := distances([]sound(sounds), way, cost, make([]float64, len(way)+1))
		return row[len(way)] < least || strings.Contains(sounds, string(way))
	})
}

// option is a phrase that may be chosen for its sounds.
type option struct {
	Phrase
	inflections int
}

// better prefers what is nearer, then what has more inflections.
func (o option) better(than option) bool {
	return cmp.Or(cmp.Compare(o.Distance, than.Distance), cmp.Compare(than.inflections, o.inflections), cmp.Compare(o.Text, than.Text)) < 0
}

// near gives what is near the sounds of a word to take.
func (d *Dictionary) near(target []sound, take func(o option, sounds []sound)) {
	far := float64(len(target)) * most
	backwards := reversed(target)
	row := make([]float64, len(target)+1)
	// For each place where a phrase of two words may be divided, what is near its halves.
	starts, ends := make([]shortlist, len(target)), make([]shortlist, len(target))
	for i, e := range d.entries {
		if len(e.sounds) > 2*len(target) || !plain(e.word) {
			continue
		}
		row = distances(e.sounds, target, cost, row)
		if whole := row[len(target)]; whole >= least && whole <= far {
			take(option{Phrase{e.word, whole}, d.inflections(e.word)}, e.sounds)
		}
		if len(e.sounds) < 2 || d.inflections(e.word) < common {
			continue
		}
		for k := 2; k <= len(target)-2; k++ {
			starts[k].add(candidate{i, row[k]})
		}
		row = distances(reversed(e.sounds), backwards, cost, row)
		for k := 2; k <= len(target)-2; k++ {
			ends[k].add(candidate{i, row[len(target)-k]})
		}
	}
	for k := range starts {
		for _, a := range starts[k] {
			for _, b := range ends[k] {
				first, second := d.entries[a.entry], d.entries[b.entry]
				if sum := a.distance + b.distance; sum >= least && sum <= far {
					take(option{Phrase{first.word + " " + second.word, sum}, 0}, slices.Concat(first.sounds, second.sounds))
				}
			}
		}
	}
}

// inflections is how many forms of a word the dictionary has.
func (d *Dictionary) inflections(word string) (n int) {
	stem := strings.TrimSuffix(word, "e")
	for _, form := range []string{word + "s", stem + "ed", stem + "ing", stem + "er", stem + "es", word + "ly"} {
		if d.words[form] != nil {
			n++
		}
	}
	return n
}

// plain reports whether a word is all letters, with no "al." or "c'est".
func plain(word string) bool {
	return strings.IndexFunc(word, func(r rune) bool { return !unicode.IsLetter(r) }) < 0
}

// candidate is an entry of the dictionary that is near something.
type candidate struct {
	entry    int
	distance float64
}

// shortlist has the nearest candidates, the nearest first.
type shortlist []candidate

func (s *shortlist) add(c candidate) {
	if len(*s) == halves && c.distance >= (*s)[halves-1].distance {
		return
	}
	at, _ := slices.BinarySearchFunc(*s, c, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.entry, b.entry))
	})
	*s = slices.Insert(*s, at, c)
	*s = (*s)[:min(len(*s), halves)]
}

func reversed(s []sound) []sound {
	s = slices.Clone(s)
	slices.Reverse(s)
	return s
}

// nearest sorts phrases by their distances, rounds those and keeps n.
func nearest(distances map[string]float64, n int) []Phrase {
	var all []Phrase
	for text, distance := range distances {
		all = append(all, Phrase{text, math.Round(100*distance) / 100})
	}
	slices.SortFunc(all, func(a, b Phrase) int {
		return cmp.Or(cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.Text, b.Text))
	})
	return all[:min(n, len(all))]
}

// Spellings makes up n words that are spelled nearly like a word, for a voice to read where
// there is no dictionary: parts of it, and the word with one or two letters changed. They
// sound less alike than they look, or more.
func Spellings(word string, n int) ([]Phrase, error) {
	letters := []rune(strings.Join(words(word), ""))
	if len(letters) < 3 {
		return nil, errors.New("confusable: the word has less than three letters: choose a longer one")
	}
	found := make(map[string]float64)
	row := make([]float64, len(letters)+1)
	add := func(spelling []rune) {
		if d := distances(spelling, letters, letterCost, row)[len(letters)]; d >= least && d <= most*float64(len(letters)) {
			found[string(spelling)] = d
		}
	}
	for i := range letters {
		add(letters[i:])
		add(letters[:i+1])
		add(slices.Delete(slices.Clone(letters), i, i+1))
		for _, a := range others(letters[i]) {
			changed := slices.Clone(letters)
			changed[i] = a
			add(changed)
			for k := i + 1; k < len(letters); k++ {
				for _, b := range others(letters[k]) {
					twice := slices.Clone(changed)
					twice[k] = b
					add(twice)
				}
			}
		}
	}
	return nearest(found, n), nil
}

const (
	vowels     = "aeiou"
	consonants = "bdfgklmnprstvz"
)

// others are the letters that may stand for another one so that it can still be said.
func others(r rune) []rune {
	if strings.ContainsRune(vowels, r) {
		return []rune(strings.ReplaceAll(vowels, string(r), ""))
	}
	return []rune(strings.ReplaceAll(consonants, string(r), ""))
}

func letterCost(a, b rune) float64 {
	switch {
	case a == b:
		return 0
	case strings.ContainsRune(vowels, a) && strings.ContainsRune(vowels, b):
		return costVowel
	}
	return 1
}
