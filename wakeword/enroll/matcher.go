package enroll

// Matcher scores what an Ear hears against one word, so that many words share the Ear. It is
// for one goroutine.
type Matcher struct{ matcher *matcher }

// NewMatcher makes a Matcher that has heard nothing yet.
func NewMatcher(w *Word) Matcher { return Matcher{newMatcher(w)} }

// Hear takes the next frame and returns the score of what was heard lately, in standard
// deviations (see Spotter.Process). It does not allocate.
func (m Matcher) Hear(f *Frame) float32 { return m.matcher.hear(f) }

// Reset makes m as it was at first.
func (m Matcher) Reset() { m.matcher.reset() }

// Lag is by how many samples a frame lies behind the last sample that the Ear took for it.
const Lag = lag

// Seconds is how long the examples are on average, without the silence around them.
func (w *Word) Seconds() float64 {
	frames := 0
	for _, t := range w.templates {
		frames += len(t)
	}
	return float64(frames*StepMS) / 1000 / float64(max(1, len(w.templates)))
}
