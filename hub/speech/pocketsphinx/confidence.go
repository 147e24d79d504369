//go:build !vapd_nodl

package pocketsphinx

import (
	"math"
	"slices"
	"strings"
)

// segment is a word or a phone, and where it was found.
type segment struct {
	name     string
	from, to int // frames of 10 ms
	acoustic float64
}

// isWord tells a word, which may be a pronunciation of several ("the(2)"), from silence
// ("<sil>"), noise ("[NOISE]"), and steps between states ("(NULL)").
func (s segment) isWord() bool {
	return s.to > s.from && s.from >= 0 && s.name != "" && !strings.ContainsRune("<[(", rune(s.name[0]))
}

// leastConfidence is the confidence from which on speech is accepted. Of 313 orders for
// coffee 2 have less, and of 482 other recordings, searched for orders or for today's
// sentences, 3 have more; see docs/speech.md.
const leastConfidence = -23

// The mean of half a second of speech is not that of a voice, so that "help" fits badly
// whoever says it. What is said briefly, in briefly frames at most, is accepted from
// leastOfTwo on where the decoder that follows, whose mean is another one, has heard the same.
const (
	briefly    = 130
	leastOfTwo = -40
)

// noConfidence is that of what is no sentence. Of what is one it is never as low.
const noConfidence = -1000

// spoken is how many frames of phones are speech.
func spoken(phones []segment) (n int) {
	for _, p := range phones {
		if p.isWord() && p.name != "SIL" && p.name[0] != '+' {
			n += p.to - p.from
		}
	}
	return n
}

// covers reports whether words are as much as is loud. A search may take the rest for silence:
// then a few words fit well into the middle of a long sentence. Of 78 orders for coffee, in the
// noise of a kitchen 15 dB below them, words are 1.07 times what is loud at least; phones are
// found in the noise, too, so that they can't be counted.
func covers(words []segment, loud int) bool {
	n := 0
	for _, w := range words {
		if w.isWord() {
			n += w.to - w.from
		}
	}
	return n > 0 && n >= loud
}

const (
	// frame is one of 10 ms, in samples.
	frame = 160
	// loudDepth is how far below the loudest twentieth frames are loud, in decibels: about
	// half of those of speech, and none of a noise that does not drown it.
	loudDepth = 12
)

// loud is how many frames are loud.
func loud(samples []int16) (n int) {
	power := make([]float64, len(samples)/frame)
	for i := range power {
		for _, s := range samples[i*frame : (i+1)*frame] {
			power[i] += float64(s) * float64(s)
		}
	}
	if len(power) == 0 {
		return 0
	}
	loudest := slices.Sorted(slices.Values(power))[len(power)*19/20]
	least := loudest * math.Pow(10, -loudDepth/10.0)
	for _, p := range power {
		if p > least {
			n++
		}
	}
	return n
}

// confidence is how well words fit what was heard, compared with phones in any order
// (a phone loop): the mean, over the frames of words, of the difference of the logarithms
// of the acoustic likelihoods, in the library's unit. It is about -5 for what is a
// sentence, and -40 for what is none. Pauses don't count: they fit always.
//
// Both searches set the best of the states that they look at to zero in each frame. A
// search of sentences that nobody said looks at states that all fit badly, so the
// difference is smaller than that of likelihoods; it tells as much, at a third of the time
// that all states would take.
func confidence(words, phones []segment) float64 {
	end := 0
	for _, p := range phones {
		end = max(end, p.to)
	}
	loop := make([]float64, end)
	for _, p := range phones {
		for i := max(p.from, 0); i < p.to; i++ {
			loop[i] = p.acoustic / float64(p.to-p.from)
		}
	}
	sum, frames := 0.0, 0
	for _, w := range words {
		if !w.isWord() {
			continue
		}
		sum += w.acoustic
		for i := w.from; i < min(w.to, end); i++ {
			sum -= loop[i]
		}
		frames += w.to - w.from
	}
	if frames == 0 {
		return noConfidence
	}
	return sum / float64(frames)
}
