package satellite

import (
	"time"

	"vapd/audio/play"
	"vapd/audio/voice"
	"vapd/satellite/turn"
)

// carryOut begins what a command says, and never waits for it.
func (s *Satellite) carryOut(c Command) {
	switch c := c.(type) {
	case StartTurn:
		s.turns.Start(order(c))
	case CancelTurn:
		s.turns.Cancel()
	case SetCapture:
		s.ear.SetOpen(c.Open)
		s.sound.SetCapture(c.Open)
	case PlayChime:
		if c.Chime == ChimeListening {
			s.invite.Reset(breath)
			return
		}
		s.chime(c.Chime)
	case SoundAlarm:
		s.soundAlarm(c.On)
	case StopAlarm:
		s.soundAlarm(false)
		s.chore(func() { s.timers.StopRinging() })
	case SetVolume:
		s.applyVolume()
		s.lights.change(func(v *View) { v.ShowVolume = true })
		s.showing.Reset(volumeShown)
		s.reporter.tell()
	case SaySorry:
		s.sorry(c.For)
	case PlayAnnouncement, RefuseAnnouncement, CancelAnnouncement:
		s.carryOutAnnouncement(c)
	default:
		s.carryOutPairing(c)
	}
}

func order(c StartTurn) turn.Order {
	o := turn.Order{N: c.N, Key: c.Key, Text: c.Text, Again: c.Again}
	if w := c.Wake; w != nil {
		o.Wake = &turn.Wake{Word: w.Word, Pack: w.Pack, Score: w.Score, Presence: w.Presence, Start: w.Start, End: w.End}
	}
	return o
}

// A person who speaks on in one breath needs no chime. So the one that invites to speak
// waits for a moment, and comes when nobody speaks then.
const (
	breath = 100 * time.Millisecond // after the hub's yes
	spoken = 20.0                   // decibels over the room's noise, more than the wake word's echo
)

func (s *Satellite) inviteToSpeak() {
	l := s.ear.Levels()
	if s.state.Turn == TurnListening && l.RMS < l.Floor+spoken {
		s.chime(ChimeListening)
	}
}

func (s *Satellite) chime(c Chime) {
	if s.cfg.Speaker == nil {
		return
	}
	tone := map[Chime]play.Tone{
		ChimeListening: play.ToneListen, ChimeError: play.ToneError, ChimeMuted: play.ToneMute,
		ChimeUnmuted: play.ToneUnmute, ChimeVolume: play.ToneVolume,
	}[c]
	if _, err := s.cfg.Speaker.Play(tone); err != nil {
		s.cfg.Logger.Warn("a chime is not played", "error", err)
		return
	}
	if c == ChimeListening {
		s.turns.Chime(tone.Clip(s.cfg.Capture.Rate).Duration())
	}
}

func (s *Satellite) soundAlarm(on bool) {
	if s.alarm != nil {
		s.alarm.Stop()
		s.alarm = nil
	}
	if !on || s.cfg.Speaker == nil {
		return
	}
	var err error
	if s.alarm, err = s.cfg.Speaker.Ring(longestRing); err != nil {
		s.cfg.Logger.Error("a timer rings, and nobody hears it", "error", err)
	}
}

func (s *Satellite) applyVolume() {
	if s.cfg.Speaker == nil {
		return
	}
	v := s.state.Volume
	s.cfg.Speaker.SetVolume(play.Voice, v.Voice)
	s.cfg.Speaker.SetVolume(play.Chime, v.Chime)
	s.cfg.Speaker.SetVolume(play.Alarm, v.Alarm)
}

// sorry says what the hub can't say.
func (s *Satellite) sorry(f Failure) {
	why := voice.NoSpeech
	if f == FailureNoHub {
		why = voice.NoHub
		s.link.Check()
	}
	if s.cfg.Speaker == nil {
		return
	}
	s.chore(func() { // converting it to the speaker's rate takes a moment
		format, samples := voice.Sorry(why)
		if _, err := s.cfg.Speaker.Clip(play.Voice, play.Clip{Rate: format.Rate, Samples: samples}); err != nil {
			s.cfg.Logger.Warn("an apology is not played", "error", err)
		}
	})
}
