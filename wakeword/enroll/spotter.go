package enroll

import "math"

// hold is for how many frames the end of a template's path counts: the paths of all do not
// end at the same time.
const hold = 10

// matcher scores what is heard against a word, frame by frame.
type matcher struct {
	word   *Word
	warps  [][parts]*warp
	scores [][hold]float32 // of each template, the latest ones
	at     int
}

func newMatcher(w *Word) *matcher {
	m := &matcher{word: w, scores: make([][hold]float32, len(w.templates))}
	for _, t := range w.templates {
		m.warps = append(m.warps, [parts]*warp{newWarp(t, 0), newWarp(t, 1)})
	}
	m.reset()
	return m
}

func (m *matcher) reset() {
	for i, w := range m.warps {
		for _, part := range w {
			part.reset()
		}
		for k := range m.scores[i] {
			m.scores[i][k] = -math.MaxFloat32
		}
	}
}

// hear takes the next frame. The score is how far what was heard lately is below the
// costs of other speech, in standard deviations: the mean over the parts of frames, and
// over the two templates that are most like it.
func (m *matcher) hear(f *Frame) float32 {
	best, second := float32(-math.MaxFloat32), float32(-math.MaxFloat32)
	for i, w := range m.warps {
		score := float32(0)
		for of, part := range w {
			u := &m.word.usual[i][of]
			score += (u.mean - part.hear(f)) / u.dev / parts
		}
		m.scores[i][m.at] = score
		top := m.scores[i][0]
		for _, s := range m.scores[i][1:] {
			top = max(top, s)
		}
		if top > best {
			best, second = top, best
		} else {
			second = max(second, top)
		}
	}
	if m.at++; m.at == hold {
		m.at = 0
	}
	if len(m.warps) == 1 {
		return best
	}
	return best/2 + second/2
}

// Spotter listens for one word. It is for one goroutine.
type Spotter struct {
	ear     *Ear
	matcher *matcher
	frame   Frame
}

// NewSpotter makes a Spotter that has heard nothing yet.
func (n *Network) NewSpotter(w *Word) *Spotter {
	return &Spotter{ear: n.NewEar(), matcher: newMatcher(w)}
}

// Reset makes s as it was at first.
func (s *Spotter) Reset() {
	s.ear.Reset()
	s.matcher.reset()
}

// Process listens to the samples that follow, mono at 16 kHz, and returns the highest score
// since the last call; ok is false where no frame was completed. The word was said where
// the score is above Threshold. It does not allocate after the first frame.
func (s *Spotter) Process(samples []int16) (score float32, ok bool) {
	score = -math.MaxFloat32
	for len(samples) > 0 {
		taken, _, has := s.ear.Hear(samples, &s.frame)
		samples = samples[taken:]
		if has {
			score, ok = max(score, s.matcher.hear(&s.frame)), true
		}
	}
	return score, ok
}

// Threshold is the score above which a word was said, where something else speaks for it
// too: that of the equal error across speakers. For listening all day take Strict, which
// other speech passes about twice in an hour without a pause (see docs/enrolment.md).
const (
	Threshold = 1.15
	Strict    = 2.35
)
