package clientregistry

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"vapd/internal/netsim"
	"vapd/internal/netsim/netsimtest"
	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	hubAddr    = "192.0.2.1:5683"
	clientAddr = "192.0.2.2:40000"
)

// hub is a Policy that says yes, unless a test replaces one of its functions. It
// records what it is told.
type hub struct {
	connect  func(peer coap.Peer, req vap.Connect, elsewhere bool) (vap.Connected, error)
	started  func(s *Session, start vap.SessionStart) (SessionHandler, error)
	notified func(c ClientInfo, caps []vap.Capability)

	mu     sync.Mutex
	events []string // joined ID, left ID: why
}

func (h *hub) Connect(peer coap.Peer, req vap.Connect, elsewhere bool, reply func(vap.Connected, error)) {
	if h.connect != nil {
		reply(h.connect(peer, req, elsewhere))
		return
	}
	reply(vap.Connected{Locales: []string{"en-US"}}, nil)
}

func (h *hub) Started(s *Session, start vap.SessionStart) (SessionHandler, error) {
	return h.started(s, start)
}

func (h *hub) Notified(c ClientInfo, caps []vap.Capability, reply func(error)) {
	h.notified(c, caps)
	reply(nil)
}
func (h *hub) Joined(c ClientInfo)          { h.note("joined " + c.ID) }
func (h *hub) Left(c ClientInfo, why error) { h.note(fmt.Sprintf("left %s: %v", c.ID, why)) }

func (h *hub) note(event string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, event)
}

func (h *hub) noted() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.events...)
}

// ear is a SessionHandler that keeps what it gets.
type ear struct {
	mu        sync.Mutex
	fragments []Fragment
	full      bool
	ended     bool
	why       error
	onLast    func(Fragment)
	more      chan struct{} // one slot
}

func newEar() *ear { return &ear{more: make(chan struct{}, 1)} }

func (e *ear) Fragment(f Fragment) bool {
	e.mu.Lock()
	if e.full {
		e.mu.Unlock()
		return false
	}
	if e.ended {
		panic("a fragment after the end")
	}
	e.fragments = append(e.fragments, f)
	e.mu.Unlock()
	if f.Last && e.onLast != nil {
		e.onLast(f)
	}
	return true
}

func (e *ear) Ended(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended {
		panic("ended twice")
	}
	e.ended, e.why = true, err
}

func (e *ear) heard() []Fragment {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]Fragment(nil), e.fragments...)
}

func (e *ear) end() (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ended, e.why
}

// house is a hub and a satellite on one network in memory.
type house struct {
	tb      testing.TB
	network *netsimtest.Network
	hub     *hub
	mux     *coap.Mux // the hub's
	server  *Server
	client  *Client
	peer    coap.Peer // the hub, as the client sees it
	ends    []*coap.Endpoint
}

func newHouse(tb testing.TB, f netsim.Impairment, h *hub, change ...func(*ServerConfig, *ClientConfig)) *house {
	tb.Helper()
	n := netsimtest.New(f)
	sc := ServerConfig{Policy: h}
	cc := ClientConfig{
		ID: "org.vapd.satellite.kitchen", Name: "kitchen",
		Capabilities: []vap.Offer{
			{Name: vap.CapSound, Version: 1, Codecs: []string{vap.CodecPCM}, Stream: true},
			{Name: vap.CapVoice, Version: 1},
		},
	}
	var serverMux, clientMux coap.Mux
	hubEnd := n.Endpoint(tb, hubAddr, coap.Config{Handler: serverMux.Serve})
	clientEnd := n.Endpoint(tb, clientAddr, coap.Config{Handler: clientMux.Serve})
	for _, f := range change {
		f(&sc, &cc)
	}
	server, client := NewServer(sc), NewClient(cc)
	server.Register(&serverMux)
	client.Register(&clientMux)
	return &house{
		tb: tb, network: n, hub: h, mux: &serverMux, server: server, client: client,
		peer: clientEnd.Peer(netip.MustParseAddrPort(hubAddr)),
		ends: []*coap.Endpoint{hubEnd, clientEnd},
	}
}

func (h *house) close() {
	h.server.Close()
	for _, e := range h.ends {
		if err := e.Close(); err != nil {
			h.tb.Error(err)
		}
	}
}

func (h *house) connect() {
	h.tb.Helper()
	if _, err := h.client.Connect(h.tb.Context(), h.peer, ""); err != nil {
		h.tb.Fatal(err)
	}
}

// pcm is 20 ms of audio whose samples say which fragment it is.
func pcm(n int) vap.Capability {
	data := make([]byte, 640)
	for i := range data {
		data[i] = byte(n)
	}
	return vap.Sound{At: int64(n) * 320, Data: data}.Capability()
}

func wantError(tb testing.TB, err error, kind string) *vap.Error {
	tb.Helper()
	e, ok := errors.AsType[*vap.Error](err)
	if !ok || e.Type != kind {
		tb.Fatalf("error %v, want %s", err, kind)
	}
	return e
}

// run runs a test in a bubble of its own time.
func run(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

func within(tb testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(tb.Context(), d)
	tb.Cleanup(cancel)
	return ctx
}
