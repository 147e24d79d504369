package audiotest

import (
	"time"

	"vapd/audio"
)

// clock says how many blocks have become due since it was last asked. It keeps its
// rate however late it is asked.
type clock struct {
	rate   audio.SampleRate
	block  int // frames
	ticker *time.Ticker
	start  time.Time
	given  int64 // blocks
}

func newClock(rate audio.SampleRate, block time.Duration) *clock {
	return &clock{rate: rate, block: rate.Frames(block), ticker: time.NewTicker(block), start: time.Now()}
}

func (c *clock) ticks() <-chan time.Time { return c.ticker.C }

// due is at most catchUp blocks; what is beyond (the machine slept) is forgotten.
func (c *clock) due() int {
	total := int64(c.rate.Frames(time.Since(c.start))) / int64(c.block)
	n := min(total-c.given, catchUp)
	c.given = total
	return int(n)
}

func (c *clock) stop() { c.ticker.Stop() }
