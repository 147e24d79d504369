//go:build !race

package soak

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vapd/audio"
	"vapd/hub"
	"vapd/hub/clients"
	"vapd/hub/session"
	"vapd/hub/skills"
	"vapd/hub/speech"
	"vapd/hub/store"
	"vapd/internal/netsim"
	"vapd/protocol/control"
	"vapd/skill/builtin"
)

const hubID = "org.vapd.hub.soak"

var (
	hubPlain   = netip.MustParseAddrPort("192.0.2.1:5683")
	hubSecured = netip.MustParseAddrPort("192.0.2.1:5684")
)

// home is the access of everybody at home: not far, not perfect.
var home = netsim.Impairment{Delay: 5 * time.Millisecond, Jitter: 3 * time.Millisecond, Loss: 0.005}

// house has a hub and its satellites, on one network in memory.
type house struct {
	t          *testing.T
	network    *netsim.Network
	satellites []*resident
	dir        string // of the hub's store
	engine     *engine
	wall       jumpingClock // of the hub
	chance     *rand.Rand   // of what happens to the hub

	// The hub that runs.
	mux     *control.Mux
	sockets []*netsim.Socket
	kept    *store.Store
	cancel  context.CancelFunc
	ran     chan error
	own     sync.WaitGroup // its skills
}

// jumpingClock shows the bubble's time, until somebody sets it.
type jumpingClock struct{ step atomic.Int64 }

func (c *jumpingClock) jump(d time.Duration) { c.step.Add(int64(d)) }
func (c *jumpingClock) now() time.Time       { return time.Now().Add(time.Duration(c.step.Load())) }

// newHouse is a house in which n satellites are paired with the hub.
func newHouse(t *testing.T, n int) *house {
	t.Helper()
	h := &house{t: t, network: netsim.NewNetwork(1), dir: t.TempDir(), engine: new(engine), chance: rand.New(rand.NewPCG(2, 0))}
	h.startHub()
	for i := range n {
		h.satellites = append(h.satellites, newResident(h, i))
	}
	return h
}

func (h *house) close() {
	for _, r := range h.satellites {
		r.stop()
	}
	h.stopHub()
}

