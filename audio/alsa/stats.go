package alsa

import (
	"sync/atomic"
	"time"
)

// Stats counts what a Device did and what went wrong, over all of its runs.
type Stats struct {
	// Opens is how often the hardware was opened by Run.
	Opens int64
	// Captured and Played are frames that passed through process.
	Captured, Played int64
	// Overruns is how often captured sound was lost because process was late.
	Overruns int64
	// Lost is how many captured frames the overruns cost, estimated by the clock.
	Lost int64
	// Underruns is how often the speaker ran dry because process was late.
	Underruns int64
	// Dropped is how many frames were not played since the speaker's buffer was full:
	// its clock is slower than the microphone's.
	Dropped int64
	// Suspends is how often the machine slept while the device ran.
	Suspends int64
	// Stalls is how often the hardware delivered nothing for Config.Stall.
	Stalls int64
	// LongestGap is the longest time between two blocks of one run.
	LongestGap time.Duration
}

// counters are Stats as the device thread counts and anyone reads them.
type counters struct {
	opens, captured, played            atomic.Int64
	overruns, lost, underruns, dropped atomic.Int64
	suspends, stalls, longestGap       atomic.Int64
}

func (c *counters) stats() Stats {
	return Stats{
		Opens:      c.opens.Load(),
		Captured:   c.captured.Load(),
		Played:     c.played.Load(),
		Overruns:   c.overruns.Load(),
		Lost:       c.lost.Load(),
		Underruns:  c.underruns.Load(),
		Dropped:    c.dropped.Load(),
		Suspends:   c.suspends.Load(),
		Stalls:     c.stalls.Load(),
		LongestGap: time.Duration(c.longestGap.Load()),
	}
}

// gap is for the device thread only, which is the one writer.
func (c *counters) gap(d time.Duration) {
	if int64(d) > c.longestGap.Load() {
		c.longestGap.Store(int64(d))
	}
}
