package meter

import "math"

// Floor is the level of silence, in dBFS; no 16-bit signal lies below it.
const Floor = -100

// Level is how loud a channel was for a time.
type Level struct {
	// Peak and RMS are in dBFS, Floor to 0.
	Peak, RMS float64
	// Clipped is how many samples stood at full scale beside another one that did: the
	// top of a wave is cut off there.
	Clipped int
	// Frames is over how many frames was measured.
	Frames int
}

// Levels measures all channels of a stream.
type Levels struct {
	channels []channel
}

type channel struct {
	peak    int
	energy  float64
	clipped int
	frames  int
	full    bool // the sample before stood at full scale
}

// New makes Levels for interleaved samples of that many channels.
func New(channels int) *Levels { return &Levels{make([]channel, channels)} }

// Add measures whole frames. It allocates nothing.
func (l *Levels) Add(samples []int16) {
	n := len(l.channels)
	for i := range l.channels {
		l.channels[i].add(samples, i, n)
	}
}

func (c *channel) add(samples []int16, from, step int) {
	for i := from; i < len(samples); i += step {
		s := int(samples[i])
		c.energy += float64(s * s)
		if s = max(s, -s); s > c.peak {
			c.peak = s
		}
		full := s >= math.MaxInt16
		if full && c.full {
			c.clipped++
		}
		c.full = full
		c.frames++
	}
}

// Take appends the level of each channel since the last Take to dst and begins anew.
func (l *Levels) Take(dst []Level) []Level {
	for i := range l.channels {
		c := &l.channels[i]
		dst = append(dst, Level{
			Peak:    decibel(float64(c.peak) / (1 << 15)),
			RMS:     decibel(math.Sqrt(c.energy/float64(max(1, c.frames))) / (1 << 15)),
			Clipped: c.clipped,
			Frames:  c.frames,
		})
		*c = channel{full: c.full}
	}
	return dst
}

func decibel(ratio float64) float64 { return max(Floor, 20*math.Log10(ratio)) }

// Verdict is what is to be said about a channel, to the one who speaks into it.
type Verdict string

// The verdicts.
const (
	Good     Verdict = "good"
	NoSignal Verdict = "no signal" // not even noise: it is muted or not connected
	Quiet    Verdict = "too quiet"
	Clipping Verdict = "clipping"
)

// quiet is the peak below which speech is hard to understand, in dBFS.
const quiet = -40

// Judge judges the level of a few seconds in which somebody spoke.
func (l Level) Judge() Verdict {
	switch {
	case l.Clipped > 0:
		return Clipping
	case l.Peak <= Floor:
		return NoSignal
	case l.Peak < quiet:
		return Quiet
	}
	return Good
}
