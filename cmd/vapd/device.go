package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"vapd/audio"
	"vapd/audio/alsa"
	"vapd/audio/malgo"
	"vapd/satellite/hear"
)

// soundDevice is an audio.Device that knows its formats.
type soundDevice interface {
	audio.Device
	// Formats are the rate and channels of both directions; a direction that the device
	// lacks is zero. The first call opens the hardware for a moment.
	Formats() (capture, playback audio.Format, err error)
}

// isHardware reports whether the stream is one of the kernel's devices; all others are
// PCMs of ALSA's library.
func isHardware(s *audio.Stream) bool { return s != nil && strings.HasPrefix(s.PCM, "hw:") }

// blockTime is how much sound passes at once: every block wakes the process, so twice
// the block is half of what an idle satellite costs.
const blockTime = 20 * time.Millisecond

// speakerLatency is how much sound waits in a speaker's buffer.
const speakerLatency = 60 * time.Millisecond

// openDevice makes the device that has the streams; one of them may be nil. It does
// not touch the hardware.
func openDevice(capture, playback *audio.Stream, logger *slog.Logger) (soundDevice, error) {
	if capture != nil && playback != nil && isHardware(capture) != isHardware(playback) {
		return nil, fmt.Errorf("microphone %q and speaker %q can't be one device: name two hw: devices, or two others", capture.PCM, playback.PCM)
	}
	cfg := audio.DeviceConfig{Capture: capture, Playback: playback, Period: blockTime, Ahead: speakerLatency}
	if isHardware(capture) || isHardware(playback) {
		return alsa.New(cfg)
	}
	return malgo.New(cfg, logger)
}

// soundCard is the devices of a satellite: both directions, and, while it is muted,
// the speaker alone.
type soundCard struct {
	both, speaker     audio.Device // speaker is nil when the card has none
	capture, playback audio.Format
}

// newSoundCard opens the hardware for a moment to learn its formats. both is the
// device of both directions, or, of a satellite without a speaker, where playback is
// nil, the microphone.
func newSoundCard(both soundDevice, playback *audio.Stream, logger *slog.Logger) (*soundCard, error) {
	c := &soundCard{both: both}
	var err error
	if c.capture, c.playback, err = both.Formats(); err != nil {
		return nil, err
	}
	if playback == nil {
		return c, nil
	}
	// The mixer has one rate, whether the microphone is open or not.
	alone := audio.Stream{PCM: playback.PCM, Rate: c.playback.Rate, Channels: c.playback.Channels}
	c.speaker, err = openDevice(nil, &alone, logger)
	return c, err
}

// open is the device to run now: sound.Config.Open.
func (c *soundCard) open(capture bool) audio.Device {
	switch {
	case capture:
		return c.both
	case c.speaker == nil:
		return nil
	}
	return c.speaker
}

// microphone fills a ring, for commands that listen.
type microphone struct {
	device soundDevice
	raw    *audio.Ring
}

// openMicrophone opens a microphone for a moment to learn its format.
func openMicrophone(s audio.Stream, logger *slog.Logger) (*microphone, error) {
	d, err := openDevice(&s, nil, logger)
	if err != nil {
		return nil, err
	}
	format, _, err := d.Formats()
	if err != nil {
		return nil, err
	}
	return &microphone{device: d, raw: audio.NewRing(format, format.Rate.Frames(2*time.Second))}, nil
}

// run fills the ring until ctx ends.
func (m *microphone) run(ctx context.Context) error {
	return m.device.Run(ctx, func(in, _ audio.Block) { m.raw.Write(in.Samples) })
}

// speech is a ring of mono sound at 16 kHz, as a satellite hears the channels, and what
// fills it until ctx ends.
func (m *microphone) speech(channels []int) (ring *audio.Ring, fill func(context.Context) error, err error) {
	ear, err := hear.New(hear.Config{Raw: m.raw, Channels: channels, Sounding: func() bool { return false }})
	if err != nil {
		return nil, nil, err
	}
	fill = func(ctx context.Context) error {
		var hearing sync.WaitGroup
		defer hearing.Wait()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		hearing.Go(func() { ear.Run(ctx) })
		return m.run(ctx)
	}
	return ear.Uplink(), fill, nil
}

// whileFilled runs do on a ring while fill fills it, until both have ended. Each ends with
// the other.
func whileFilled(ctx context.Context, ring *audio.Ring, fill func(context.Context) error, do func(context.Context, *audio.Reader) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reader := ring.NewReader()
	defer reader.Close()
	filled := make(chan error, 1)
	go func() {
		defer cancel()
		filled <- fill(ctx)
	}()
	err := do(ctx, reader)
	cancel()
	failed := <-filled
	if failed != nil && errors.Is(err, context.Canceled) {
		return failed // which is why
	}
	return errors.Join(err, failed)
}
