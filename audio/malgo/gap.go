package malgo

import (
	"time"

	"vapd/audio"
)

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
