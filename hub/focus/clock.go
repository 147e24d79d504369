package focus

import (
	"slices"
	"time"
)

// Clock relates the clock of a client to the hub's. The least of the latest distances
// between stamp and arrival is the client's skew plus the delay that can't be seen;
// what a stamp arrives later than that was delayed on the way, by a repeated packet for
// instance, or its clock was set meanwhile. So a wrong clock does no harm, and a right one
// gains.
type Clock struct{ distances []time.Duration }

const (
	clockMemory = 8
	// clockStep is a change of distance that is a clock that was set, not a delay.
	clockStep = 2 * time.Second
	// unseen is how long a bid may have been on its way without being seen to: a stamp may
	// come from a clock that was just set. Nobody says a wake word twice within it.
	unseen = time.Second
)

// Earliest is the hub's time at which a wake was, at the earliest, that the client stamped
// (zero: it did not) and that arrived at the given time.
func (c *Clock) Earliest(stamp, arrived time.Time) time.Time {
	if stamp.IsZero() {
		return arrived.Add(-unseen)
	}
	d := arrived.Sub(stamp)
	if len(c.distances) > 0 && (d-slices.Min(c.distances)).Abs() > clockStep {
		c.distances = c.distances[:0]
	}
	delay := unseen
	if len(c.distances) > 0 {
		delay = max(unseen, d-slices.Min(c.distances))
	}
	if len(c.distances) == clockMemory {
		c.distances = slices.Delete(c.distances, 0, 1)
	}
	c.distances = append(c.distances, d)
	return arrived.Add(-delay)
}
