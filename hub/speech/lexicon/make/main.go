// Make learns the rules from letters to sounds that come with the program, from nine
// tenths of the CMU Pronouncing Dictionary, and measures them with the rest:
//
//	go run ./hub/speech/lexicon/make -to hub/speech/lexicon/letters.bin
package main

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"vapd/hub/speech/lexicon"
)

func main() {
	from := flag.String("from", "/usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict", "the dictionary")
	to := flag.String("to", "", "the file to write")
	fewest := flag.Int("fewest", 3, "of how many words a rule is learned")
	flag.Parse()
	if err := run(*from, *to, *fewest); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(from, to string, fewest int) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("make: %w: install pocketsphinx-en-us", err)
	}
	var seen, held []entry
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		word := strings.ToLower(f[0])
		if strings.Trim(word, "abcdefghijklmnopqrstuvwxyz'") != "" {
			continue // a second pronunciation, or no word
		}
		if lexicon.Held(word) {
			held = append(held, entry{word, f[1:]})
		} else {
			seen = append(seen, entry{word, f[1:]})
		}
	}
	l := learn(seen, fewest)
	var b bytes.Buffer
	if err := l.Write(&b); err != nil {
		return err
	}
	rate, whole := measure(l, held)
	fmt.Printf("%d bytes; of %d words not seen, %.2f %% of phones are wrong, and %.1f %% of words are right\n", b.Len(), len(held), 100*rate, 100*whole)
	if to == "" {
		return nil
	}
	return os.WriteFile(to, b.Bytes(), 0o644)
}

func measure(l *lexicon.Letters, held []entry) (rate, whole float64) {
	wrong, all, right := 0, 0, 0
	for _, e := range held {
		d := lexicon.Distance(l.Phones(e.word), e.phones)
		wrong += d
		all += len(e.phones)
		if d == 0 {
			right++
		}
	}
	return float64(wrong) / float64(all), float64(right) / float64(len(held))
}

// entry is a word and how it is pronounced.
type entry struct {
	word   string
	phones []string
}

// learn aligns letters and sounds, and grows a tree for each letter.
func learn(words []entry, fewest int) *lexicon.Letters {
	sounds := align(words)
	l := &lexicon.Letters{Roots: map[byte]*lexicon.Node{}}
	examples := map[byte][]example{}
	ids := map[string]int{}
	for i, e := range words {
		for k := range sounds[i] {
			s := sounds[i][k]
			if _, ok := ids[s]; !ok {
				ids[s] = len(l.Sounds)
				l.Sounds = append(l.Sounds, s)
			}
			c := e.word[k]
			examples[c] = append(examples[c], example{e.word, k, ids[s]})
		}
	}
	for _, c := range slices.Sorted(maps.Keys(examples)) {
		l.Roots[c] = grow(examples[c], 0, fewest)
	}
	return l
}

// example is what a letter of a word sounds like.
type example struct {
	word  string
	at    int
	sound int
}

// grow makes the tree of examples. A branch that says nothing new is cut.
func grow(examples []example, depth, fewest int) *lexicon.Node {
	votes := map[int]int{}
	for _, x := range examples {
		votes[x.sound]++
	}
	best := -1
	for _, s := range slices.Sorted(maps.Keys(votes)) {
		if best < 0 || votes[s] > votes[best] {
			best = s
		}
	}
	n := &lexicon.Node{Sound: best, Next: map[byte]*lexicon.Node{}}
	if depth == lexicon.Depth || votes[best] == len(examples) {
		return n
	}
	by := map[byte][]example{}
	for _, x := range examples {
		c := lexicon.Around(x.word, x.at, depth)
		by[c] = append(by[c], x)
	}
	for c, some := range by {
		if len(some) < fewest {
			continue
		}
		if next := grow(some, depth+1, fewest); next.Sound != best || len(next.Next) > 0 {
			n.Next[c] = next
		}
	}
	return n
}
