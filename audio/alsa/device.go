package alsa

import (
	"fmt"
	"sync"
	"sync/atomic"

	"vapd/audio"
)

// Stream asks for one direction of a Device by its kernel name:
// "hw:CARD=seeed2micvoicec,DEV=0", "hw:0,0", "hw:Loopback,1,0". Where Rate is 0 and the
// hardware lacks 16000 Hz, it takes the first that it has of 48000, 32000, 96000, 44100,
// 24000, 22050, 8000, 88200 and 192000. Where Channels is 0 it takes the fewest.
type Stream = audio.Stream

// Config says what a Device consists of.
type Config = audio.DeviceConfig

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
	cfg, err := cfg.Filled()
	if err != nil {
		return nil, fmt.Errorf("alsa: %w", err)
	}
	d := &Device{cfg: cfg, encodings: encodings[:]}
	if s := cfg.Capture; s != nil {
		if d.capture, err = ParseName(s.PCM); err != nil {
			return nil, err
		}
	}
	if s := cfg.Playback; s != nil {
		if d.playback, err = ParseName(s.PCM); err != nil {
			return nil, err
		}
	}
	return d, nil
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