func (h *house) startHub() {
	h.t.Helper()
	var err error
	h.kept, err = store.Open(h.t.Context(), store.Config{
		Dir: h.dir, Logger: slog.New(slog.DiscardHandler),
		Check: func(_ context.Context, path string) (string, error) { return store.Check(path) },
	})
	if err != nil {
		h.t.Fatal(err)
	}
	registry, err := clients.Open(clients.Config{
		Store: h.kept.Bucket(store.Clients), Tokens: clients.RandomTokens{}, Approval: clients.ApproveAsk,
		RequirePaired: true, Local: nowhere, Now: h.wall.now,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	skillRegistry, err := clients.Open(clients.Config{
		Store: h.kept.Bucket(store.Skills), Tokens: clients.RandomTokens{}, Approval: clients.ApproveAsk,
		RequirePaired: true, Local: nowhere, Now: h.wall.now,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	grants, err := skills.OpenGrants(h.kept.Bucket(store.Grants))
	if err != nil {
		h.t.Fatal(err)
	}
	plain, secured := h.socket(hubPlain), h.socket(hubSecured)
	h.sockets = []*netsim.Socket{plain, secured}
	one, err := hub.New(hub.Config{
		ID: hubID, Name: "hub", Locales: []string{"en-US"}, Conn: plain, ConnDTLS: secured, Local: nowhere,
		MaxClients: 32, MaxSessions: 64, Registry: registry, SkillRegistry: skillRegistry, Grants: grants, Store: h.kept, Window: 200 * time.Millisecond,
		Recognizer: h.engine, Synthesizer: h.engine, Endpoint: speech.DefaultEndpointConfig,
		Engines: func() []speech.Health { return []speech.Health{{Engine: "ears", State: speech.Ready}} },
		Codecs:  pcmOnly{},
		Logger:  slog.New(slog.DiscardHandler), Now: h.wall.now,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.mux = one.Control()
	ctx, cancel := context.WithCancel(context.Background())
	h.cancel, h.ran = cancel, make(chan error, 1)
	ready := make(chan struct{})
	h.own.Go(func() {
		logger := slog.New(slog.DiscardHandler)
		builtin.Run(ctx, builtin.New(one.Skills().Connect, filepath.Join(h.dir, "skills"), logger), logger, func() { close(ready) })
	})
	<-ready
	go func() { h.ran <- one.Run(ctx) }()
}

// stopHub ends the hub as SIGTERM does.
func (h *house) stopHub() {
	h.t.Helper()
	h.cancel()
	err := <-h.ran
	h.own.Wait()
	if err := errors.Join(err, h.kept.Close()); err != nil {
		h.t.Errorf("the hub ended with %v", err)
	}
}

// crashHub ends the hub without a word to anybody.
func (h *house) crashHub() {
	h.t.Helper()
	for _, s := range h.sockets {
		h.cut(s)
	}
	h.stopHub()
}

func (h *house) socket(addr netip.AddrPort) *netsim.Socket {
	h.t.Helper()
	s, err := h.network.Open(addr, home, home)
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// set makes the access of a socket another one, in both directions.
func (h *house) set(s *netsim.Socket, to netsim.Impairment) {
	h.t.Helper()
	for _, d := range []netsim.Direction{netsim.Up, netsim.Down} {
		if err := s.Set(d, func(i *netsim.Impairment) { *i = to }); err != nil {
			h.t.Fatal(err)
		}
	}
}

// cut lets nothing through.
func (h *house) cut(s *netsim.Socket) { h.set(s, netsim.Impairment{Loss: 1}) }

func nowhere(netip.Addr) bool { return false }

// call asks a daemon something as its control socket would.
func call[R any](t *testing.T, m *control.Mux, method string, params any) R {
	t.Helper()
	result, err := m.Call(t.Context(), method, params)
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	r, _ := result.(R)
	return r
}

// engine understands each time the next of its sentences, and says always the same.
type engine struct{ heard atomic.Int64 }

var sentences = []string{
	"what time is it", "set a timer for five minutes", "how long is left", "what day is it",
	"set the volume to sixty percent", "set a timer for twelve minutes", "colourless green ideas", "cancel all timers",
}

// sentence is the n-th.
func sentence(n int) string { return sentences[n%len(sentences)] }

func (e *engine) Listen() speech.Utterance {
	return utterance(sentence(int(e.heard.Add(1))))
}

// Speak says a second and a half of sound.
func (e *engine) Speak(_ context.Context, _, _ string, emit func(speech.Piece) error) error {
	return emit(speech.Piece{
		Format:  audio.Format{Rate: audio.WakeRate, Channels: 1},
		Samples: slices.Repeat([]int16{6000, -6000}, audio.WakeRate.Frames(750*time.Millisecond)),
	})
}

type utterance string

func (utterance) Write([]int16)           {}
func (utterance) Partial() speech.Partial { return speech.Partial{} }
func (utterance) Pausing(bool)            {}
func (utterance) Failed() <-chan struct{} { return nil }
func (utterance) Close()                  {}

func (u utterance) Finish(context.Context) (speech.Transcript, error) {
	return speech.Transcript{Text: string(u), Accepted: true}, nil
}

type pcmOnly struct{}

func (pcmOnly) Names() []string                         { return nil }
func (pcmOnly) Decoder(string) (session.Decoder, error) { return nil, fmt.Errorf("soak: no codec") }
func (pcmOnly) Encoder(string) (session.Encoder, error) { return nil, fmt.Errorf("soak: no codec") }

// memory keeps bytes over a satellite's restart.
type memory struct {
	mu   sync.Mutex
	data []byte
}

// Load implements the Stores of a satellite.
func (m *memory) Load() ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.data, nil
}

// Save implements the Stores of a satellite.
func (m *memory) Save(b []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.data = slices.Clone(b)
	return nil
}
