package speaker

import (
	"errors"
	"math"
	"slices"

	"vapd/wakeword/enroll"
)

// ErrShort says that there is too little speech to know a voice by.
var ErrShort = errors.New("speaker: there is less than half a second of speech")

// shortest is how many frames of speech make a voice.
const shortest = 17

// Listen is the voice in a recording, mono at 16 kHz.
func (m *Model) Listen(pcm []int16) (Voice, error) {
	l := m.NewListener()
	l.Write(pcm)
	return l.Voice()
}

// Listener hears a voice while somebody speaks. Writing allocates nothing.
type Listener struct {
	model   *Model
	ear     *enroll.Ear
	frame   enroll.Frame
	phones  [enroll.Phones]float32
	cepstra [values]float32
	heard   statistics
}

// NewListener makes a Listener.
func (m *Model) NewListener() *Listener { return &Listener{model: m, ear: m.network.NewEar()} }

// Write hears the next samples, mono at 16 kHz.
func (l *Listener) Write(pcm []int16) {
	l.each(pcm, func() { l.heard.add(&l.model.numbers, l.phones[:], &l.cepstra) })
}

// Voice is whose voice it was, once all is written; it fails with ErrShort.
func (l *Listener) Voice() (Voice, error) {
	s := l.finish()
	if s.frames < shortest {
		return Voice{}, ErrShort
	}
	y, _ := l.model.factors(s)
	return l.model.voice(y, s.frames), nil
}

// finish is what was heard, once all is written.
func (l *Listener) finish() *statistics {
	var silence [late]int16
	l.Write(silence[:])
	return &l.heard
}

// late is how many samples the network hears before it says a phone.
const late = 250 * 16

// each calls do with every frame that the next samples end.
func (l *Listener) each(pcm []int16, do func()) {
	for len(pcm) > 0 {
		taken, _, ok := l.ear.Hear(pcm, &l.frame)
		if pcm = pcm[taken:]; ok {
			l.ear.Sound(&l.phones, &l.cepstra)
			do()
		}
	}
}

// Person is somebody whose voice is known, from a few sentences or the examples of a word.
type Person struct {
	Name   string
	Voices []Voice
}

// Hint is who may have spoken: Confidence is how likely, from 0 to 1, that it was Speaker
// and nobody else, known or not.
type Hint struct {
	Speaker    string
	Confidence float64
}

// Who is which of some people a voice is of most likely; the zero Hint where there is
// nobody. That it is of none of them is taken for as likely as of each.
func (m *Model) Who(people []Person, heard Voice) (h Hint) {
	scores := []float64{0} // of a stranger
	for _, p := range people {
		if len(p.Voices) == 0 {
			continue
		}
		score := m.Logit(p, heard)
		if h.Speaker == "" || score > slices.Max(scores[1:]) {
			h.Speaker = p.Name
		}
		scores = append(scores, score)
	}
	if h.Speaker == "" {
		return Hint{}
	}
	sum, best := 0.0, slices.Max(scores[1:])
	for _, s := range scores {
		sum += math.Exp(s - best)
	}
	h.Confidence = 1 / sum
	return h
}

// Logit is how likely it is that a person of whom there is a voice said what was heard, as
// the logarithm of the odds, where that and a stranger are as likely before.
func (m *Model) Logit(known Person, heard Voice) float64 {
	return float64(m.Calibration[0])*m.ratio(known.Voices, heard) + float64(m.Calibration[1])
}
