package satellite

import (
	"context"
	"errors"
	"slices"
	"time"

	"vapd/hal"
	"vapd/protocol/coap"
	"vapd/protocol/vap"
	"vapd/satellite/hear"
	"vapd/satellite/link"
	"vapd/satellite/sound"
	"vapd/satellite/timer"
	"vapd/satellite/turn"
)

// happen hands a message to the goroutine that owns the state.
func (s *Satellite) happen(m any) {
	if !s.inbox.put(m) {
		s.cfg.Logger.Error("too much happens at once: something was missed")
	}
}

// heardWord takes what the detector heard.
func (s *Satellite) heardWord(w hear.Word) {
	if w.Stop {
		s.happen(StopHeard{})
		return
	}
	s.happen(Woke{Wake{Word: w.Word, Pack: w.Pack, Score: w.Score, Presence: w.Presence, Start: w.Start, End: w.End}})
}

func (s *Satellite) sounding() bool { return s.cfg.Speaker != nil && s.cfg.Speaker.Sounding() }

// level is how loud the microphone hears, from a whisper (0) to a shout (1).
func (s *Satellite) level() float64 {
	const whisper, shout = -55.0, -15.0
	return min(1, max(0, (s.ear.Levels().RMS-whisper)/(shout-whisper)))
}

func (s *Satellite) deviceChanged(state sound.State) {
	s.happen(MicChanged{map[sound.State]MicState{
		sound.Opening: MicOpening, sound.Running: MicRunning, sound.Failed: MicStalled,
	}[state]})
}

// timersChanged is called while the timers are locked.
func (s *Satellite) timersChanged(all []timer.Timer) {
	s.happen(TimersRing{slices.ContainsFunc(all, func(t timer.Timer) bool { return t.Ringing })})
	s.reporter.tell()
}

func (s *Satellite) linkChanged(st link.Status) {
	s.happen(LinkChanged{map[link.State]LinkState{
		link.Searching: LinkSearching, link.Pending: LinkPending, link.Denied: LinkDenied, link.Unpaired: LinkUnpaired,
		link.Up: LinkUp,
	}[st.State]})
	if st.State == link.Up {
		s.reporter.tell()
	}
}

func (s *Satellite) watchKeys(ctx context.Context) {
	hal.Gestures(ctx, s.cfg.Board, s.cfg.Hardware.Keys, func(g hal.Gesture) { s.happen(g) })
}

// watchSwitch follows the mute switch. Its first position can mute but not unmute:
// nobody has moved it, and a key or the hub may have muted before.
func (s *Satellite) watchSwitch(ctx context.Context) {
	first := true
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-s.cfg.Hardware.Switch.Events():
			if !ok {
				return
			}
			if e.Muted || !first {
				s.happen(MuteSwitched{e.Muted})
			}
			first = false
		}
	}
}

// observer tells the owner of the state how turns go.
type observer struct{ *Satellite }

func (o observer) Granted(n uint32) { o.happen(TurnGranted{n}) }
func (o observer) Heard(n uint32)   { o.happen(TurnHeard{n}) }
func (o observer) Speaks(n uint32)  { o.happen(TurnSpeaks{n}) }

func (o observer) Ended(n uint32, again bool) { o.happen(TurnEnded{n, again}) }

func (o observer) Failed(n uint32, err error) {
	why := failure(err)
	if why != FailureSilent {
		o.cfg.Logger.Warn("turn failed", "n", n, "error", err)
	}
	if why == FailureNoHub {
		o.link.Check()
	}
	o.happen(TurnFailed{n, why})
}

// failure is what err means to a person.
func failure(err error) Failure {
	var refusal *vap.Error
	switch {
	case turn.Silent(err):
		return FailureSilent
	case errors.Is(err, coap.ErrNoReply), errors.Is(err, context.DeadlineExceeded):
		return FailureNoHub
	case errors.As(err, &refusal) && refusal.Type == vap.TypeNoSpeechEngine:
		return FailureNoSpeech
	case errors.As(err, &refusal) && refusal.Type == vap.TypeUnauthorized:
		return FailureNoHub // it was restarted, and the link does not know yet
	}
	return FailureOther
}

// asking is what the hub asks for: in an answer, or at any other time.
type asking struct {
	vap.Capability
	inAnswer bool
}

// notified takes what the hub says at any time; it is called on the goroutine that
// reads the socket.
func (s *Satellite) notified(c vap.Capability) (known bool) {
	switch c.Name {
	case vap.CapVolume, vap.CapTimer, vap.CapMute, vap.CapStop, vap.CapLED, vap.CapRecording:
		s.carry(c, false)
		return true
	}
	return false
}

// carry begins what a capability asks for.
func (s *Satellite) carry(c vap.Capability, inAnswer bool) {
	if c.Name == vap.CapTimer {
		s.chore(func() { s.warn(c, s.setTimer(c)) })
		return
	}
	s.happen(asking{c, inAnswer})
}

// obey carries out what the hub asks for, where the state is.
func (s *Satellite) obey(a asking) {
	switch a.Name {
	case vap.CapStop:
		if a.inAnswer {
			s.step(StopAsked{})
		} else {
			s.step(StopPressed{})
		}
	case vap.CapMute:
		m, err := vap.ParseMute(a.Capability)
		if s.warn(a.Capability, err) {
			s.step(NetMute{m.Muted})
		}
	case vap.CapVolume:
		v, err := vap.ParseVolume(a.Capability)
		if s.warn(a.Capability, err) {
			s.step(VolumeSet{s.state.Volume.with(v.Voice, v.Chime, v.Alarm)})
		}
	case vap.CapRecording:
		r, err := vap.ParseRecording(a.Capability)
		if s.warn(a.Capability, err) {
			near := s.state.NearMisses
			if r.NearMisses != nil {
				near = *r.NearMisses
			}
			s.step(Recording{r.On, near})
		}
	case vap.CapLED:
		l, err := vap.ParseLED(a.Capability)
		colour := hal.Color{R: l.Red, G: l.Green, B: l.Blue}
		if err == nil && likeMuted(colour) {
			err = errRed
		}
		if s.warn(a.Capability, err) {
			s.lights.change(func(v *View) { v.Asked = &colour })
			s.asked.Reset(time.Duration(l.Seconds * float64(time.Second)))
		}
	}
}

// errRed is why a hub's light is not shown.
var errRed = errors.New("satellite: red light belongs to the mute key: it would look as if the microphone was closed")

// with is v with those volumes that are given.
func (v Volume) with(voice, chime, alarm *int) Volume {
	or := func(new *int, old int) int {
		if new != nil {
			return *new
		}
		return old
	}
	return Volume{or(voice, v.Voice), or(chime, v.Chime), or(alarm, v.Alarm)}
}

func (s *Satellite) warn(c vap.Capability, err error) (ok bool) {
	if err != nil {
		s.cfg.Logger.Warn("the hub asked for something that is not done", "capability", c.Name, "error", err)
	}
	return err == nil
}

// setTimer carries out what the hub asks of the timers; it waits for the disk.
func (s *Satellite) setTimer(c vap.Capability) error {
	t, err := vap.ParseTimerCommand(c)
	if err != nil {
		return err
	}
	switch t.Action {
	case vap.TimerSet:
		return s.timers.Set(t.ID, t.Label, time.Duration(t.Seconds*float64(time.Second)))
	case vap.TimerCancel:
		return s.timers.Cancel(t.ID)
	case vap.TimerPause:
		return s.timers.Pause(t.ID)
	case vap.TimerResume:
		return s.timers.Resume(t.ID)
	default:
		return s.timers.CancelAll()
	}
}
