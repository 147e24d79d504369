package skillregistry

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
	"go.uber.org/goleak"

	"vapd/internal/netsim"
	"vapd/internal/netsim/netsimtest"
	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

func TestMain(m *testing.M) {
	if hub := os.Getenv(skillsOf); hub != "" {
		if err := serveSkills(hub); err != nil {
			fmt.Fprintln(os.Stderr, "skills:", err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

const (
	hubAddr   = "192.0.2.1:5683"
	skillAddr = "192.0.2.2:40000"
	skillName = "org.vapd.lights"
)

func english() vap.Language { return vap.Language{Language: "en", Country: "US"} }

// hub is a Policy that says yes, unless a test replaces one of its functions. It
// records what it is told.
type hub struct {
	connect    func(req vap.Connect, elsewhere bool) (vap.SkillConnected, error)
	registered func(r vap.RegisterIntents) error
	notified   func(item vap.NotificationItem) error
	queried    func(q vap.ClientQuery) []vap.QueryResult
	late       bool // it answers a second later, from another goroutine

	mu     sync.Mutex
	events []string
}

func (h *hub) answer(reply func()) {
	if h.late {
		time.AfterFunc(time.Second, reply)
		return
	}
	reply()
}

func (h *hub) Connect(_ coap.Peer, req vap.Connect, elsewhere bool, reply func(vap.SkillConnected, error)) {
	c, err := vap.SkillConnected{Langs: []vap.Language{english()}}, error(nil)
	if h.connect != nil {
		c, err = h.connect(req, elsewhere)
	}
	h.answer(func() { reply(c, err) })
}

func (h *hub) Registered(s SkillInfo, r vap.RegisterIntents, reply func(error)) {
	var err error
	if h.registered != nil {
		err = h.registered(r)
	}
	h.note("registered " + s.ID)
	h.answer(func() { reply(err) })
}

func (h *hub) Notified(_ SkillInfo, item vap.NotificationItem, reply func(error)) {
	var err error
	if h.notified != nil {
		err = h.notified(item)
	}
	h.answer(func() { reply(err) })
}

func (h *hub) Queried(_ SkillInfo, q vap.ClientQuery, reply func([]vap.QueryResult)) {
	var results []vap.QueryResult
	if h.queried != nil {
		results = h.queried(q)
	}
	h.answer(func() { reply(results) })
}

func (h *hub) Joined(s SkillInfo)          { h.note("joined " + s.ID) }
func (h *hub) Left(s SkillInfo, why error) { h.note(fmt.Sprintf("left %s: %v", s.ID, why)) }
func (h *hub) Listening(s SkillInfo)       { h.note(fmt.Sprintf("%s listens: %v", s.ID, s.Listening)) }

func (h *hub) note(event string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, event)
}

func (h *hub) expect(tb testing.TB, want ...string) {
	tb.Helper()
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Equal(h.events, want) {
		tb.Errorf("the policy was told %q, want %q", h.events, want)
	}
	h.events = nil
}

// tokens is a TokenStore in memory.
type tokens struct {
	mu    sync.Mutex
	token string
	err   error
}

func (s *tokens) Token() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token, s.err
}

func (s *tokens) SetToken(token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = token
	return s.err
}

// house is a hub on a network in memory, to which skills connect.
type house struct {
	tb      testing.TB
	network *netsimtest.Network
	hub     *hub
	server  *Server
	end     *coap.Endpoint
	ends    []*coap.Endpoint
}

func newHouse(tb testing.TB, h *hub, change ...func(*ServerConfig)) *house {
	tb.Helper()
	house := &house{tb: tb, network: netsimtest.New(netsim.Impairment{Delay: time.Millisecond}), hub: h}
	house.open(change...)
	return house
}

// open starts the hub, also again after shut.
func (h *house) open(change ...func(*ServerConfig)) {
	h.tb.Helper()
	cfg := ServerConfig{Policy: h.hub, ID: "hub"}
	for _, f := range change {
		f(&cfg)
	}
	mux := new(coap.Mux)
	h.server = NewServer(cfg)
	h.server.Register(mux)
	h.end = h.endpoint(hubAddr, mux)
}

// shut ends the hub; without a word, when its network is off.
func (h *house) shut() {
	h.tb.Helper()
	h.server.Close()
	time.Sleep(10 * time.Millisecond) // for the last words
	if err := h.end.Close(); err != nil {
		h.tb.Error(err)
	}
}

func (h *house) close() {
	h.tb.Helper()
	h.shut()
	for _, e := range h.ends {
		if err := e.Close(); err != nil {
			h.tb.Error(err)
		}
	}
}

// endpoint opens an endpoint at addr, in the place of a skill's that is there.
func (h *house) endpoint(addr string, mux *coap.Mux) *coap.Endpoint {
	h.tb.Helper()
	h.ends = slices.DeleteFunc(h.ends, func(e *coap.Endpoint) bool {
		if e.LocalAddr().String() != addr {
			return false
		}
		if err := e.Close(); err != nil {
			h.tb.Error(err)
		}
		return true
	})
	return h.network.Endpoint(h.tb, addr, coap.Config{Handler: mux.Serve, MaxBody: 2 * vap.MaxRegistration})
}

// skillConfig is a skill that says what it was asked.
func (h *house) skillConfig(addr string) ClientConfig {
	h.tb.Helper()
	end := h.endpoint(addr, new(coap.Mux))
	h.ends = append(h.ends, end)
	return ClientConfig{
		ID: skillName, Name: "Lights", Endpoint: end, Tokens: new(tokens),
		NLU:  []vap.NLU{hello()},
		Find: at(end, netip.MustParseAddrPort(hubAddr)),
		Handle: func(_ context.Context, req vap.SkillRequest) (Answer, error) {
			return Answer{Capabilities: []vap.Capability{vap.TextCapability(vap.CapVoice, req.Type+" "+req.Intent+req.Event)}}, nil
		},
		CanAnswer: func(context.Context, vap.SkillRequest) float32 { return 0.5 },
	}
}

func hello() vap.NLU {
	return vap.NLU{Language: english(), Intents: []vap.Intent{{Name: "hello", Utterances: []string{"hello there"}}}}
}

// running is a skill whose Run was started.
type running struct {
	*Client
	tb     testing.TB
	cancel context.CancelFunc
	ended  chan error
}

func start(tb testing.TB, cfg ClientConfig) *running {
	ctx, cancel := context.WithCancel(tb.Context())
	r := &running{NewClient(cfg), tb, cancel, make(chan error, 1)}
	go func() { r.ended <- r.Run(ctx) }()
	return r
}

func (r *running) stop() {
	r.tb.Helper()
	r.cancel()
	if err := <-r.ended; err != nil {
		r.tb.Error(err)
	}
}

// skill starts a skill and waits until it listens.
func (h *house) skill(change ...func(*ClientConfig)) *running {
	h.tb.Helper()
	cfg := h.skillConfig(skillAddr)
	for _, f := range change {
		f(&cfg)
	}
	r := start(h.tb, cfg)
	time.Sleep(100 * time.Millisecond)
	h.listens(cfg.ID, true)
	return r
}

func (h *house) listens(id string, want bool) {
	h.tb.Helper()
	all := h.server.Skills()
	i := slices.IndexFunc(all, func(s SkillInfo) bool { return s.ID == id })
	if got := i >= 0 && all[i].Listening; got != want {
		h.tb.Fatalf("%s listens: %v, want %v", id, got, want)
	}
}

func intent(name string) vap.SkillRequest {
	return vap.SkillRequest{Type: vap.RequestIntent, Intent: name, Locale: english(), Client: "kitchen"}
}

func canAnswer(name string) vap.SkillRequest {
	r := intent(name)
	r.Type = vap.RequestCanYouAnswer
	return r
}

// stranger is a peer that sends what it likes.
type stranger struct {
	tb   testing.TB
	end  *coap.Endpoint
	peer coap.Peer
	id   string

	requests chan vap.SkillRequest
	last     chan *coap.Response // with which the observation ended
}

func (h *house) stranger(addr string) *stranger {
	h.tb.Helper()
	e := h.endpoint(addr, new(coap.Mux))
	h.ends = append(h.ends, e)
	return &stranger{
		tb: h.tb, end: e, peer: e.Peer(netip.MustParseAddrPort(hubAddr)),
		requests: make(chan vap.SkillRequest, 2*maxWaiting), last: make(chan *coap.Response, 1),
	}
}

func (s *stranger) do(method codes.Code, path string, body []byte) *coap.Response {
	s.tb.Helper()
	r, err := s.peer.Do(within(s.tb, 30*time.Second), &coap.Request{Code: method, Path: path, Body: body})
	if err != nil {
		s.tb.Fatal(err)
	}
	return r
}

func (s *stranger) post(path string, body []byte) *coap.Response {
	s.tb.Helper()
	return s.do(codes.POST, path, body)
}

func (s *stranger) connect(id string) *coap.Response {
	s.tb.Helper()
	s.id = id
	return s.post(pathConnect, vap.AppendConnect(nil, vap.Connect{ID: id, Name: "n", Version: vap.Version}))
}

func (s *stranger) register(sets ...vap.NLU) *coap.Response {
	s.tb.Helper()
	return s.post(pathRegister, vap.AppendRegisterIntents(nil, vap.Named, vap.RegisterIntents{SkillID: s.id, NLU: sets}))
}

func (s *stranger) notify(items ...vap.NotificationItem) *coap.Response {
	s.tb.Helper()
	return s.post(pathNotification, vap.AppendSkillNotification(nil, vap.Named, vap.SkillNotification{SkillID: s.id, Items: items}))
}

// observe observes as a skill that answers nothing.
func (s *stranger) observe() *coap.Observation {
	s.tb.Helper()
	began := make(chan struct{}, 1)
	o := s.end.Observe(s.tb.Context(), s.peer, &coap.Request{Code: codes.GET, Path: pathSkills + s.id}, func(r *coap.Response, err error) {
		switch {
		case err != nil:
			select {
			case s.last <- r:
			default: // that of an earlier observation
			}
		case len(r.Body) == 0:
			select {
			case began <- struct{}{}:
			default: // renewed
			}
		default:
			if req, err := vap.ParseSkillRequest(r.Body); err != nil {
				s.tb.Error(err)
			} else {
				s.requests <- req
			}
		}
	})
	<-began
	return o
}

func (s *stranger) must(r *coap.Response, code codes.Code) *coap.Response {
	s.tb.Helper()
	if r.Code != code {
		s.tb.Fatalf("got %v %v, want %v", r.Code, vap.ErrorFrom(r), code)
	}
	return r
}

// listening connects a stranger that observes.
func (h *house) listening(addr, id string) *stranger {
	h.tb.Helper()
	s := h.stranger(addr)
	s.must(s.connect(id), codes.Created)
	s.observe()
	return s
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

// at is a ClientConfig.Find for a hub whose address is known.
func at(e *coap.Endpoint, hub netip.AddrPort) func(context.Context) (coap.Peer, error) {
	return func(context.Context) (coap.Peer, error) { return e.Peer(hub), nil }
}
