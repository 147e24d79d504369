//go:build !vapd_nodl && linux

package opus

import (
	"fmt"
	"slices"

	"vapd/audio"
)

func (c EncoderConfig) withDefaults() (EncoderConfig, error) {
	if c.Rate == 0 {
		c.Rate = audio.WakeRate
	}
	if c.Bitrate == 0 {
		c.Bitrate = 24000
	}
	if c.Bitrate < 6000 || c.Bitrate > 64000 {
		return c, fmt.Errorf("opus: bit rate of %d bit/s: must be 6000 to 64000", c.Bitrate)
	}
	if c.Loss < 0 || c.Loss > 100 {
		return c, fmt.Errorf("opus: loss of %d %%: must be 0 to 100", c.Loss)
	}
	return c, checkRate(c.Rate)
}

func checkRate(r audio.SampleRate) error {
	if !slices.Contains([]audio.SampleRate{8000, 12000, 16000, 24000, 48000}, r) {
		return fmt.Errorf("opus: sample rate %d Hz: must be 8000, 12000, 16000, 24000 or 48000", r)
	}
	return nil
}

// checkFrame checks the length of a frame, in samples.
func checkFrame(n int, r audio.SampleRate) error {
	if unit := int(r) / 50; n != unit && n != 2*unit && n != 3*unit {
		return fmt.Errorf("opus: a frame of %d samples at %d Hz: must be 20, 40 or 60 ms", n, r)
	}
	return nil
}
