package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"sync/atomic"
	"time"

	"vapd/audio"
	"vapd/protocol/clientregistry"
	"vapd/protocol/coap"
	"vapd/protocol/discovery"
	"vapd/protocol/vap"
	"vapd/satellite/link"
)

// satellite is a simulated one: what it does to the hub is done by the code of a real
// one, the client registry's client and the link that finds and keeps the hub.
type satellite struct {
	fleet  *Fleet
	id     string
	line   Line
	client *clientregistry.Client
	link   *link.Link
	hub    coap.Peer // of the latest attempt to connect; the link's goroutine

	up    atomic.Bool
	talks atomic.Bool // somebody is speaking to it, or it answers
}

// offers is what a satellite with a speaker can do.
func offers() []vap.Offer {
	all := []vap.Offer{{Name: vap.CapSound, Version: 1, Codecs: []string{vap.CodecPCM}, Stream: true}}
	for _, name := range []string{vap.CapWakeword, vap.CapVoice, vap.CapHeard, vap.CapListen, vap.CapStop} {
		all = append(all, vap.Offer{Name: name, Version: 1})
	}
	return all
}

func satelliteID(prefix string, n int) string { return fmt.Sprintf("%s-%d", prefix, n) }

func (f *Fleet) newSatellite(n int) (*satellite, error) {
	s := &satellite{fleet: f, id: satelliteID(f.cfg.Prefix, n)}
	mux := new(coap.Mux)
	line, err := f.cfg.Transport.Open(n, s.id, mux)
	if err != nil {
		return nil, fmt.Errorf("load: satellite %d: %w", n, err)
	}
	s.line = line
	s.client = clientregistry.NewClient(clientregistry.ClientConfig{
		ID: s.id, Name: s.id, Capabilities: offers(), Logger: f.cfg.Logger,
		Acknowledged: func(after time.Duration) { f.now().Fragments.Record(after) },
	})
	s.client.Register(mux)
	s.link = link.New(link.Config{
		Registry: s, Tokens: new(forgetful), Logger: f.cfg.Logger,
		Plain: func(netip.Addr) bool { return true }, // Config.Dial says how
		Find: func(_ context.Context, found func(link.Hub)) error {
			found(link.Hub{Name: "hub", Addr: f.cfg.Hub, Configured: true})
			return nil
		},
		Changed: func(now link.Status) { f.changed(s, now) },
	})
	return s, nil
}

// forgetful is a link.Store: tokens are kept by the link for as long as it runs.
type forgetful struct{}

func (forgetful) Load() ([]byte, error) { return nil, nil }
func (forgetful) Save([]byte) error     { return nil }

// Identify implements link.Registry.
func (s *satellite) Identify(ctx context.Context, _ netip.AddrPort) (link.Hub, error) {
	hub, err := s.line.Dial(ctx)
	if err != nil {
		return link.Hub{}, s.failed("handshake", err)
	}
	s.hub = hub
	c, err := discovery.Ask(ctx, hub)
	return link.Hub{ID: c.ID}, s.failed("discovery", err)
}

// Connect implements link.Registry.
func (s *satellite) Connect(ctx context.Context, _ link.Hub, token string) (vap.Connected, error) {
	began := time.Now()
	answer, err := s.client.Connect(ctx, s.hub, token)
	if err == nil {
		s.fleet.now().Connects.Record(time.Since(began))
	}
	return answer, s.failed("connect", err)
}

// Ping implements link.Registry.
func (s *satellite) Ping(ctx context.Context) error {
	began := time.Now()
	err := s.client.Ping(ctx)
	if err == nil {
		s.fleet.now().Pings.Record(time.Since(began))
	}
	return s.failed("ping", err)
}

// failed counts err, unless it came with the end of all, and returns it.
func (s *satellite) failed(what string, err error) error {
	if s.fleet.ctx.Err() == nil {
		s.fleet.now().Errors.Count(what, err)
	}
	return err
}

const (
	// endSilence is how long a satellite goes on to send silence when the person has
	// spoken, and the hub has not noticed yet.
	endSilence = 2 * time.Second
	answerWait = 30 * time.Second
)

// speak sends r at the speed of speech, until the hub has heard enough. The answer is
// still to come.
func (s *satellite) speak(ctx context.Context, r Recording) (*clientregistry.ClientSession, *clientregistry.ClientTurn, error) {
	began := time.Now()
	session := s.client.Start(vap.SessionStart{Turn: 1, At: began, Capabilities: []vap.Capability{
		// A word of its own: nobody competes for the focus.
		vap.Wakeword{Word: s.id, Score: 0.9}.Capability(),
	}})
	s.fleet.wg.Go(func() { s.decided(session, began) })
	turn := session.Turn(1)
	tick := time.NewTicker(fragmentTime)
	defer tick.Stop()
	silence := make([]byte, fragmentBytes)
	for n := range r.fragments() + int(endSilence/fragmentTime) {
		sound, at := silence, int64(n*fragmentBytes/2)
		if n < r.fragments() {
			sound, at = r.fragment(n)
		}
		if err := turn.Send(vap.Sound{At: at, Data: sound}.Capability()); err != nil {
			return session, turn, err
		}
		select {
		case <-ctx.Done():
			session.Cancel()
			return session, turn, ctx.Err()
		case <-turn.Heard():
			turn.Finish()
			return session, turn, nil
		case <-tick.C:
		}
	}
	turn.Finish()
	return session, turn, nil
}

// decided notes when the hub granted the session.
func (s *satellite) decided(session *clientregistry.ClientSession, began time.Time) {
	<-session.Decided() // at the latest when the session ends
	if session.Err() == nil {
		s.fleet.now().Decisions.Record(time.Since(began))
	}
}

// hear takes the answer, at the speed of speech, and ends the session.
func (s *satellite) hear(ctx context.Context, session *clientregistry.ClientSession, turn *clientregistry.ClientTurn) error {
	defer session.Cancel()
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	began := time.Now()
	answer, err := turn.Answer(ctx)
	if err != nil {
		return err
	}
	m := s.fleet.now()
	m.Answers.Record(time.Since(began))
	m.Answered.Add(1)
	if answer.Sound == nil {
		return nil
	}
	played := time.Now()
	for {
		piece, _, err := answer.Sound.Read(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		played = played.Add(audio.WakeRate.Duration(int64(len(piece) / 2)))
		if !sleep(ctx, time.Until(played)) {
			return ctx.Err()
		}
	}
}

// sleep waits for d; false says that ctx ended before.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
