package main

import (
	"cmp"
	"log/slog"
	"slices"

	"vapd/audio"
	"vapd/audio/alsa"
	"vapd/board"
	"vapd/internal/config"
)

// satelliteSound is the sound card with what the satellite knows of it.
type satelliteSound struct {
	*soundCard
	name        string
	microphones []int
	card        string // ALSA's id, for the mixer
	mixer       []board.Setting
	logger      *slog.Logger
}

// openSatelliteSound opens the card of the configuration, else that of the board. One
// that is not plugged in yet is not an error: it is taken to be what was configured,
// and opened again and again.
func openSatelliteSound(cfg config.Satellite, p board.Profile, logger *slog.Logger) (*satelliteSound, error) {
	s := &satelliteSound{mixer: p.Sound.Mixer, logger: logger}
	pcm := ""
	if s.card = boardCard(p.Sound.Cards); s.card != "" {
		pcm = "hw:CARD=" + s.card + ",DEV=0"
	}
	in := &soundStream{
		PCM:      cmp.Or(cfg.Capture.PCM, pcm),
		Rate:     audio.SampleRate(cmp.Or(cfg.Capture.Rate, p.Sound.Rate)),
		Channels: cmp.Or(cfg.Capture.Channels, p.Sound.Channels),
	}
	out := &soundStream{PCM: cmp.Or(cfg.Playback.PCM, pcm), Rate: audio.SampleRate(cfg.Playback.Rate), Channels: cfg.Playback.Channels}
	if cfg.Playback.PCM == "none" {
		out = nil
	}
	if in.PCM != pcm && (out == nil || out.PCM != pcm) {
		s.card = "" // another card's mixer is none of the board's business
	}
	s.setMixer()
	var err error
	if s.soundCard, err = openSoundCard(in, out, logger); err != nil {
		logger.Error("the sound card can't be opened yet", "error", err)
		if s.soundCard, err = absentSoundCard(in, out, logger); err != nil {
			return nil, err
		}
	}
	s.name = cmp.Or(in.PCM, "default")
	s.microphones = cfg.Capture.Use
	if len(s.microphones) == 0 {
		for _, m := range p.Sound.Microphones {
			if m < s.capture.Channels {
				s.microphones = append(s.microphones, m)
			}
		}
	}
	if len(s.microphones) == 0 {
		s.microphones = []int{0}
	}
	return s, nil
}

// absentSoundCard is a card that can't be asked for its formats: what was configured
// has to be right, and what was not is 16 kHz, one channel.
func absentSoundCard(in, out *soundStream, logger *slog.Logger) (*soundCard, error) {
	for _, s := range []*soundStream{in, out} {
		if s != nil {
			s.Rate, s.Channels = cmp.Or(s.Rate, in.Rate, audio.WakeRate), max(1, s.Channels)
		}
	}
	c := &soundCard{capture: audio.Format{Rate: in.Rate, Channels: in.Channels}}
	var err error
	if c.both, err = openDevice(in, out, logger); err != nil || out == nil {
		return c, err
	}
	c.playback = audio.Format{Rate: out.Rate, Channels: out.Channels}
	c.speaker, err = openDevice(nil, out, logger)
	return c, err
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
	s.setMixer()
	return s.soundCard.open(capture)
}

func (s *satelliteSound) setMixer() {
	if s.card == "" || len(s.mixer) == 0 {
		return
	}
	m, err := alsa.OpenMixer(s.card)
	if err != nil {
		s.logger.Warn("the mixer is not set", "error", err)
		return
	}
	defer m.Close()
	for _, c := range s.mixer {
		if err := m.Set(c.Control, c.Value); err != nil {
			s.logger.Warn("the mixer is not set as the board wants it", "control", c.Control, "error", err)
		}
	}
}
