package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"vapd/audio"
	"vapd/audio/alsa"
	"vapd/board"
	"vapd/internal/config"
	"vapd/satellite/sound"
)

// satelliteSound is the sound card with what the satellite knows of it.
type satelliteSound struct {
	*soundCard
	name        string
	microphones []int
	mixer       *cardMixer
}

// openSatelliteSound opens the card of the configuration, else that of the board. One
// that is not plugged in yet is not an error: an absentCard stands for it.
func openSatelliteSound(cfg config.Satellite, p board.Profile, logger *slog.Logger) (*satelliteSound, error) {
	id := boardCard(p.Sound.Cards)
	pcm := boardPCM(id)
	in, out := satelliteStreams(cfg, p)
	s := &satelliteSound{name: cmp.Or(in.PCM, "default"), mixer: &cardMixer{card: id, want: p.Sound.Mixer, logger: logger}}
	if in.PCM != pcm && (out == nil || out.PCM != pcm) {
		s.mixer.want = nil // another card's mixer is none of the board's business
	}
	s.mixer.set()
	device, err := openDevice(in, out, logger)
	if err != nil {
		if cfg.Capture.PCM != "" || cfg.Playback.PCM != "" {
			err = &config.Error{Err: fmt.Errorf("capture.pcm, playback.pcm: %w", err)}
		}
		return nil, err
	}
	if s.soundCard, err = newSoundCard(device, out, logger); err != nil {
		logger.Error("the sound card can't be opened yet", "error", err)
		s.soundCard = absentSoundCard(absentCard{device, p.Sound.Cards, id}, out != nil)
		s.microphones = []int{0}
		return s, nil
	}
	s.microphones = microphones(cfg.Capture.Use, p.Sound.Microphones, s.capture.Channels)
	return s, nil
}

// satelliteMicrophone opens what a satellite of that configuration listens with, and says
// which of its channels it listens to.
func satelliteMicrophone(cfg config.Satellite, logger *slog.Logger) (*microphone, []int, error) {
	p, err := boardProfile(cfg.Board, logger)
	if err != nil {
		return nil, nil, err
	}
	in, _ := satelliteStreams(cfg, p)
	if id := boardCard(p.Sound.Cards); in.PCM == boardPCM(id) {
		(&cardMixer{card: id, want: p.Sound.Mixer, logger: logger}).set()
	}
	m, err := openMicrophone(*in, logger)
	if err != nil {
		return nil, nil, err
	}
	return m, microphones(cfg.Capture.Use, p.Sound.Microphones, m.raw.Format().Channels), nil
}

// boardPCM is the device of the card with that id, "" for none.
func boardPCM(id string) string {
	if id == "" {
		return ""
	}
	return "hw:CARD=" + id + ",DEV=0"
}

// satelliteStreams are what the configuration, else the board, asks of the microphone and
// of the speaker; out is nil when there is none.
func satelliteStreams(cfg config.Satellite, p board.Profile) (in, out *audio.Stream) {
	pcm := boardPCM(boardCard(p.Sound.Cards))
	in = &audio.Stream{
		PCM:      cmp.Or(cfg.Capture.PCM, pcm),
		Rate:     audio.SampleRate(cmp.Or(cfg.Capture.Rate, p.Sound.Rate)),
		Channels: cmp.Or(cfg.Capture.Channels, p.Sound.Channels),
	}
	if cfg.Playback.PCM == "none" {
		return in, nil
	}
	return in, &audio.Stream{PCM: cmp.Or(cfg.Playback.PCM, pcm), Rate: audio.SampleRate(cfg.Playback.Rate), Channels: cfg.Playback.Channels}
}

// microphones are the channels to listen to: those of the configuration, else those of
// the board that the card has, else the first.
func microphones(configured, board []int, channels int) []int {
	if len(configured) > 0 {
		return configured
	}
	has := slices.DeleteFunc(slices.Clone(board), func(m int) bool { return m >= channels })
	if len(has) == 0 {
		return []int{0}
	}
	return has
}

// absentCard stands for a card that could not be opened at the start. Nothing that
// depends on the card is known before it is there, down to which board this is, so
// that its Run ends with sound.ErrChanged as soon as it is.
type absentCard struct {
	device soundDevice
	ids    []string // that the board's card may have
	id     string   // the one that device was made for
}

// settleTime is how long a card that was just plugged in gets until all parts of it are
// there. It also bounds how often a card that comes and goes makes a satellite anew.
const settleTime = time.Second

// Run implements audio.Device.
func (a absentCard) Run(ctx context.Context, _ func(in, out audio.Block)) error {
	if boardCard(a.ids) == a.id { // else it came under its other name
		if _, _, err := a.device.Formats(); err != nil {
			return err
		}
	}
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(settleTime):
		return sound.ErrChanged
	}
}

// absentSoundCard has formats that stand for the card's, which nobody knows.
func absentSoundCard(a absentCard, speaker bool) *soundCard {
	format := audio.Format{Rate: audio.WakeRate, Channels: 1}
	c := &soundCard{both: a, capture: format}
	if speaker {
		c.speaker, c.playback = a, format
	}
	return c
}

// boardCard is the first of the ids that a card of this machine has, else the first,
// which may be plugged in later; "" when the board names none.
func boardCard(ids []string) string {
	cards, err := alsa.Cards()
	if err != nil {
		cards = nil // as if there were none
	}
	for _, id := range ids {
		if slices.ContainsFunc(cards, func(c alsa.Card) bool { return c.ID == id }) {
			return id
		}
	}
	if len(ids) > 0 {
		return ids[0]
	}
	return ""
}

// open is sound.Config.Open. The mixer is set each time, since a card that was
// unplugged has forgotten it.
func (s *satelliteSound) open(capture bool) audio.Device {
	s.mixer.set()
	return s.soundCard.open(capture)
}

// cardMixer sets the controls of a card as the board wants them.
type cardMixer struct {
	card   string // ALSA's id
	want   []board.Setting
	logger *slog.Logger
	told   string // the problem that was logged last
}

// set logs what can't be set when that changes, not each time that an absent card is
// looked for.
func (m *cardMixer) set() {
	problem := ""
	if err := m.try(); err != nil {
		problem = err.Error()
	}
	switch {
	case problem == m.told:
	case problem == "":
		m.logger.Info("the mixer is set", "card", m.card)
	default:
		m.logger.Warn("the mixer is not set as the board wants it", "card", m.card, "error", problem)
	}
	m.told = problem
}

func (m *cardMixer) try() error {
	if len(m.want) == 0 {
		return nil
	}
	mixer, err := alsa.OpenMixer(m.card)
	if err != nil {
		return err
	}
	defer mixer.Close()
	var errs []error
	for _, c := range m.want {
		errs = append(errs, mixer.Set(c.Control, c.Value))
	}
	return errors.Join(errs...)
}
