package people

import (
	"errors"
	"slices"

	"vapd/wakeword/speaker"
)

// What a person has to say before the voice is known.
const (
	leastPieces = 3
	// leastFrames are some six seconds of speech: how voices are told apart was measured
	// with eight seconds of sound.
	leastFrames = 200
	mostPieces  = 12
)

// ErrOther says that a piece sounds like somebody else than most of the pieces.
var ErrOther = errors.New("that sounds like somebody else, and is left out")

// Lesson gets to know a voice by pieces of speech.
type Lesson struct {
	model  *speaker.Model
	said   []speaker.Voice
	voices []speaker.Voice // those of said that are of one person
}

// NewLesson begins one.
func NewLesson(m *speaker.Model) *Lesson { return &Lesson{model: m} }

// Hear takes a recording, mono at 16 kHz, in pieces of a few seconds; some may be left out.
// It fails with speaker.ErrShort or ErrOther where no piece is of use.
func (l *Lesson) Hear(pcm []int16) error {
	pieces := speaker.Pieces(pcm)
	if len(pieces) == 0 {
		pieces = [][]int16{pcm}
	}
	var failed error
	took := false
	for _, piece := range pieces {
		v, err := l.model.Listen(piece)
		if err == nil {
			err = l.Take(v)
		}
		if took = took || err == nil; err != nil {
			failed = err
		}
	}
	if took {
		return nil
	}
	return failed
}

// Take takes the voice of one piece. It fails with ErrOther.
func (l *Lesson) Take(v speaker.Voice) error {
	l.said = append(l.said, v)
	l.voices = nil
	for _, one := range l.said {
		if like := l.like(one); len(like) > len(l.voices) {
			l.voices = like
		}
	}
	if !slices.Contains(l.voices, v) {
		return ErrOther
	}
	return nil
}

// like are the pieces that sound as one does.
func (l *Lesson) like(one speaker.Voice) (some []speaker.Voice) {
	for _, v := range l.said {
		if v == one || l.model.Logit(speaker.Person{Voices: []speaker.Voice{one}}, v) > 0 {
			some = append(some, v)
		}
	}
	return some
}

// Progress is how much of what is needed was said, 0 to 1.
func (l *Lesson) Progress() float64 {
	frames := 0
	for _, v := range l.voices {
		frames += v.Frames
	}
	return min(float64(len(l.voices))/leastPieces, float64(frames)/leastFrames, 1)
}

// Hopeless reports whether so much was said that more of it is of no use.
func (l *Lesson) Hopeless() bool { return l.Progress() < 1 && len(l.said) >= mostPieces }

// Voices are those that are of one person.
func (l *Lesson) Voices() []speaker.Voice { return l.voices }
