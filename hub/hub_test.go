package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
	"go.uber.org/goleak"

	"vapd/audio"
	"vapd/hub/api"
	"vapd/hub/clients"
	"vapd/hub/session"
	"vapd/hub/skills"
	"vapd/hub/speech"
	"vapd/hub/store"
	"vapd/protocol/clientregistry"
	"vapd/protocol/coap"
	"vapd/protocol/control"
	"vapd/protocol/vap"
	"vapd/skill/builtin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// engine hears always the same and says always the same.
type engine struct{ text string }

func (e engine) Listen() speech.Utterance { return utterance(e) }
func (e engine) Speak(_ context.Context, _, _ string, emit func(speech.Piece) error) error {
	return emit(speech.Piece{Format: audio.Format{Rate: audio.WakeRate, Channels: 1}, Samples: slices.Repeat([]int16{1000}, 1000)})
}

type utterance engine

func (utterance) Write([]int16)           {}
func (utterance) Partial() speech.Partial { return speech.Partial{} }
func (utterance) Pausing(bool)            {}
func (utterance) Failed() <-chan struct{} { return nil }
func (utterance) Close()                  {}
func (u utterance) Finish(context.Context) (speech.Transcript, error) {
	return speech.Transcript{Text: u.text, Accepted: true}, nil
}

type pcmOnly struct{}

func (pcmOnly) Names() []string                         { return nil }
func (pcmOnly) Decoder(string) (session.Decoder, error) { return nil, errors.New("no such codec") }
func (pcmOnly) Encoder(string) (session.Encoder, error) { return nil, errors.New("no such codec") }

