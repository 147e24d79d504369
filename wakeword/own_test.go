package wakeword

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"vapd/audio"
	"vapd/internal/figure"
	"vapd/internal/sharedtest"
	"vapd/wakeword/enroll"
	"vapd/wakeword/enroll/trial"
	"vapd/wakeword/train/corpus"
)

// own are the recordings of a speaker's words, each of two digits.
type own struct {
	word  Word
	tries [][]int16
}

const (
	ownTries = 10
	step     = 3 // from the first digit of a word to the second
)

// ownWords enrolls ten words of each speaker of the digits, with three examples.
func ownWords(b *testing.B, all corpus.Set) (words map[string][]own) {
	digits := make(map[string][][]int16)
	names := []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
	speakers := make(map[string]bool)
	for _, c := range trial.Digits(all) {
		name := c.Speaker + c.Word
		if speakers[c.Speaker] = true; len(digits[name]) == 3+ownTries {
			continue
		}
		pcm, err := corpus.Read(c.Path)
		if err != nil {
			b.Fatal(err)
		}
		digits[name] = append(digits[name], pcm)
	}
	n, err := enroll.Default()
	if err != nil {
		b.Fatal(err)
	}
	words = make(map[string][]own)
	for speaker := range speakers {
		for i := range names {
			first, second := names[i], names[(i+step)%len(names)]
			var o own
			var examples []enroll.Template
			for k := range 3 + ownTries {
				pcm := slices.Concat(digits[speaker+first][k], digits[speaker+second][k])
				t, err := n.Listen(pcm)
				if err == nil && len(examples) < 3 {
					examples = append(examples, t)
				} else {
					o.tries = append(o.tries, pcm)
				}
			}
			w, err := n.NewWord(examples)
			if err != nil {
				b.Fatal(err)
			}
			o.word = enrolledWord(b, speaker+"_"+first+"_"+second, w)
			words[speaker] = append(words[speaker], o)
		}
	}
	return words
}

// BenchmarkEnrolledAllDay is how good an enrolled word is that listens alone, at the cutoff
// that it has: the person's own word missed, other words of that person heard, and other
// people's speech.
func BenchmarkEnrolledAllDay(b *testing.B) {
	all, err := corpus.Load(sharedtest.Path(b, "audio", "wake"))
	if err != nil {
		b.Fatal(err)
	}
	var said, missed, others, crossed int
	var together []Word
	for _, words := range ownWords(b, all) {
		for i, o := range words {
			together = append(together, o.word)
			s, err := NewScorer(o.word.Pack)
			if err != nil {
				b.Fatal(err)
			}
			hears := func(pcm []int16) bool {
				s.Reset()
				n, err := s.Judge(s.Process(slices.Concat(room(24000), pcm, room(8000)), nil), 0)
				if err != nil {
					b.Fatal(err)
				}
				return n > 0
			}
			for k := range words {
				if k == i || (k+step)%len(words) == i || (i+step)%len(words) == k {
					continue // they share a digit
				}
				for _, pcm := range words[k].tries[:3] {
					if others++; hears(pcm) {
						crossed++
					}
				}
			}
			for _, pcm := range o.tries {
				if said++; !hears(pcm) {
					missed++
				}
			}
		}
	}
	d, err := New(together)
	if err != nil {
		b.Fatal(err)
	}
	_, speech := trial.Across(all)
	at, heard := start(), 0
	var events []Event
	for _, c := range speech {
		pcm, err := corpus.Read(c.Path)
		if err != nil {
			b.Fatal(err)
		}
		events = d.Process(at, pcm, events[:0])
		for _, e := range events {
			if e.Kind == Detected {
				heard++
			}
		}
		at = at.Add(int64(len(pcm)))
	}
	hours := audio.WakeRate.Duration(at.Frame).Hours()
	fmt.Printf("%d of %d missed, %d of %d other words heard, %d words heard %d times in %.2f hours of speech\n",
		missed, said, crossed, others, len(together), heard, hours)
	for name, percent := range map[string]float64{
		"enroll_bare_missed_percent": 100 * float64(missed) / float64(said),
		"enroll_bare_cross_percent":  100 * float64(crossed) / float64(others),
	} {
		if err := figure.Print(os.Stdout, name, percent, "percent"); err != nil {
			b.Fatal(err)
		}
	}
	if err := figure.Print(os.Stdout, "enroll_bare_accepts_per_hour", float64(heard)/hours/float64(len(together)), "per_hour"); err != nil {
		b.Fatal(err)
	}
}
