package hubtest

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"vapd/protocol/clientregistry"
	"vapd/protocol/coap"
	"vapd/protocol/pairing"
	"vapd/protocol/vap"
)

// Answer is what the hub answers to an utterance.
type Answer struct {
	Capabilities []vap.Capability
	Keep         bool // the session stays open
	// Codec and Pieces are streamed sound, none when there are no pieces; PieceTime is
	// the pause before each.
	Codec     string
	Rate      int
	Pieces    [][]byte
	PieceTime time.Duration
	// Error is answered instead.
	Error *vap.Error
}

// Script is the hub's mind. Nil functions and zero values stand for a friendly hub
// that never has heard enough.
type Script struct {
	Connect func(vap.Connect) (vap.Connected, error)
	// Refuse refuses sessions; Decide is how long every decision takes.
	Refuse *vap.Error
	Decide time.Duration
	// HearAfter is the number of fragments after which an utterance is over; 0: never.
	HearAfter int
	Answer    func(turn uint32, fragments []clientregistry.Fragment) Answer
}

// Session is what the hub saw of one.
type Session struct {
	Start     vap.SessionStart
	Fragments []clientregistry.Fragment
	Ended     bool
	Why       error
}

// Hub is a hub. Close it.
type Hub struct {
	Server *clientregistry.Server
	// Pairing is nil of a hub that New made.
	Pairing *pairing.Server

	endpoint *coap.Endpoint // plain
	secured  *coap.Endpoint // of NewPaired
	ctx      context.Context
	cancel   context.CancelFunc
	wg       sync.WaitGroup

	mu       sync.Mutex
	script   Script
	sessions []*session
	notified []vap.Capability
	joined   int
}

// New starts a hub on the socket that cfg describes.
func New(cfg coap.Config, script Script) (*Hub, error) {
	mux := new(coap.Mux)
	cfg.Handler = mux.Serve
	endpoint, err := coap.Listen(cfg)
	if err != nil {
		return nil, err
	}
	h := &Hub{endpoint: endpoint, script: script}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.Server = clientregistry.NewServer(clientregistry.ServerConfig{Policy: h})
	h.Server.Register(mux)
	return h, nil
}

// Addr is the address and port of its socket.
func (h *Hub) Addr() netip.AddrPort { return h.endpoint.LocalAddr() }

// Close ends the hub as a crash would: nobody is told.
func (h *Hub) Close() error {
	h.cancel()
	err := h.endpoint.Close()
	if h.secured != nil {
		err = errors.Join(err, h.secured.Close())
		h.Pairing.Close()
	}
	h.Server.Close()
	h.wg.Wait()
	return err
}

// Change replaces the script.
func (h *Hub) Change(script Script) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.script = script
}

// Sessions are those that there were.
func (h *Hub) Sessions() []Session {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]Session, 0, len(h.sessions))
	for _, s := range h.sessions {
		one := s.seen
		one.Fragments = append([]clientregistry.Fragment(nil), one.Fragments...)
		out = append(out, one)
	}
	return out
}

// Reported are the capabilities that clients reported outside of sessions.
func (h *Hub) Reported() []vap.Capability {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]vap.Capability(nil), h.notified...)
}

// Connects is how often a client was let in.
func (h *Hub) Connects() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.joined
}

// Announce has the client say text with pieces of PCM at 16 kHz, and waits until it has
// taken all of them.
func (h *Hub) Announce(ctx context.Context, client, text string, pieces [][]byte) error {
	o, err := h.Server.Announce(ctx, client, vap.CodecPCM, 16000, vap.TextCapability(vap.CapVoice, text))
	if err != nil {
		return err
	}
	defer o.Close()
	for i, p := range pieces {
		if err := o.Send(ctx, p, i == len(pieces)-1); err != nil {
			return err
		}
	}
	return o.Wait(ctx)
}

// Connect implements clientregistry.Policy.
func (h *Hub) Connect(_ coap.Peer, req vap.Connect, _ bool, reply func(vap.Connected, error)) {
	h.mu.Lock()
	connect := h.script.Connect
	h.mu.Unlock()
	if connect == nil {
		reply(vap.Connected{Locales: []string{"en-US"}}, nil)
		return
	}
	reply(connect(req))
}

// Started implements clientregistry.Policy.
func (h *Hub) Started(s *clientregistry.Session, start vap.SessionStart) (clientregistry.SessionHandler, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	one := &session{hub: h, session: s, script: h.script, decided: make(chan struct{}), seen: Session{Start: start}}
	h.sessions = append(h.sessions, one)
	h.wg.Go(one.decide)
	return one, nil
}

// Notified implements clientregistry.Policy.
func (h *Hub) Notified(_ clientregistry.ClientInfo, capabilities []vap.Capability, reply func(error)) {
	h.mu.Lock()
	h.notified = append(h.notified, capabilities...)
	h.mu.Unlock()
	reply(nil)
}

// Joined implements clientregistry.Policy.
func (h *Hub) Joined(clientregistry.ClientInfo) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.joined++
}

// Left implements clientregistry.Policy.
func (h *Hub) Left(clientregistry.ClientInfo, error) {}

var _ clientregistry.Policy = (*Hub)(nil)
