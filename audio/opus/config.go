package opus

import (
	"errors"

	"vapd/audio"
)

// MaxPacket is the longest packet that is made or taken, in bytes: the longest frame
// of RFC 6716, section 3.2.1.
const MaxPacket = 1275

// ErrPacket: the packet is not one of Opus, or too long.
var ErrPacket = errors.New("opus: not an Opus packet")

// EncoderConfig says how speech is encoded. The zero value is right for a session of
// VAP.
type EncoderConfig struct {
	// Rate is the sample rate in hertz: 8000, 12000, 16000 (the default), 24000 or 48000.
	Rate audio.SampleRate
	// Bitrate is the goal in bit/s, 6000 to 64000; the default is 24000.
	Bitrate int
	// Loss is the share of packets, in percent, that is expected to get lost. Above 0
	// each packet repeats the one before at lower quality, for DecodeLost.
	Loss int
}
