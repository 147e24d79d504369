package malgo

import "time"

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
