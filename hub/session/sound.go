package session

import (
	"fmt"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/audio"
	"vapd/audio/resample"
	"vapd/protocol/vap"
)

// Speech is what is said to a client: words, and sounds after them.
type Speech struct {
	Text   string
	sounds [][]int16 // 16 kHz, one channel
	length time.Duration
}

// Limits of the sounds that skills make.
const (
	minSoundRate = 8000
	maxSoundRate = 48000
	longestSound = time.Minute // all of one speech together
)

// Empty reports whether there is nothing to hear.
func (s *Speech) Empty() bool { return s.Text == "" && len(s.sounds) == 0 }

// Add appends a capability sound of a skill: PCM, one channel, of 8 to 48 kHz; all sounds
// together at most a minute. What is wrong with another is a *vap.Error.
func (s *Speech) Add(c vap.Capability) error {
	sound, err := vap.ParseSound(c)
	if err != nil {
		return err
	}
	length := sound.Duration()
	switch {
	case len(sound.Data) == 0 || sound.Stream != 0:
		return badSound("data: a skill gives all of its sound at once")
	case sound.Codec != vap.CodecPCM:
		return badSound("codec %q: pcm is played, signed 16-bit little-endian of one channel", sound.Codec)
	case sound.Rate < minSoundRate || sound.Rate > maxSoundRate:
		return badSound("rate %d: %d to %d Hz are played", sound.Rate, minSoundRate, maxSoundRate)
	case len(sound.Data)%2 != 0:
		return badSound("data: %d bytes are no 16-bit samples", len(sound.Data))
	case s.length+length > longestSound:
		return badSound("data: %v: %v are played", s.length+length, longestSound)
	}
	samples, err := new(pcm).Decode(sound.Data)
	if err != nil {
		return err
	}
	if samples, err = resample.Convert(audio.SampleRate(sound.Rate), audio.WakeRate, 1, samples); err != nil {
		return badSound("rate %d: use one of the usual rates, as 16000 or 44100 Hz", sound.Rate)
	}
	s.sounds, s.length = append(s.sounds, samples), s.length+length
	return nil
}

// badSound says what is wrong with a field of a sound.
func badSound(format string, args ...any) error {
	return &vap.Error{Code: codes.BadRequest, Type: vap.TypeMalformed, Object: vap.CapSound + "." + fmt.Sprintf(format, args...)}
}
