package guide

import (
	"slices"

	"vapd/wakeword/enroll"
)

// Utterance is what was said between two pauses.
type Utterance struct {
	// PCM is the sound, mono at 16 kHz, with 0.3 s of the room before and after.
	PCM []int16
	// Long: it went on for more than 3 s, and PCM is empty.
	Long bool
}

const (
	frame  = 16 * enroll.StepMS // samples
	margin = 4800               // samples of the room that an utterance keeps on each side
	settle = 16000              // samples in which the features settle, and nothing is found
	onset  = 3                  // frames of speech in a row that begin an utterance
	ending = 20                 // frames without speech that end it: 0.6 s
	limit  = 48000              // samples
	keeps  = 16000              // samples of the past that are at hand while nobody speaks
)

// Cutter finds utterances in a stream, by the network that enrolled words are embedded with.
// It is for one goroutine.
type Cutter struct {
	ear   *enroll.Ear
	frame enroll.Frame
	past  []int16 // the newest samples
	pos   int     // samples since the reset, and the end of past
	run   int     // frames that speak for a change, in a row
	start int     // of the utterance, in samples since the reset; -1: nobody speaks
	long  bool    // it was too long, and its end is awaited
}

// NewCutter makes a Cutter that has heard nothing yet.
func NewCutter(n *enroll.Network) *Cutter { return &Cutter{ear: n.NewEar(), start: -1} }

// Reset makes c as it was at first.
func (c *Cutter) Reset() {
	c.ear.Reset()
	c.past = c.past[:0]
	c.pos, c.run, c.start, c.long = 0, 0, -1, false
}

// Speaking reports whether an utterance has begun that did not end yet.
func (c *Cutter) Speaking() bool { return c.start >= 0 }

// Process takes samples, mono at 16 kHz, up to the end of an utterance, and returns how many
// it took; ok says that u is one.
func (c *Cutter) Process(samples []int16) (taken int, u Utterance, ok bool) {
	for taken < len(samples) && !ok {
		n, silence, has := c.ear.Hear(samples[taken:], &c.frame)
		c.keep(samples[taken:][:n])
		if taken += n; has {
			u, ok = c.judge(silence <= 0.5)
		}
	}
	return taken, u, ok
}

func (c *Cutter) keep(samples []int16) {
	c.past = append(c.past, samples...)
	c.pos += len(samples)
	if (c.start < 0 || c.long) && len(c.past) > 2*keeps {
		c.past = slices.Delete(c.past, 0, len(c.past)-keeps)
	}
}

// judge takes the next frame.
func (c *Cutter) judge(speech bool) (u Utterance, ok bool) {
	if c.pos < settle {
		return u, false
	}
	speaking := c.Speaking()
	if c.run++; speech == speaking {
		c.run = 0
	}
	heard := c.pos - enroll.Lag // what the frame is of
	switch {
	case !speaking && c.run == onset:
		c.start, c.run, c.long = max(0, heard-onset*frame), 0, false
	case speaking && c.run == ending:
		if !c.long {
			u, ok = Utterance{PCM: c.cut(c.start-margin, heard-ending*frame+margin)}, true
		}
		c.start, c.run = -1, 0
	case speaking && !c.long && heard-c.start > limit:
		c.long = true
		return Utterance{Long: true}, true
	}
	return u, ok
}

// cut copies what is at hand of a part of the stream.
func (c *Cutter) cut(from, to int) []int16 {
	begin := c.pos - len(c.past)
	return slices.Clone(c.past[max(0, from-begin):max(0, to-begin)])
}
