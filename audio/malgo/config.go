package malgo

import (
	"fmt"
	"strings"
	"time"

	"vapd/audio"
)

// Stream asks for one direction of a Device by the name of a PCM of ALSA's library:
// "default" (which "" is too), "pulse", "dsnoop:CARD=array". "null" is a device that is
// always there: it records silence in real time, and nobody hears what it plays.
type Stream = audio.Stream

// Config says what a Device consists of. Of one with both directions the microphone is
// the clock, Ahead is two blocks, and Late is 100 ms by default: the speaker gets a
// buffer of the same length, and some plugins fill it.
type Config = audio.DeviceConfig

// maxName is the longest PCM name that miniaudio can hold.
const maxName = 255

// nullPCM names miniaudio's own null device, since ALSA's has no clock.
const nullPCM = "null"

// withDefaults checks c and fills in what is left out.
func withDefaults(c Config) (Config, error) {
	for _, s := range []**Stream{&c.Capture, &c.Playback} {
		if *s == nil {
			continue
		}
		named := **s
		if named.PCM == "" {
			named.PCM = "default"
		}
		if len(named.PCM) > maxName || strings.ContainsRune(named.PCM, 0) || named.PCM[0] == ':' {
			return c, fmt.Errorf("malgo: %q is not the name of a PCM", named.PCM)
		}
		*s = &named
	}
	if in, out := c.Capture, c.Playback; in != nil && out != nil {
		if (in.PCM == nullPCM) != (out.PCM == nullPCM) {
			return c, fmt.Errorf("malgo: capture from %s and playback to %s: either both are %q or none", in.PCM, out.PCM, nullPCM)
		}
		if c.Late == 0 {
			c.Late = 100 * time.Millisecond
		}
	}
	c, err := c.Filled()
	if err != nil {
		return c, fmt.Errorf("malgo: %w", err)
	}
	return c, nil
}
