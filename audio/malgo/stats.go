package malgo

import (
	"sync/atomic"
	"time"

	"vapd/audio"
)

// Stats counts what a Device did and what went wrong, over all of its runs.
type Stats struct {
	// Opens is how often the PCM was opened by Run.
	Opens int64
	// Captured and Played are frames that passed through process.
	Captured, Played int64
	// Overruns is how often captured sound was lost because process was late, and Lost
	// how many frames that cost, both by comparing frames with the clock.
	Overruns, Lost int64
	// Stalls is how often the PCM delivered nothing for Config.Stall.
	Stalls int64
	// LongestGap is the longest time between two blocks of one run.
	LongestGap time.Duration
}

// counters are Stats as the device thread counts and anyone reads them.
type counters struct {
	opens, captured, played, overruns, lost, stalls, longestGap atomic.Int64
}

func (c *counters) stats() Stats {
	return Stats{
		Opens:      c.opens.Load(),
		Captured:   c.captured.Load(),
		Played:     c.played.Load(),
		Overruns:   c.overruns.Load(),
		Lost:       c.lost.Load(),
		Stalls:     c.stalls.Load(),
		LongestGap: time.Duration(c.longestGap.Load()),
	}
}

// gapCounter finds captured frames that never came. Blocks that are late come all the
// same, in a burst; lost ones leave the count of frames behind the clock for good. So
// the smallest lag within a window is what tells: it follows a clock that is not quite
// right, and it jumps at a loss.
type gapCounter struct {
	rate   audio.SampleRate
	limit  int64 // frames: a smaller jump is the clocks' difference
	start  time.Duration
	frames int64 // since start
	began  bool

	windowEnd time.Duration
	smallest  int64 // lag of the window
	baseline  int64 // of the window before
	settled   bool  // there was a window before
}

// window is long against the jitter of blocks, short against the drift of clocks.
const window = time.Second

// add counts a block of frames that has come at now, a time since any fixed moment. It
// reports how many frames are found lost, mostly none.
func (g *gapCounter) add(now time.Duration, frames int) (lost int64) {
	if !g.began {
		g.began, g.start, g.windowEnd = true, now, now+window
		g.smallest = 1 << 62
		return 0 // its frames were captured before start
	}
	g.frames += int64(frames)
	lag := int64(g.rate.Frames(now-g.start)) - g.frames
	g.smallest = min(g.smallest, lag)
	if now < g.windowEnd {
		return 0
	}
	if jump := g.smallest - g.baseline; g.settled && jump > g.limit {
		lost = jump
	}
	g.baseline, g.settled = g.smallest, true
	g.smallest, g.windowEnd = 1<<62, now+window
	return lost
}
