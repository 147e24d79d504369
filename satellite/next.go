package satellite

// Next is the whole policy: what e changes in s and what is to be done about it.
func (s State) Next(e Event) (State, []Command) {
	switch e := e.(type) {
	case ListenPressed:
		return s.start(StartTurn{Key: e.At})
	case Woke:
		if s.Muted() || s.Turn == TurnListening || s.Turn == TurnThinking {
			return s, nil // heard in what was captured before the valve closed, or in the middle of an order
		}
		return s.start(StartTurn{Wake: &e.Wake})
	case Typed:
		return s.start(StartTurn{Text: e.Text})
	case Announced:
		return s.announce(e.What)
	case AnnouncementEnded:
		s.Announcing = s.Announcing && s.AnnouncementN != e.N
		return s, nil
	case StopPressed, StopHeard:
		return s.stop()
	case StopAsked:
		if s.Ringing {
			return s.stop()
		}
		return s, nil
	case MutePressed:
		return s.mute(!s.KeyMuted, s.NetMuted)
	case MuteSwitched:
		return s.mute(e.On, s.NetMuted)
	case NetMute:
		return s.mute(s.KeyMuted, e.On)
	case Recording:
		s.Recorded, s.NearMisses = e.On, e.On && e.NearMisses
		return s, nil
	case VolumePressed:
		return s.louder(e.Steps)
	case VolumeSet:
		s.Volume = e.Volume.clamp()
		return s, []Command{SetVolume{s.Volume}}
	case MicChanged:
		return s.micChanged(e.State)
	case TimersRing:
		if s.Ringing == e.On {
			return s, nil
		}
		s.Ringing = e.On
		return s, []Command{SoundAlarm(e)}
	case LinkChanged:
		return s.linkChanged(e.State)
	case ResetPressed:
		return s, []Command{CancelPairing{}, Reset{}}
	}
	if next, commands, ok := s.pairEvent(e); ok {
		return next, commands
	}
	return s.turnEvent(e)
}

// turnEvent is what the running turn reports of itself; a stale one is dropped.
func (s State) turnEvent(e Event) (State, []Command) {
	switch e := e.(type) {
	case TurnGranted:
		if s.running(e.N) && s.Turn == TurnListening {
			return s, []Command{PlayChime{ChimeListening}}
		}
	case TurnHeard:
		if s.running(e.N) && s.Turn == TurnListening {
			s.Turn = TurnThinking
		}
	case TurnSpeaks:
		if s.running(e.N) {
			s.Turn = TurnSpeaking
		}
	case TurnEnded:
		if !s.running(e.N) {
			return s, nil
		}
		s.Turn = TurnIdle
		if e.Again && !s.Muted() && s.Mic == MicRunning {
			return s.start(StartTurn{Again: true})
		}
	case TurnFailed:
		if !s.running(e.N) {
			return s, nil
		}
		s.Turn = TurnIdle
		switch e.Why {
		case FailureSilent:
		case FailureOther:
			return s, []Command{PlayChime{ChimeError}}
		default:
			return s, []Command{SaySorry{e.Why}}
		}
	}
	return s, nil
}

func (s State) running(n uint32) bool { return s.Turn != TurnIdle && s.TurnN == n }

// start begins a turn, ending what runs or sounds: a person who speaks up is
// heard at once (barge-in).
func (s State) start(cmd StartTurn) (State, []Command) {
	s, out := s.silence()
	if s.Turn != TurnIdle {
		out = append(out, CancelTurn{})
		s.Turn = TurnIdle
	}
	if s.Ringing && cmd.Text == "" {
		out = append(out, StopAlarm{})
	}
	spoken := cmd.Text == ""
	switch {
	case spoken && s.Muted():
		return s, append(out, PlayChime{ChimeMuted})
	case s.Link != LinkUp:
		return s, append(out, SaySorry{FailureNoHub})
	case spoken && s.Mic != MicRunning:
		return s, append(out, PlayChime{ChimeError})
	}
	s.TurnN++
	s.Turn = TurnListening
	if !spoken {
		s.Turn = TurnThinking
	}
	cmd.N = s.TurnN
	return s, append(out, cmd)
}

// stop ends what sounds, the loudest first: an alarm, then an answer or an announcement,
// then listening.
func (s State) stop() (State, []Command) {
	switch {
	case s.Ringing:
		return s, []Command{StopAlarm{}}
	case s.Turn != TurnIdle:
		s.Turn = TurnIdle
		return s, []Command{CancelTurn{}}
	}
	return s.silence()
}

func (s State) mute(key, net bool) (State, []Command) {
	before := s.Muted()
	s.KeyMuted, s.NetMuted = key, net
	if s.Muted() == before {
		return s, nil
	}
	out := []Command{SetCapture{Open: before}}
	chime := ChimeUnmuted
	if s.Muted() {
		chime = ChimeMuted
		var silence []Command
		s, silence = s.silence()
		out = append(out, silence...)
		if s.Turn != TurnIdle {
			s.Turn = TurnIdle
			out = append(out, CancelTurn{})
		}
	}
	return s, append(out, PlayChime{chime})
}

func (s State) louder(steps int) (State, []Command) {
	v := s.Volume
	if s.Ringing {
		v.Alarm += steps * volumeStep
	} else {
		v.Voice += steps * volumeStep
		v.Chime += steps * volumeStep
	}
	s.Volume = v.clamp()
	return s, []Command{SetVolume{s.Volume}, PlayChime{ChimeVolume}}
}

func (v Volume) clamp() Volume {
	for _, p := range []*int{&v.Voice, &v.Chime, &v.Alarm} {
		*p = min(max(*p, 0), 100)
	}
	return v
}

func (s State) micChanged(m MicState) (State, []Command) {
	s.Mic = m
	if m != MicRunning && s.Turn == TurnListening {
		// What is missing can't be made up for: an order with a hole is not carried out.
		s.Turn = TurnIdle
		return s, []Command{CancelTurn{}, PlayChime{ChimeError}}
	}
	return s, nil
}

func (s State) linkChanged(l LinkState) (State, []Command) {
	s.Link = l
	up := l == LinkUp
	s.Recorded, s.NearMisses = s.Recorded && up, s.NearMisses && up // the hub says it again when it is back
	if l != LinkUp && (s.Turn == TurnListening || s.Turn == TurnThinking) {
		s.Turn = TurnIdle
		return s, []Command{CancelTurn{}, PlayChime{ChimeError}}
	}
	return s, nil
}
