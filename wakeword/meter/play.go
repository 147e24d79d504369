package meter

import (
	"context"
	"time"

	"vapd/audio"
)

// Play writes mono samples at 16 kHz into a ring as a microphone would, block by block
// at the speed of the sound. It returns when all is written, or ctx ends.
func Play(ctx context.Context, ring *audio.Ring, samples []int16) {
	const block = 160
	tick := time.NewTicker(audio.WakeRate.Duration(block))
	defer tick.Stop()
	began := time.Now()
	for written := 0; written < len(samples); {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		// A late or lost tick is made up for.
		due := min(len(samples), audio.WakeRate.Frames(time.Since(began)))
		for written < due {
			n := min(block, due-written)
			ring.Write(samples[written : written+n])
			written += n
		}
	}
}
