package satellite

import (
	"fmt"
	"time"

	"vapd/protocol/control"
	"vapd/protocol/pairing/keyring"
	"vapd/satellite/link"
)

// view is all that there is to see of the satellite at this moment; any goroutine may
// ask. u measures the process since the last view with it.
func (s *Satellite) view(u *usage) control.SatelliteState {
	state := *s.seen.Load()
	v := control.SatelliteState{
		ID: s.cfg.ID, Name: s.cfg.Name, UptimeMS: time.Since(s.started).Milliseconds(),
		Announcement: s.viewAnnouncement(state),
		Link:         s.viewLink(), Pairing: s.viewPairing(state), Mic: s.viewMic(state), Words: s.viewWords(), Turn: s.viewTurn(state),
		LEDs: []string{}, Timers: []control.TimerView{}, Drivers: []control.DriverView{},
		Volume: control.VolumeView(state.Volume),
	}
	for _, c := range s.lights.shown() {
		v.LEDs = append(v.LEDs, fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B))
	}
	for _, t := range s.timers.List() {
		v.Timers = append(v.Timers, control.TimerView{
			ID: t.ID, Label: t.Label, TotalMS: t.Total.Milliseconds(), RemainingMS: t.Remaining.Milliseconds(), Ringing: t.Ringing, Paused: t.Paused,
		})
	}
	for _, d := range s.cfg.Drivers {
		v.Drivers = append(v.Drivers, control.DriverView{Name: string(d.Part), State: string(d.Status), Reason: d.Detail})
	}
	v.RSSBytes, v.CPUPercent = u.look(s.started)
	return v
}

func (s *Satellite) viewLink() control.LinkView {
	st := s.link.Status()
	v := control.LinkView{State: st.State.String(), Hub: st.Hub.Name, Losses: st.Losses, RTTMS: -1}
	if st.Hub.Addr.IsValid() {
		v.Address = st.Hub.Addr.String()
	}
	if st.Why != nil {
		v.Why = st.Why.Error()
	}
	if st.State == link.Up {
		if hub, err := s.client.Hub(); err == nil {
			v.Encrypted = hub.Verified()
			if rtt := hub.Stats().RTT; rtt > 0 {
				v.RTTMS = milliseconds(rtt)
			}
		}
	}
	return v
}

func (s *Satellite) viewPairing(state State) control.PairingView {
	r := s.pairing.Load()
	v := control.PairingView{
		Security: "paired", Hubs: []control.PairedHub{}, N: state.PairN, Hub: r.hub,
		State:  [...]string{"idle", "seeking", "comparing", "agreed", "paired", "failed"}[state.Pairing],
		Digits: state.Code.Digits,
	}
	if s.cfg.Unencrypted {
		v.Security = "open"
	}
	if v.Digits != "" {
		for _, c := range state.Code.Colours {
			v.Colours = append(v.Colours, c.String())
		}
	}
	if r.err != nil {
		v.Error = r.err.Error()
	}
	for _, h := range s.keys.Hubs() {
		v.Hubs = append(v.Hubs, s.viewPaired(h))
	}
	return v
}

func (s *Satellite) viewPaired(h keyring.Hub) control.PairedHub {
	v := control.PairedHub{ID: h.ID, Name: h.Name}
	if h.As != s.cfg.ID {
		v.As = h.As
	}
	return v
}

func (s *Satellite) viewMic(state State) control.MicView {
	l := s.ear.Levels()
	return control.MicView{
		Device: s.cfg.Device, State: [...]string{"opening", "running", "failed"}[state.Mic],
		KeyMuted: state.KeyMuted, NetMuted: state.NetMuted,
		Recorded: state.Recorded,
		Peak:     l.Peak, RMS: l.RMS, Floor: l.Floor,
		RingFill: s.ear.Fill(), Lost: s.ear.Lost(), Reopens: s.sound.Reopens(),
	}
}

func (s *Satellite) viewWords() []control.WordView {
	words := []control.WordView{}
	if s.cfg.Detector == nil {
		return words
	}
	for _, l := range s.cfg.Detector.Levels(nil) {
		t := s.ear.Tally(l.Pack)
		w := control.WordView{
			Pack: l.Pack, Word: l.Word, Score: l.Score, Cutoff: l.Cutoff,
			Woke: t.Woke, NearMiss: t.NearMiss, NearMissAgoMS: -1,
		}
		if !t.NearMissAt.IsZero() {
			w.NearMissAgoMS = time.Since(t.NearMissAt).Milliseconds()
		}
		words = append(words, w)
	}
	return words
}

func (s *Satellite) viewTurn(state State) control.TurnView {
	r := s.turns.Report()
	v := control.TurnView{
		N: r.N, State: [...]string{"idle", "listening", "thinking", "speaking"}[state.Turn],
		Codec: r.Codec, Sent: r.Stats.Sent, Acknowledged: r.Stats.Acknowledged,
		Repeated: r.Stats.Repeated, InFlight: r.Stats.InFlight,
		PreRollMS: r.PreRoll.Milliseconds(), Heard: r.Heard, Answer: r.Answer,
		Latency: control.Latency{
			WordToFragment: known(r.WordToFragment()), Grant: known(r.Grant()), HeardToAnswer: known(r.HeardToAnswer()),
		},
		Underruns: r.Underruns,
	}
	if w := r.Wake; w != nil {
		v.Word, v.SNR, v.Score = w.Word, w.SNR, w.Score
	}
	if r.Err != nil {
		v.Error = r.Err.Error()
	}
	return v
}

func (s *Satellite) viewAnnouncement(state State) control.AnnouncementView {
	r := s.announcer.Report()
	v := control.AnnouncementView{N: r.N, Playing: state.Announcing && r.N == state.AnnouncementN, From: r.From, Text: r.Text, Underruns: r.Underruns}
	if r.Err != nil {
		v.Error = r.Err.Error()
	}
	return v
}

func known(d time.Duration, ok bool) float64 {
	if !ok {
		return -1
	}
	return milliseconds(d)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
