package satellite

import (
	"context"
	"errors"
	"slices"
	"time"

	"vapd/protocol/vap"
	"vapd/satellite/link"
)

// offers is what this satellite can do.
func (s *Satellite) offers() []vap.Offer {
	names := []string{
		vap.CapWakeword, vap.CapChime, vap.CapText, vap.CapVoice, vap.CapHeard, vap.CapListen,
		vap.CapMute, vap.CapStop,
	}
	offers := make([]vap.Offer, 0, len(names)+4)
	for _, name := range names {
		offers = append(offers, vap.Offer{Name: name, Version: 1})
	}
	offers = append(offers, vap.Offer{Name: vap.CapTimer, Version: vap.TimerPauses})
	if s.cfg.Speaker != nil {
		codecs := []string{vap.CodecPCM}
		if s.cfg.Opus != nil {
			codecs = []string{vap.CodecOpus, vap.CodecPCM}
		}
		offers = append(offers,
			vap.Offer{Name: vap.CapSound, Version: 1, Codecs: codecs, Stream: true},
			vap.Offer{Name: vap.CapVolume, Version: 1})
	}
	if s.cfg.Hardware.Pixels.Len() > 0 {
		offers = append(offers, vap.Offer{Name: vap.CapLED, Version: 1},
			// Without a light nobody sees that the hub records: then it must not.
			vap.Offer{Name: vap.CapRecording, Version: 1})
	}
	return offers
}

// sendOpus says whether speech goes to the hub as Opus: when both named it.
func (s *Satellite) sendOpus() bool {
	sound, _ := vap.FindOffer(s.link.Status().Answer.Capabilities, vap.CapSound)
	return slices.Contains(sound.Codecs, vap.CodecOpus)
}

// takesLogs reports whether the hub is there and takes lines of the log.
func (s *Satellite) takesLogs() bool {
	st := s.link.Status()
	_, ok := vap.FindOffer(st.Answer.Capabilities, vap.CapLog)
	return ok && st.State == link.Up
}

// reporter tells the hub of the timers and volumes, at each connect and each change.
type reporter struct {
	satellite *Satellite
	bell      chan struct{} // one slot
}

// tell makes the reporter report; it does not wait.
func (r *reporter) tell() {
	select {
	case r.bell <- struct{}{}:
	default:
	}
}

func (r *reporter) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.bell:
		}
		for r.satellite.link.Status().State == link.Up && !r.report1(ctx) {
			select {
			case <-ctx.Done():
				return
			case <-time.After(reportRepeat):
			}
		}
	}
}

// report1 makes one attempt; it is false when another makes sense.
func (r *reporter) report1(ctx context.Context) bool {
	s := r.satellite
	ctx, cancel := context.WithTimeout(ctx, reportWait)
	defer cancel()
	err := s.client.Notify(ctx, s.ownTimers(), s.ownVolume())
	if err != nil && ctx.Err() == nil {
		s.cfg.Logger.Warn("the hub does not know of timers and volumes", "error", err)
	}
	var refusal *vap.Error
	return err == nil || errors.As(err, &refusal)
}

// queried is what the satellite has to tell when it is asked, as it is at this moment; any
// goroutine may ask.
func (s *Satellite) queried(asked vap.Capability) (vap.Capability, bool) {
	switch asked.Name {
	case vap.CapTimer:
		return s.ownTimers(), true
	case vap.CapVolume:
		return s.ownVolume(), true
	case vap.CapMute:
		return vap.Mute{Muted: s.seen.Load().Muted()}.Capability(), true
	}
	return vap.Capability{}, false
}

func (s *Satellite) ownTimers() vap.Capability {
	all := s.timers.List()
	timers := make([]vap.TimerState, 0, len(all))
	for _, t := range all {
		timers = append(timers, vap.TimerState{
			ID: t.ID, Label: t.Label, Seconds: t.Total.Seconds(), Remaining: t.Remaining.Seconds(), Ringing: t.Ringing, Paused: t.Paused,
		})
	}
	return vap.TimersCapability(timers)
}

func (s *Satellite) ownVolume() vap.Capability {
	v := s.seen.Load().Volume
	return vap.Volume{Voice: &v.Voice, Chime: &v.Chime, Alarm: &v.Alarm}.Capability()
}
