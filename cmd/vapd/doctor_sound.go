package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"vapd/audio"
	"vapd/audio/alsa"
	"vapd/audio/meter"
	"vapd/board"
	"vapd/internal/config"
	"vapd/internal/doctor"
	"vapd/protocol/control"
	"vapd/satellite/health"
)

// listenTime is for how long the doctor listens.
const listenTime = 1500 * time.Millisecond

// soundChecks are those of the sound card. While the satellite runs, it has the card, and
// is asked what it hears.
func soundChecks(cfg config.Satellite, p board.Profile, runs bool) []doctor.Check {
	in, out := satelliteStreams(cfg, p)
	hear := func(ctx context.Context) (health.Heard, error) { return hearDevice(ctx, cfg, p, *in) }
	if runs {
		hear = func(ctx context.Context) (health.Heard, error) { return hearSatellite(ctx, cfg.Control) }
	}
	checks := []doctor.Check{health.Microphone{Listen: hear}}
	if !runs || out == nil {
		checks = append(checks, health.Speaker{Open: speakerOpener(out)})
	}
	mixer := health.Mixer{}
	if card := cardOf(in.PCM); card != "" {
		mixer.Open = func() (health.Controls, error) { return alsa.OpenMixer(card) }
		if in.PCM == boardPCM(boardCard(p.Sound.Cards)) {
			mixer.Want = p.Sound.Mixer
		}
	}
	return append(checks, mixer)
}

// cardOf is the card of a hw: device, "" for another.
func cardOf(pcm string) string {
	if name, err := alsa.ParseName(pcm); err == nil && strings.HasPrefix(pcm, "hw:") {
		return name.Card
	}
	return ""
}

// speakerOpener opens the speaker for a moment; nil when there is none.
func speakerOpener(out *audio.Stream) func(context.Context) (string, audio.Format, error) {
	if out == nil {
		return nil
	}
	return func(context.Context) (string, audio.Format, error) {
		d, err := openDevice(nil, out, slog.New(slog.DiscardHandler))
		if err != nil {
			return "", audio.Format{}, err
		}
		_, format, err := d.Formats()
		return cmp.Or(out.PCM, "default"), format, noCard(err)
	}
}

// noCard adds to err, if there is one, that it is no wonder.
func noCard(err error) error {
	if cards, listing := alsa.Cards(); err != nil && listing == nil && len(cards) == 0 {
		return fmt.Errorf("the machine has no sound card: %w", err)
	}
	return err
}

// hearDevice listens to the microphone itself.
func hearDevice(ctx context.Context, cfg config.Satellite, p board.Profile, in audio.Stream) (health.Heard, error) {
	m, err := openMicrophone(in, slog.New(slog.DiscardHandler))
	if err != nil {
		return health.Heard{}, noCard(err)
	}
	format := m.raw.Format()
	heard := health.Heard{
		Device: cmp.Or(in.PCM, "default"),
		Use:    microphones(cfg.Capture.Use, p.Sound.Microphones, format.Channels),
	}
	reader := m.raw.NewReader()
	defer reader.Close()
	ctx, cancel := context.WithTimeout(ctx, listenTime)
	defer cancel()
	if err := m.run(ctx); err != nil {
		return heard, err
	}
	levels := meter.New(format.Channels)
	block := make([]int16, 512*format.Channels)
	frames := 0
	for {
		_, n, _ := reader.Read(block)
		if n == 0 {
			break
		}
		levels.Add(block[:n*format.Channels])
		frames += n
	}
	if frames > 0 {
		heard.Levels = levels.Take(nil)
	}
	return heard, nil
}

// hearSatellite asks the satellite that runs for the levels of its microphone.
func hearSatellite(ctx context.Context, socket string) (health.Heard, error) {
	ctx, cancel := context.WithTimeout(ctx, listenTime)
	defer cancel()
	conn, err := dialDaemon(ctx, config.PartSatellite, socket)
	if err != nil {
		return health.Heard{}, err
	}
	defer conn.Close()
	states, err := control.Subscribe[control.SatelliteState](conn, control.TopicState, nil)
	if err != nil {
		return health.Heard{}, err
	}
	defer states.Close()
	return hearStates(ctx, states.Next)
}

// hearStates is what the states of a while tell of the microphone.
func hearStates(ctx context.Context, next func(context.Context) (control.SatelliteState, uint64, error)) (health.Heard, error) {
	level := meter.Level{Peak: meter.Floor, RMS: meter.Floor}
	heard := health.Heard{Use: []int{0}}
	const fullScale = -0.01 // dBFS
	loudest, looks := 0, 0
	for {
		s, _, err := next(ctx)
		if err != nil && ctx.Err() == nil {
			return heard, err
		}
		if err != nil {
			break
		}
		heard.Device = s.Mic.Device
		switch {
		case s.Mic.KeyMuted:
			heard.Muted = "on the device"
			return heard, nil
		case s.Mic.NetMuted:
			heard.Muted = "by the network: 'vapd satellite mute off' opens it"
			return heard, nil
		case s.Mic.State == "failed":
			return heard, errors.New("the satellite has lost it, and tries to open it again")
		case s.Mic.State != "running":
			continue
		}
		looks++
		level.Peak, level.RMS = max(level.Peak, s.Mic.Peak), max(level.RMS, s.Mic.RMS)
		if s.Mic.Peak >= fullScale {
			loudest++
		}
	}
	if looks == 0 {
		return heard, fmt.Errorf("it is not open after %v", listenTime)
	}
	// A satellite tells the peak of each tenth of a second: one at full scale counts as
	// 2 % of samples that are cut off.
	level.Frames, level.Clipped = 50*looks, loudest
	heard.Levels = []meter.Level{level}
	return heard, nil
}
