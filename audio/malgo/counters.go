//go:build cgo && linux

package malgo

import (
	"sync/atomic"
	"time"
)

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
