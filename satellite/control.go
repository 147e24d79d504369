package satellite

import (
	"context"
	"fmt"
	"slices"
	"time"

	"vapd/board"
	"vapd/internal/trace"
	"vapd/protocol/control"
)

// statesEvery is how often a subscriber sees the state.
const statesEvery = 100 * time.Millisecond

// Register serves the satellite's methods on its control socket.
func (s *Satellite) Register(mux *control.Mux) {
	control.Handle(mux, control.MethodStatus, func(context.Context, struct{}) (control.SatelliteState, error) {
		return s.view(new(usage)), nil
	})
	control.HandleStream(mux, control.TopicState, s.streamStates)
	event(s, mux, control.MethodSay, func(p control.Say) (Event, error) {
		if p.Text == "" {
			return nil, fmt.Errorf("satellite: there is nothing to say: give a text")
		}
		return Typed{p.Text}, nil
	})
	event(s, mux, control.MethodListen, func(struct{}) (Event, error) { return ListenPressed{}, nil })
	event(s, mux, control.MethodStop, func(struct{}) (Event, error) { return StopPressed{}, nil })
	control.Handle(mux, control.MethodMute, func(ctx context.Context, p control.Switch) (struct{}, error) {
		return struct{}{}, s.kept(ctx, func() { s.step(NetMute{p.On}) })
	})
	control.Handle(mux, control.MethodTrace, func(_ context.Context, q trace.Query) ([]trace.Trace, error) {
		return s.traces.Answer(q), nil
	})
	control.Handle(mux, control.MethodVolume, func(ctx context.Context, p control.Volume) (struct{}, error) {
		for _, percent := range []*int{p.Voice, p.Chime, p.Alarm} {
			if percent != nil && (*percent < 0 || *percent > 100) {
				return struct{}{}, fmt.Errorf("satellite: volume %d: want a percentage, 0 to 100", *percent)
			}
		}
		return struct{}{}, s.kept(ctx, func() { s.step(VolumeSet{s.state.Volume.with(p.Voice, p.Chime, p.Alarm)}) })
	})
	control.Handle(mux, control.MethodSensitivity, func(ctx context.Context, p control.Sensitivity) (struct{}, error) {
		return struct{}{}, s.setSensitivity(ctx, p.Pack, p.Value)
	})
	s.registerPairing(mux)
	control.Handle(mux, control.MethodKey, func(ctx context.Context, p control.Key) (struct{}, error) {
		return struct{}{}, s.moveKey(ctx, p)
	})
}

// event serves a method that makes something happen.
func event[P any](s *Satellite, mux *control.Mux, method string, of func(P) (Event, error)) {
	control.Handle(mux, method, func(_ context.Context, p P) (struct{}, error) {
		e, err := of(p)
		if err == nil {
			s.happen(e)
		}
		return struct{}{}, err
	})
}

// streamStates shows the state ten times a second, while somebody looks.
func (s *Satellite) streamStates(ctx context.Context, _ struct{}, send func(control.SatelliteState)) error {
	usage := new(usage)
	tick := time.NewTicker(statesEvery)
	defer tick.Stop()
	for {
		send(s.view(usage))
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// setSensitivity sets the cutoff of a word, and keeps it.
func (s *Satellite) setSensitivity(ctx context.Context, pack string, cutoff float64) error {
	if err := s.setCutoff(pack, cutoff); err != nil {
		return err
	}
	return s.kept(ctx, func() {
		// A copy: the one of before may be on its way to the disk.
		kept := make(map[string]float64, len(s.settings.Cutoffs)+1)
		for p, c := range s.settings.Cutoffs {
			kept[p] = c
		}
		if kept[pack] = cutoff; cutoff == 0 {
			delete(kept, pack)
		}
		s.settings.Cutoffs = kept
		s.save()
	})
}

func (s *Satellite) setCutoff(pack string, cutoff float64) error {
	if s.cfg.Detector == nil {
		return fmt.Errorf("satellite: there is no wake word: add one with 'vapd wake add'")
	}
	return s.cfg.Detector.SetCutoff(pack, cutoff)
}

// How long the simulated hand takes.
const (
	tapTime   = 30 * time.Millisecond
	holdExtra = 200 * time.Millisecond
)

// moveKey moves a key of the simulated board as a hand would.
func (s *Satellite) moveKey(ctx context.Context, p control.Key) error {
	b, key := s.cfg.Sim, board.KeyID(p.ID)
	if b == nil {
		return fmt.Errorf("satellite: the board %s has real keys: press those", s.cfg.Board.ID)
	}
	if p.ID == "switch" && (p.Gesture == "down" || p.Gesture == "up") {
		b.SetSwitch(p.Gesture == "down")
		return nil
	}
	if _, ok := s.cfg.Board.Key(key); !ok {
		return fmt.Errorf("satellite: the board %s has no key %q", s.cfg.Board.ID, p.ID)
	}
	press := func(d time.Duration) error {
		b.Set(key, true)
		defer b.Set(key, false)
		return pause(ctx, d)
	}
	switch p.Gesture {
	case "down", "up":
		b.Set(key, p.Gesture == "down")
		return nil
	case "press":
		return press(tapTime)
	case "double":
		if err := press(tapTime); err != nil {
			return err
		}
		if err := pause(ctx, 2*tapTime); err != nil {
			return err
		}
		return press(tapTime)
	case "hold":
		holds := s.cfg.Board.Holds(key)
		if len(holds) == 0 {
			return fmt.Errorf("satellite: holding the key %q means nothing", p.ID)
		}
		return press(slices.Min(holds) + holdExtra)
	}
	return fmt.Errorf("satellite: gesture %q: want press, double, hold, down or up", p.Gesture)
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
