package audio

import (
	"errors"
	"fmt"
	"time"
)

// Stream asks for one direction of a Device.
type Stream struct {
	// PCM is ALSA's name of the device: "hw:CARD=array,DEV=0", "default".
	PCM string
	// Rate is the sample rate in hertz that the device must run at. 0 takes WakeRate if
	// the device has it, else what it has.
	Rate SampleRate
	// Channels is the number of channels that the device must have open. 0 takes one if
	// the device has that, else what it has.
	Channels int
}

// validate checks what is asked for.
func (s *Stream) validate() error {
	asked := Format{s.Rate, s.Channels}
	if asked.Rate == 0 {
		asked.Rate = WakeRate
	}
	if asked.Channels == 0 {
		asked.Channels = 1
	}
	if err := asked.Validate(); err != nil {
		return fmt.Errorf("%s: %w", s.PCM, err)
	}
	return nil
}

// DeviceConfig says what a Device consists of. Zero durations take their defaults.
type DeviceConfig struct {
	// Capture and Playback are the two directions; one of them may be nil. Of a device
	// with both, the rates must be the same, and the clocks should be: they are when
	// both directions are on one card.
	Capture, Playback *Stream
	// Period is the length of a block, default 10 ms. The device may round it: the
	// block that process gets says.
	Period time.Duration
	// Ahead is how much sound waits in the speaker's buffer, default 60 ms: the time
	// from process to the loudspeaker, and how late process may be before it is heard.
	Ahead time.Duration
	// Late is how late the consumer may be before captured sound is lost, default 500 ms.
	// The device may have less.
	Late time.Duration
	// Stall is how long the device may deliver nothing before Run gives up with
	// ErrStalled, default 1 s.
	Stall time.Duration
}

// Filled checks c and fills in the durations that are left out.
func (c DeviceConfig) Filled() (DeviceConfig, error) {
	in, out := c.Capture, c.Playback
	if in == nil && out == nil {
		return c, errors.New("neither capture nor playback is asked for")
	}
	for _, s := range []*Stream{in, out} {
		if s == nil {
			continue
		}
		if err := s.validate(); err != nil {
			return c, err
		}
	}
	if in != nil && out != nil && in.Rate != out.Rate && in.Rate != 0 && out.Rate != 0 {
		return c, fmt.Errorf("capture from %s at %d Hz and playback to %s at %d Hz: one device has one rate",
			in.PCM, in.Rate, out.PCM, out.Rate)
	}
	for _, t := range []struct {
		name     string
		value    *time.Duration
		standard time.Duration
		min, max time.Duration
	}{
		{"period", &c.Period, 10 * time.Millisecond, time.Millisecond, time.Second},
		{"ahead", &c.Ahead, 60 * time.Millisecond, time.Millisecond, 2 * time.Second},
		{"late", &c.Late, 500 * time.Millisecond, time.Millisecond, 10 * time.Second},
		{"stall", &c.Stall, time.Second, 50 * time.Millisecond, time.Minute},
	} {
		if *t.value == 0 {
			*t.value = t.standard
		}
		if *t.value < t.min || *t.value > t.max {
			return c, fmt.Errorf("%s of %v: must be %v to %v", t.name, *t.value, t.min, t.max)
		}
	}
	return c, nil
}
