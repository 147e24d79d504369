package wakeword

import (
	"math"

	"vapd/wakeword/enroll"
	"vapd/wakeword/frontend"
	"vapd/wakeword/pack"
)

// Certainty is the score of an enrolled word, in standard deviations, on the scale of other
// words' scores, 0 to 1: 0.5 at enroll.Threshold, 0.9 at enroll.Strict, and by a logistic
// function between and beyond.
func Certainty(score float32) float64 {
	slope := math.Log(strict/(1-strict)) / (enroll.Strict - enroll.Threshold)
	return 1 / (1 + math.Exp(-slope*float64(score-enroll.Threshold)))
}

const strict = 0.9 // what enroll.Strict is

// said is an enrolled word as a model: its output is the certainty after each frame of an
// embedder, which hears the same features.
type said struct {
	input   []int8 // not used, but it is fed as others are, and so in step with the embedder
	frame   *enroll.Frame
	matcher enroll.Matcher
}

// Input implements model.
func (s *said) Input() []int8 { return s.input }

// Invoke implements model.
func (s *said) Invoke() uint8 { return uint8(math.Round(255 * Certainty(s.matcher.Hear(s.frame)))) }

// Reset implements model.
func (s *said) Reset() { s.matcher.Reset() }

// embedder embeds the features of one stream, for all enrolled words in it.
type embedder struct {
	ear   *enroll.Ear
	frame enroll.Frame // the newest
}

// said makes the model of a word, and the embedder before the first one.
func (e *embedder) said(w *enroll.Word) (*said, error) {
	if e.ear == nil {
		n, err := enroll.Default()
		if err != nil {
			return nil, err
		}
		e.ear = n.NewEar()
	}
	const stride = enroll.StepMS / pack.DefaultStep
	return &said{make([]int8, stride*frontend.Channels), &e.frame, enroll.NewMatcher(w)}, nil
}

// hear takes the feature that a frontend has just computed, before the words do.
func (e *embedder) hear(by *frontend.Frontend, feature *frontend.Feature) {
	if e.ear != nil {
		e.ear.HearFeature(by, feature, &e.frame)
	}
}

func (e *embedder) reset() {
	if e.ear != nil {
		e.ear.Reset()
	}
}
