package confusable

import (
	_ "embed"
	"math/rand/v2"
	"slices"
	"strings"
)

//go:embed sentences.txt
var everyday string

// Sentences are what people say at home and hear in the news: those in which the word is not
// said.
func Sentences(word string) []string {
	var texts []string
	for text := range strings.Lines(everyday) {
		if text = strings.TrimSpace(text); !says(text, word) {
			texts = append(texts, text)
		}
	}
	return texts
}

// says reports whether all words of a phrase, one after another, are in a text.
func says(text, phrase string) bool {
	spaced := func(text string) string { return " " + strings.Join(words(text), " ") + " " }
	return strings.Contains(spaced(strings.NewReplacer(",", "", ".", "", "?", "", "!", "").Replace(text)), spaced(phrase))
}

// chatter is how many words a random text has, at most.
const chatter = 5

// Chatter makes n texts of one to five words of the dictionary, none of which is nearer to
// the word than one sound, or has it in it. The same seed gives the same.
func (d *Dictionary) Chatter(word string, n int, seed uint64) []string {
	ways := d.pronounce(word)
	var common []string
	for _, e := range d.entries {
		if plain(e.word) && d.inflections(e.word) >= 1 && apart(string(e.sounds), ways) {
			common = append(common, e.word)
		}
	}
	common = slices.Compact(common)
	random := rand.New(rand.NewPCG(seed, 1))
	var texts []string
	for len(common) > 0 && len(texts) < n {
		some := make([]string, 1+random.IntN(chatter))
		for i := range some {
			some[i] = common[random.IntN(len(common))]
		}
		if text := strings.Join(some, " "); d.apart(text, ways) {
			texts = append(texts, text)
		}
	}
	return texts
}

// apart reports whether none of the ways to say a text has the word in it.
func (d *Dictionary) apart(text string, ways [][]sound) bool {
	return !slices.ContainsFunc(d.pronounce(text), func(way []sound) bool { return !apart(string(way), ways) })
}
