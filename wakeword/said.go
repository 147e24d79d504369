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
	slope := math.Log(pack.DefaultEnrolledCutoff/(1-pack.DefaultEnrolledCutoff)) / (enroll.Strict - enroll.Threshold)
	return 1 / (1 + math.Exp(-slope*float64(score-enroll.Threshold)))
}

// said is an enrolled word as a model: its output is the certainty after each frame of the
// embedding.
type said struct {
	input   []int8
	shared  *embedder
	frames  int // taken of shared
	matcher enroll.Matcher
}

// embedder embeds the features of one stream, once for all enrolled words. Each of them
// takes all features, so that the first one to complete a frame can give it to all.
type embedder struct {
	ear    *enroll.Ear
	frame  enroll.Frame
	frames int
}

// newEmbedder makes one that has heard nothing yet.
func newEmbedder() (*embedder, error) {
	n, err := enroll.Default()
	if err != nil {
		return nil, err
	}
	return &embedder{ear: n.NewEar()}, nil
}

func newSaid(w *enroll.Word, shared *embedder) *said {
	const stride = enroll.StepMS / pack.DefaultStep
	return &said{input: make([]int8, stride*frontend.Channels), shared: shared, matcher: enroll.NewMatcher(w)}
}

// Input implements model.
func (s *said) Input() []int8 { return s.input }

// Invoke implements model.
func (s *said) Invoke() uint8 {
	if s.frames++; s.frames > s.shared.frames {
		s.shared.hear(s.input)
	}
	return uint8(math.Round(255 * Certainty(s.matcher.Hear(&s.shared.frame))))
}

// Reset implements model. All words of a stream are reset together.
func (s *said) Reset() {
	s.matcher.Reset()
	s.frames = 0
	s.shared.reset()
}

func (e *embedder) hear(features []int8) {
	e.frames++
	for ; len(features) > 0; features = features[frontend.Channels:] {
		e.ear.HearFeature((*[frontend.Channels]int8)(features), &e.frame)
	}
}

func (e *embedder) reset() {
	e.ear.Reset()
	e.frames = 0
}
