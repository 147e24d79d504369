package alsa

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"vapd/audio"
)

// Stream asks for one direction of a Device.
type Stream struct {
	// PCM names the device: "hw:CARD=seeed2micvoicec,DEV=0", "hw:0,0", "hw:Loopback,1,0".
	PCM string
	// Rate is the sample rate in hertz that the hardware must run at. 0 takes 16000 if
	// the hardware has it, else the first that it has of 48000, 32000, 96000, 44100,
	// 24000, 22050, 8000, 88200 and 192000.
	Rate audio.SampleRate
	// Channels is the number of channels that the hardware must have open. 0 takes the
	// fewest that it has.
	Channels int
}

// Config says what a Device consists of. Zero durations take their defaults.
type Config struct {
	// Capture and Playback are the two directions; one of them may be nil. Of a device
	// with both, the rates must be the same, and the clocks should be: they are when
	// both directions are on one card.
	Capture, Playback *Stream
	// Period is the length of a block, default 10 ms. The hardware may round it: the
	// block that process gets says.
	Period time.Duration
	// Ahead is how much sound waits in the speaker's buffer, default 60 ms: the time
	// from process to the loudspeaker, and how late process may be before it is heard.
	Ahead time.Duration
	// Late is how late the consumer may be before captured sound is lost, default 500 ms.
	// The hardware may have less.
	Late time.Duration
	// Stall is how long the hardware may deliver nothing before Run gives up with
	// audio.ErrStalled, default 1 s.
	Stall time.Duration
}

// Defaults of Config.
const (
	defaultPeriod = 10 * time.Millisecond
	defaultAhead  = 60 * time.Millisecond
	defaultLate   = 500 * time.Millisecond
	defaultStall  = time.Second
)

// Device is a microphone, a speaker or both on one clock: an audio.Device.
type Device struct {
	cfg               Config
	capture, playback Name
	encodings         []Encoding // in the order of preference
	running           atomic.Bool
	counters          counters

	mu      sync.Mutex // guards formats
	formats *formats   // nil until the hardware was asked
}

type formats struct{ capture, playback audio.Format }

// New checks cfg and the names in it. It does not touch the hardware, which may not
// be plugged in yet.
func New(cfg Config) (*Device, error) {
	d := &Device{cfg: cfg, encodings: encodings[:]}
	if cfg.Capture == nil && cfg.Playback == nil {
		return nil, errors.New("alsa: neither capture nor playback is asked for")
	}
	var err error
	if s := cfg.Capture; s != nil {
		if d.capture, err = s.check(); err != nil {
			return nil, err
		}
	}
	if s := cfg.Playback; s != nil {
		if d.playback, err = s.check(); err != nil {
			return nil, err
		}
	}
	if c, p := cfg.Capture, cfg.Playback; c != nil && p != nil && c.Rate != p.Rate && c.Rate*p.Rate != 0 {
		return nil, fmt.Errorf("alsa: capture from %s at %d Hz and playback to %s at %d Hz: one device has one rate",
			c.PCM, c.Rate, p.PCM, p.Rate)
	}
	for _, t := range []struct {
		name     string
		value    *time.Duration
		standard time.Duration
		min, max time.Duration
	}{
		{"period", &d.cfg.Period, defaultPeriod, time.Millisecond, time.Second},
		{"ahead", &d.cfg.Ahead, defaultAhead, time.Millisecond, 2 * time.Second},
		{"late", &d.cfg.Late, defaultLate, time.Millisecond, 10 * time.Second},
		{"stall", &d.cfg.Stall, defaultStall, 50 * time.Millisecond, time.Minute},
	} {
		if *t.value == 0 {
			*t.value = t.standard
		}
		if *t.value < t.min || *t.value > t.max {
			return nil, fmt.Errorf("alsa: %s of %v: must be %v to %v", t.name, *t.value, t.min, t.max)
		}
	}
	return d, nil
}

func (s *Stream) check() (Name, error) {
	name, err := ParseName(s.PCM)
	if err != nil {
		return Name{}, err
	}
	asked := audio.Format{Rate: s.Rate, Channels: s.Channels}
	if asked.Rate == 0 {
		asked.Rate = audio.WakeRate
	}
	if asked.Channels == 0 {
		asked.Channels = 1
	}
	if err := asked.Validate(); err != nil {
		return Name{}, fmt.Errorf("alsa: %s: %w", s.PCM, err)
	}
	return name, nil
}

// Formats are the rate and channels of both directions; a direction that the device
// lacks is zero. The first call opens the hardware to ask it, and closes it; later
// ones, and Run, keep to that answer. It fails as Run does when the hardware can't
// be opened.
func (d *Device) Formats() (capture, playback audio.Format, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.formats == nil {
		s, err := d.open(nil)
		if err != nil {
			return audio.Format{}, audio.Format{}, err
		}
		d.formats = s.formats()
		s.close()
	}
	return d.formats.capture, d.formats.playback, nil
}

// Stats are the counts of all runs so far. It may be called at any time.
func (d *Device) Stats() Stats { return d.counters.stats() }