// openStore opens the store of a folder.
func openStore(t *testing.T, dir string) (*store.Store, func()) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{
		Dir: dir, Logger: slog.New(slog.DiscardHandler),
		Check: func(_ context.Context, path string) (string, error) { return store.Check(path) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func start(t *testing.T, heard string, change func(*Config)) *Hub {
	t.Helper()
	h, stop := startIn(t, t.TempDir(), heard, change)
	t.Cleanup(stop)
	return h
}

// startIn starts a hub on a folder; stop ends it, once.
func startIn(t *testing.T, dir, heard string, change func(*Config)) (h *Hub, stop func()) {
	t.Helper()
	kept, closeStore := openStore(t, dir)
	registry, err := clients.Open(clients.Config{
		Store: kept.Bucket(store.Clients), Tokens: clients.RandomTokens{},
		Approval: clients.ApproveFirst, Local: netip.Addr.IsLoopback, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	skillRegistry, err := clients.Open(clients.Config{
		Store: kept.Bucket(store.Skills), Tokens: clients.RandomTokens{}, Approval: clients.ApproveAsk,
		Local: netip.Addr.IsLoopback, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	grants, err := skills.OpenGrants(kept.Bucket(store.Grants))
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{
		ID: "org.vapd.hub.test", Name: "test", Locales: []string{"en-US"}, MaxClients: 10, MaxSessions: 3,
		Listen: netip.MustParseAddrPort("127.0.0.1:0"), ListenDTLS: netip.MustParseAddrPort("127.0.0.1:0"), Local: netip.Addr.IsLoopback,
		Registry: registry, SkillRegistry: skillRegistry, Grants: grants, Store: kept, Window: 200 * time.Millisecond,
		Recognizer: engine{heard}, Synthesizer: engine{heard}, Endpoint: speech.DefaultEndpointConfig,
		Engines: func() []speech.Health { return []speech.Health{{Engine: "ears", State: speech.Ready}} },
		Codecs:  pcmOnly{},
		Logger:  slog.New(slog.DiscardHandler), Now: time.Now,
	}
	if change != nil {
		change(&cfg)
	}
	h, err = New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	var own sync.WaitGroup
	ready := make(chan struct{})
	own.Go(func() {
		var skills []builtin.Own
		if heard != "" { // somebody speaks
			skills = builtin.New(h.Skills().Connect, filepath.Join(dir, "skills"), cfg.Logger)
		}
		builtin.Run(ctx, skills, cfg.Logger, func() { close(ready) })
	})
	<-ready
	go func() { done <- h.Run(ctx) }()
	return h, sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		own.Wait()
		closeStore()
	})
}

// satellite is a connected client.
type satellite struct {
	*clientregistry.Client
	token string
}

func connect(t *testing.T, h *Hub, id string, offers ...vap.Offer) *satellite {
	t.Helper()
	return connectAs(t, h, clientregistry.ClientConfig{ID: id, Capabilities: append([]vap.Offer{
		{Name: vap.CapSound, Version: 1, Stream: true, Codecs: []string{vap.CodecPCM}},
		{Name: vap.CapVoice, Version: 1},
		{Name: vap.CapHeard, Version: 1},
		{Name: vap.CapTimer, Version: vap.TimerPauses},
		{Name: vap.CapListen, Version: 1},
	}, offers...)})
}

func connectAs(t *testing.T, h *Hub, cfg clientregistry.ClientConfig) *satellite {
	t.Helper()
	cfg.Name, cfg.Logger = cfg.ID, slog.New(slog.DiscardHandler)
	cfg.Notified = func(vap.Capability) bool { return true }
	mux := new(coap.Mux)
	e, err := coap.Listen(coap.Config{Addr: netip.MustParseAddrPort("127.0.0.1:0"), Handler: mux.Serve})
	if err != nil {
		t.Fatal(err)
	}
	s := &satellite{Client: clientregistry.NewClient(cfg)}
	s.Register(mux)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = s.Close(ctx) // the hub may be gone already
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	c, err := s.Connect(t.Context(), e.Peer(h.Addr()), "")
	if err != nil {
		t.Fatalf("%s: %v", cfg.ID, err)
	}
	s.token = c.Token
	return s
}

// wake begins a session by a wake word.
func (s *satellite) wake(snr float64) *clientregistry.ClientSession {
	return s.Start(vap.SessionStart{Turn: 1, At: time.Now(), Capabilities: []vap.Capability{
		vap.Wakeword{Word: "okay nabu", Score: 0.9, SNR: snr, End: 320}.Capability(),
	}})
}

// say streams an utterance and waits for its answer.
func say(t *testing.T, s *clientregistry.ClientSession) (clientregistry.ClientAnswer, error) {
	t.Helper()
	turn := s.Turn(1)
	for i := range 5 {
		if err := turn.Send(vap.Sound{At: int64(i * 320), Data: make([]byte, 640)}.Capability()); err != nil {
			return clientregistry.ClientAnswer{}, err
		}
	}
	turn.Finish()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return turn.Answer(ctx)
}

func text(a clientregistry.ClientAnswer, name string) string {
	c, _ := vap.Find(a.Capabilities, name)
	s, _ := vap.ParseText(c)
	return s
}

func TestASatelliteIsAnswered(t *testing.T) {
	h := start(t, "set a timer for five minutes", nil)
	s := connect(t, h, "org.example.kitchen")
	if s.token == "" {
		t.Error("a new client got no token")
	}
	a, err := say(t, s.wake(10))
	if err != nil {
		t.Fatal(err)
	}
	if text(a, vap.CapHeard) != "set a timer for five minutes" || text(a, vap.CapVoice) != "Timer set for five minutes." || !a.EndSession {
		t.Errorf("answer %+v", a.Answer)
	}
	c, ok := vap.Find(a.Capabilities, vap.CapTimer)
	if timer, err := vap.ParseTimerCommand(c); !ok || err != nil || timer.Action != vap.TimerSet || timer.Seconds != 300 || timer.ID == "" {
		t.Errorf("timer %+v, %v", timer, err)
	}
	if a.Sound == nil {
		t.Fatal("no stream of sound")
	}
	bytes := 0
	for {
		data, lost, err := a.Sound.Read(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || lost != 0 {
			t.Fatalf("lost %d: %v", lost, err)
		}
		bytes += len(data)
	}
	if bytes != 4*640 {
		t.Errorf("%d bytes of sound, want 1000 samples in frames of 20 ms", bytes)
	}
}

// A satellite keeps its token by the hub's name, however it found the hub.
func TestTheHubSaysItsNameWhereItIsFound(t *testing.T) {
	h := start(t, "", nil)
	e, err := coap.Listen(coap.Config{Addr: netip.MustParseAddrPort("127.0.0.1:0")})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	r, err := e.Peer(h.Addr()).Do(t.Context(), &coap.Request{Code: codes.GET, Path: ".well-known/core", Query: []string{"rt=vap-client-registry"}})
	want := fmt.Sprintf(`</vap>;rt="vap-client-registry";title="test";hubId="org.vapd.hub.test";coaps=%d`, h.AddrDTLS().Port())
	if err != nil || string(r.Body) != want {
		t.Errorf("%s, %v", r.Body, err)
	}
}

func TestOneOfTwoThatHeardTheSameAnswers(t *testing.T) {
	h := start(t, "what time is it", nil)
	far, near := connect(t, h, "org.example.far"), connect(t, h, "org.example.near")
	sessions := []*clientregistry.ClientSession{far.wake(3), near.wake(20)}
	errs := make([]error, 2)
	var wg sync.WaitGroup
	for i, s := range sessions {
		wg.Go(func() { _, errs[i] = say(t, s) })
	}
	wg.Wait()
	var lost *vap.Error
	if !errors.As(errs[0], &lost) || lost.Type != vap.TypeFocusLost || lost.Object != "org.example.near" {
		t.Errorf("the far one: %v", errs[0])
	}
	if errs[1] != nil {
		t.Errorf("the near one: %v", errs[1])
	}
}

func TestNoMoreConversationsThanThereIsRoomFor(t *testing.T) {
	h := start(t, "what time is it", func(c *Config) { c.MaxSessions = 1 })
	first, second := connect(t, h, "org.example.first"), connect(t, h, "org.example.second")
	running := first.Start(vap.SessionStart{Turn: 1})
	<-running.Decided()
	_, err := say(t, second.Start(vap.SessionStart{Turn: 1}))
	var full *vap.Error
	if !errors.As(err, &full) || full.Code != codes.TooManyRequests || full.RetryAfter == 0 {
		t.Errorf("the second one: %v", err)
	}
	if _, err := say(t, running); err != nil {
		t.Errorf("the first one: %v", err)
	}
}

func TestTimersAreMirrored(t *testing.T) {
	h := start(t, "how long is left", nil)
	s := connect(t, h, "org.example.kitchen")
	if err := s.Notify(t.Context(), vap.TimersCapability([]vap.TimerState{{ID: "a", Seconds: 600, Remaining: 300}})); err != nil {
		t.Fatal(err)
	}
	list, err := h.Do(t.Context(), owner, api.ListClients{})
	if err != nil {
		t.Fatal(err)
	}
	known := list.([]control.HubClient)
	if len(known) != 1 || !known[0].Connected || len(known[0].Timers) != 1 || known[0].Timers[0].Remaining > 300 {
		t.Errorf("clients %+v", known)
	}
	a, err := say(t, s.wake(10))
	if err != nil || text(a, vap.CapVoice) != "Five minutes left." && text(a, vap.CapVoice) != "Four minutes and fifty nine seconds left." {
		t.Errorf("%q, %v", text(a, vap.CapVoice), err)
	}
}

func TestASpeakerMustBeKnown(t *testing.T) {
	h := start(t, "what time is it", func(c *Config) { c.RequireSpeaker = 0.8 })
	_, err := say(t, connect(t, h, "org.example.kitchen").wake(10))
	var e *vap.Error
	if !errors.As(err, &e) || e.Code != codes.Unauthorized || e.Type != vap.TypeUserNotAuthorized {
		t.Errorf("%v", err)
	}
}

func TestADeniedClientIsDisconnectedAndStaysOut(t *testing.T) {
	h := start(t, "what time is it", nil)
	s := connect(t, h, "org.example.kitchen")
	if _, err := h.Do(t.Context(), owner, api.DenyClient{ID: "org.example.kitchen"}); err != nil {
		t.Fatal(err)
	}
	if _, err := say(t, s.wake(10)); err == nil {
		t.Error("a denied client was answered")
	}
	if n := len(h.server.Clients()); n != 0 {
		t.Errorf("%d clients connected", n)
	}
	if _, err := h.Do(t.Context(), owner, api.ApproveClient{ID: "nobody"}); !errors.Is(err, errNoClient) {
		t.Errorf("approving nobody: %v", err)
	}
	if _, err := h.Do(t.Context(), api.Actor{Kind: api.Client, ID: "x"}, api.DenyClient{ID: "y"}); !errors.Is(err, api.ErrDenied) {
		t.Errorf("a client denies another: %v", err)
	}
}

// elsewhere is a peer on the network, whom the hub has to ask its owner about.
type elsewhere struct {
	coap.Peer
	addr netip.AddrPort
}

func (e elsewhere) Addr() netip.AddrPort { return e.addr }
func (elsewhere) Identity() string       { return "" }

func TestWhoMayConnect(t *testing.T) {
	h := start(t, "", nil)
	try := func(id, from, token string) (vap.Connected, *vap.Error) {
		t.Helper()
		type answer struct {
			c   vap.Connected
			err error
		}
		got := make(chan answer, 1)
		h.Connect(elsewhere{addr: netip.MustParseAddrPort(from)}, vap.Connect{ID: id, Name: id, Token: token}, false,
			func(c vap.Connected, err error) { got <- answer{c, err} })
		a := <-got
		var e *vap.Error
		if a.err != nil && !errors.As(a.err, &e) {
			t.Fatal(a.err)
		}
		return a.c, e
	}
	asks := 0
	defer h.Watch(func(e control.HubEvent) {
		if e.Kind == control.EventAsks {
			asks++
		}
	})()
	first, e := try("first", "192.0.2.1:9", "")
	if e != nil || first.Token == "" || !slices.Equal(first.Locales, []string{"en-US"}) || len(first.Capabilities) == 0 {
		t.Fatalf("the first client: %+v, %v", first, e)
	}
	for _, c := range []struct {
		what, id, from, token string
		want                  *vap.Error
	}{
		{"the token, used", "first", "192.0.2.1:9", first.Token, nil},
		{"no token", "first", "192.0.2.1:9", "", &vap.Error{Code: codes.Unauthorized, Type: vap.TypeToken}},
		{"a wrong token", "first", "192.0.2.1:9", "x", &vap.Error{Code: codes.Unauthorized, Type: vap.TypeToken}},
		{"the second one waits", "second", "192.0.2.2:9", "", &vap.Error{Code: codes.Unauthorized, Type: vap.TypeApprovalPending, RetryAfter: askAgain}},
		{"and asks again", "second", "192.0.2.2:9", "", &vap.Error{Code: codes.Unauthorized, Type: vap.TypeApprovalPending, RetryAfter: askAgain}},
	} {
		if _, e := try(c.id, c.from, c.token); (e == nil) != (c.want == nil) || e != nil && *e != *c.want {
			t.Errorf("%s: %v, want %v", c.what, e, c.want)
		}
	}
	if asks != 1 {
		t.Errorf("the owner was told %d times that one client asks", asks)
	}
	if _, err := h.Do(t.Context(), owner, api.ApproveClient{ID: "second"}); err != nil {
		t.Fatal(err)
	}
	if c, e := try("second", "192.0.2.2:9", ""); e != nil || c.Token == "" {
		t.Errorf("approved: %+v, %v", c, e)
	}
	if _, err := h.Do(t.Context(), owner, api.DenyClient{ID: "second"}); err != nil {
		t.Fatal(err)
	}
	if _, e := try("second", "192.0.2.2:9", ""); e == nil || e.Type != vap.TypeConnectionDenied {
		t.Errorf("denied: %v", e)
	}
}

func TestTheControlSocket(t *testing.T) {
	h := start(t, "what time is it", nil)
	path := filepath.Join(t.TempDir(), "hub.sock")
	server, err := control.Listen(control.Config{Path: path, Mux: h.Control()})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	c, err := control.Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	events, err := control.Subscribe[control.HubEvent](c, control.TopicEvents, struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	// A subscription is open once it is answered in order with this call.
	if _, err := control.Call[control.HubStatus](t.Context(), c, control.MethodHubStatus, struct{}{}); err != nil {
		t.Fatal(err)
	}
	for {
		h.watchers.mu.Lock()
		n := len(h.watchers.all)
		h.watchers.mu.Unlock()
		if n > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if _, err := say(t, connect(t, h, "org.example.kitchen").wake(10)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{control.EventJoined, control.EventAnswered} {
		e, _, err := events.Next(t.Context())
		if err != nil || e.Kind != want || e.Client != "org.example.kitchen" {
			t.Fatalf("event %+v, %v; want %s", e, err, want)
		}
	}
	status, err := control.Call[control.HubStatus](t.Context(), c, control.MethodHubStatus, struct{}{})
	if err != nil || status.Clients != 1 || status.Turns.Understood != 1 || status.RSSBytes == 0 || status.Engines[0].State != "ready" {
		t.Errorf("status %+v, %v", status, err)
	}
	list, err := control.Call[[]control.HubClient](t.Context(), c, control.MethodClients, struct{}{})
	if err != nil || len(list) != 1 || list[0].State != "approved" {
		t.Errorf("clients %+v, %v", list, err)
	}
	if _, err := control.Call[any](t.Context(), c, control.MethodForgetClient, control.ClientID{ID: "nobody"}); err == nil {
		t.Error("somebody who isn't there was forgotten")
	}
}
