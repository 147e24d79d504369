package focus

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestClockTakesOffWhatWasDelayed(t *testing.T) {
	const skew = 90 * time.Second // the client's clock is slow
	at := start
	var c Clock
	if got := c.Earliest(time.Time{}, at); got != at.Add(-unseen) {
		t.Errorf("without a stamp: %v", got.Sub(at))
	}
	for _, delay := range []time.Duration{20, 25, 20} {
		c.Earliest(at.Add(-skew), at.Add(delay*time.Millisecond))
	}
	if got := c.Earliest(at.Add(-skew), at.Add(1800*time.Millisecond)); got != at.Add(20*time.Millisecond) {
		t.Errorf("a packet that was late by 1.78 s is taken for %v", got.Sub(at))
	}
	// The clock is set right: nothing is known of the next wake's delay.
	if got := c.Earliest(at, at.Add(30*time.Millisecond)); got != at.Add(30*time.Millisecond-unseen) {
		t.Errorf("after the clock was set: %v", got.Sub(at))
	}
}

// Whatever a clock says, what is made of it lies in the time before the arrival in which
// the wake may have been.
func TestClockIsNeverFarOff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Clock
		for range rapid.IntRange(1, 30).Draw(t, "wakes") {
			arrived := start.Add(time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "arrived")))
			stamp := arrived.Add(time.Duration(rapid.Int64Range(-1e15, 1e15).Draw(t, "clock")))
			if late := arrived.Sub(c.Earliest(stamp, arrived)); late <= 0 || late > clockStep {
				t.Fatalf("a wake is taken to be %v before its arrival", late)
			}
		}
	})
}
