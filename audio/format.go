package audio

import (
	"fmt"
	"time"
)

// WakeRate is the sample rate in hertz at which wake words and speech
// recognition work, and the rate of every session on the wire.
const WakeRate SampleRate = 16000

// SampleRate is a number of frames per second (hertz).
type SampleRate int

// Frames is the number of whole frames in d at rate r, rounded down.
func (r SampleRate) Frames(d time.Duration) int {
	return int(int64(r) * int64(d) / int64(time.Second))
}

// Duration is the time that n frames take at rate r.
func (r SampleRate) Duration(n int64) time.Duration {
	return time.Duration(n * int64(time.Second) / int64(r))
}

// Format describes interleaved signed 16-bit samples.
type Format struct {
	Rate     SampleRate
	Channels int
}

// Validate reports whether f can describe sound: 1 to 32 channels at 4 kHz to 384 kHz.
func (f Format) Validate() error {
	if f.Channels < 1 || f.Channels > 32 {
		return fmt.Errorf("audio: %d channels: must be 1 to 32", f.Channels)
	}
	if f.Rate < 4000 || f.Rate > 384000 {
		return fmt.Errorf("audio: sample rate %d Hz: must be 4000 to 384000", f.Rate)
	}
	return nil
}

// String is the format as people write it: "16000 Hz, 2 ch".
func (f Format) String() string { return fmt.Sprintf("%d Hz, %d ch", f.Rate, f.Channels) }

// Block is a view of interleaved samples; len(Samples) is a multiple of Channels.
// The zero Block is a direction that the device does not have. A Block is valid
// only until the function that got it returns.
type Block struct {
	Samples  []int16
	Channels int
}

// Frames is the number of frames in b.
func (b Block) Frames() int {
	if b.Channels == 0 {
		return 0
	}
	return len(b.Samples) / b.Channels
}
