package guide

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"vapd/wakeword/enroll"
)

// How many examples a word is made of.
const (
	Fewest = 3
	Most   = 5
)

// Why an example is refused, besides what enroll.Network.Listen says. The errors of
// Examples.Add say what to do.
var (
	ErrNoisy  = errors.New("there is much noise behind the word")
	ErrUnlike = errors.New("the examples don't sound alike")
)

// unlike is the score below which an example is not of the word that the others are of. One's
// own voice lends other words a higher score than another's has, so that it lies between
// the thresholds: of words of two digits, 95 % of wrong examples are below it, and 8 % of
// good ones.
const unlike = (enroll.Threshold + enroll.Strict) / 2

// contrast is by how much a word is above the room at least, in decibels.
const contrast = 12

// Examples are those of one word, as they come.
type Examples struct {
	network    *enroll.Network
	templates  []enroll.Template
	recordings [][]int16
	word       *enroll.Word // of all
	least      float32      // score of the one that is least like the others
}

// NewExamples begins with none.
func NewExamples(n *enroll.Network) *Examples { return &Examples{network: n} }

// Recordings are those of the examples.
func (e *Examples) Recordings() [][]int16 { return e.recordings }

// Word is the word of the examples so far; nil of none.
func (e *Examples) Word() *enroll.Word { return e.word }

// Len is how many there are.
func (e *Examples) Len() int { return len(e.templates) }

// Sure reports whether each example would be heard by the others, where there is no second
// look.
func (e *Examples) Sure() bool { return len(e.templates) >= Fewest && e.least > enroll.Strict }

// Add takes a recording of the word, mono at 16 kHz. From the third one on, the example that
// is least like the others is left out where it is not of their word: the new one, or an
// older one.
func (e *Examples) Add(pcm []int16) error {
	t, err := e.network.Listen(pcm)
	if err != nil {
		return err
	}
	if above(pcm) < contrast {
		return fmt.Errorf("guide: %w: come nearer, or wait until it is quiet", ErrNoisy)
	}
	templates := append(slices.Clip(e.templates), t)
	w, err := e.network.NewWord(templates)
	if err != nil {
		return err
	}
	i, least := w.Unlike()
	if len(templates) >= Fewest && least < unlike {
		if i == len(templates)-1 {
			return fmt.Errorf("guide: %w: this one is not like those before: say the word as you did then", ErrUnlike)
		}
		e.recordings = append(slices.Delete(e.recordings, i, i+1), pcm)
		if err := e.set(slices.Delete(templates, i, i+1)); err != nil {
			return err
		}
		return fmt.Errorf("guide: %w: example %d is not like the others and is left out: say the word once more", ErrUnlike, i+1)
	}
	e.templates, e.recordings, e.word, e.least = templates, append(e.recordings, pcm), w, least
	return nil
}

// brief is how long a word should be at least, in seconds.
const brief = 0.45

// Remarks are what may be wrong with the word itself. near, if not nil, says which other
// words an example is taken for.
func (e *Examples) Remarks(near func(pcm []int16) []string) (remarks []string) {
	if s := e.word.Seconds(); s < brief {
		remarks = append(remarks, fmt.Sprintf("the word takes %.1f s only. Short ones are taken for others more often: three syllables or more are better", s))
	}
	var others []string
	for _, pcm := range e.recordings {
		if near != nil {
			others = append(others, near(pcm)...)
		}
	}
	slices.Sort(others)
	for _, other := range slices.Compact(others) {
		remarks = append(remarks, fmt.Sprintf("it sounds like %q, which listens here as well: each may be taken for the other. Another word is better", other))
	}
	if e.least <= enroll.Strict {
		remarks = append(remarks, "the examples differ: the word may be missed now and then")
	}
	return remarks
}

func (e *Examples) set(templates []enroll.Template) (err error) {
	e.templates = templates
	if e.word, err = e.network.NewWord(templates); err == nil {
		_, e.least = e.word.Unlike()
	}
	return err
}

// above is by how many decibels the loudest 0.2 s are above the quietest 0.05 s.
func above(pcm []int16) float64 {
	const block = 160
	powers := make([]float64, 0, len(pcm)/block)
	for ; len(pcm) >= block; pcm = pcm[block:] {
		sum := 1.0 // what rounding to whole samples leaves, and more
		for _, v := range pcm[:block] {
			sum += float64(v) * float64(v) / block
		}
		powers = append(powers, sum)
	}
	mean := func(i, n int) (sum float64) {
		for _, p := range powers[i:min(len(powers), i+n)] {
			sum += p
		}
		return sum / float64(n)
	}
	loudest, quietest := 1.0, math.MaxFloat64
	for i := range powers {
		loudest = max(loudest, mean(i, 20))
		if i+5 <= len(powers) {
			quietest = min(quietest, mean(i, 5))
		}
	}
	return 10 * math.Log10(loudest/quietest)
}
