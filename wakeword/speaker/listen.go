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
	s := m.hear(pcm)
	if s.frames < shortest {
		return Voice{}, ErrShort
	}
	y, _ := m.factors(s)
	return m.voice(y, s.frames), nil
}

func (m *Model) hear(pcm []int16) *statistics {
	s := new(statistics)
	sounds(m.network, pcm, func(phones *[enroll.Phones]float32, cepstra *[values]float32) {
		s.add(&m.numbers, phones[:], cepstra)
	})
	return s
}

// sounds calls each with the frames of a recording.
func sounds(n *enroll.Network, pcm []int16, each func(phones *[enroll.Phones]float32, cepstra *[values]float32)) {
	var (
		frame   enroll.Frame
		phones  [enroll.Phones]float32
		cepstra [values]float32
	)
	ear := n.NewEar()
	const late = 250 * 16 // samples: the network hears so much before it says a phone
	for _, samples := range [][]int16{pcm, make([]int16, late)} {
		for len(samples) > 0 {
			taken, _, ok := ear.Hear(samples, &frame)
			if samples = samples[taken:]; ok {
				ear.Sound(&phones, &cepstra)
				each(&phones, &cepstra)
			}
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
