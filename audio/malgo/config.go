package malgo

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"vapd/audio"
)

// Stream asks for one direction of a Device.
type Stream struct {
	// PCM is ALSA's name of the device: "default", "pulse", "dsnoop:CARD=array". Empty
	// is "default". "null" is a device that is always there: it records silence in real
	// time, and nobody hears what it plays.
	PCM string
	// Rate is the sample rate in hertz that the PCM must run at. 0 takes 16000 if the
	// PCM has it, else what it has.
	Rate audio.SampleRate
	// Channels is the number of channels that the PCM must have. 0 takes one if the PCM
	// has that, else what it has.
	Channels int
}

// Config says what a Device consists of. Zero durations take their defaults.
type Config struct {
	// Capture and Playback are the two directions; one of them may be nil. Of a device
	// with both, the rates must be the same, and the microphone is the clock.
	Capture, Playback *Stream
	// Period is the length of a block, default 10 ms. The PCM may round it: the block
	// that process gets says.
	Period time.Duration
	// Ahead is how much sound waits in the speaker's buffer when there is no microphone,
	// default 60 ms. With one it is two blocks.
	Ahead time.Duration
	// Late is how late the consumer may be before captured sound is lost. The PCM may
	// have less. The default is 500 ms, and 100 ms of a device with both directions: the
	// speaker gets a buffer of the same length, and some plugins fill it.
	Late time.Duration
	// Stall is how long the PCM may deliver nothing before Run gives up with
	// audio.ErrStalled, default 1 s.
	Stall time.Duration
}

// maxName is the longest PCM name that miniaudio can hold.
const maxName = 255

// withDefaults checks c and fills in what is left out.
func (c Config) withDefaults() (Config, error) {
	if c.Capture == nil && c.Playback == nil {
		return c, errors.New("malgo: neither capture nor playback is asked for")
	}
	for _, s := range []**Stream{&c.Capture, &c.Playback} {
		if *s == nil {
			continue
		}
		filled, err := (*s).check()
		if err != nil {
			return c, err
		}
		*s = &filled
	}
	if c.Capture != nil && c.Playback != nil {
		in, out := c.Capture, c.Playback
		if in.Rate != out.Rate && in.Rate != 0 && out.Rate != 0 {
			return c, fmt.Errorf("malgo: capture from %s at %d Hz and playback to %s at %d Hz: one device has one rate",
				in.PCM, in.Rate, out.PCM, out.Rate)
		}
		if (in.PCM == nullPCM) != (out.PCM == nullPCM) {
			return c, fmt.Errorf("malgo: capture from %s and playback to %s: either both are %q or none", in.PCM, out.PCM, nullPCM)
		}
	}
	late := 500 * time.Millisecond
	if c.Capture != nil && c.Playback != nil {
		late = 100 * time.Millisecond
	}
	for _, t := range []struct {
		name     string
		value    *time.Duration
		standard time.Duration
		min, max time.Duration
	}{
		{"period", &c.Period, 10 * time.Millisecond, time.Millisecond, time.Second},
		{"ahead", &c.Ahead, 60 * time.Millisecond, time.Millisecond, 2 * time.Second},
		{"late", &c.Late, late, time.Millisecond, 10 * time.Second},
		{"stall", &c.Stall, time.Second, 50 * time.Millisecond, time.Minute},
	} {
		if *t.value == 0 {
			*t.value = t.standard
		}
		if *t.value < t.min || *t.value > t.max {
			return c, fmt.Errorf("malgo: %s of %v: must be %v to %v", t.name, *t.value, t.min, t.max)
		}
	}
	return c, nil
}

// nullPCM names miniaudio's own null device, since ALSA's has no clock.
const nullPCM = "null"

func (s Stream) check() (Stream, error) {
	if s.PCM == "" {
		s.PCM = "default"
	}
	if len(s.PCM) > maxName || strings.ContainsRune(s.PCM, 0) || s.PCM[0] == ':' {
		return s, fmt.Errorf("malgo: %q is not the name of a PCM", s.PCM)
	}
	asked := audio.Format{Rate: s.Rate, Channels: s.Channels}
	if asked.Rate == 0 {
		asked.Rate = audio.WakeRate
	}
	if asked.Channels == 0 {
		asked.Channels = 1
	}
	if err := asked.Validate(); err != nil {
		return s, fmt.Errorf("malgo: %s: %w", s.PCM, err)
	}
	return s, nil
}
