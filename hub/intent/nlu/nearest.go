package nlu

import (
	"strings"
	"unicode/utf8"
)

// mostHeard is how many values the words of a sentence are compared with: there is no
// time for more.
const mostHeard = 100_000

// alikeSound is how sure a value is that sounds as what was heard.
const alikeSound = 0.75

// nearest is the listed value that is most like the words from i to j: at most one letter
// in four differs, or the consonants sound the same. sure is 1 less the share of letters
// that differ. Borders between words don't count ("living room", "livingroom").
func (g *gazetteer) nearest(s *sentence, i, j int) (v *known, sure float64) {
	if j-i > longestValue {
		return nil, 0
	}
	at := stretch{g, i, j}
	if old, ok := s.near[at]; ok {
		return old.value, old.sure
	}
	if s.heard += len(g.order); s.heard > mostHeard {
		return nil, 0
	}
	if s.near == nil {
		s.near = make(map[stretch]guess)
	}
	defer func() { s.near[at] = guess{v, sure} }()
	words := make([]string, 0, j-i)
	for _, t := range s.tokens[i:j] {
		words = append(words, t.Text)
	}
	said, sound := strings.Join(words, ""), g.sound(words)
	for k, key := range g.order {
		want := g.spelled[k]
		letters := max(utf8.RuneCountInString(said), utf8.RuneCountInString(want))
		near := 0.0
		if d := distance(said, want, letters/4); d <= letters/4 {
			near = 1 - float64(d)/float64(letters)
		}
		if sound != "" && sound == g.sounds[k] {
			near = max(near, alikeSound)
		}
		if near > sure {
			v, sure = g.values[key], near
		}
	}
	return v, sure
}

// distance is how many letters have to be changed, added, left out or exchanged with
// their neighbour to make b of a (optimal string alignment); more than most where it is
// more than most.
func distance(a, b string, most int) int {
	x, y := []rune(a), []rune(b)
	if d := len(x) - len(y); d > most || -d > most {
		return most + 1
	}
	before, above, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > most {
			return most + 1
		}
		before, above, row = above, row, before
	}
	return above[len(y)]
}
