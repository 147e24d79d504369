package skill_test

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
	"go.uber.org/goleak"

	"vapd/protocol/coap"
	"vapd/protocol/skillregistry"
	"vapd/protocol/vap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hub is the policy of a hub that gives out one token and tells its tests what happens.
type hub struct {
	mu         sync.Mutex
	token      string
	tokens     []string // that skills came with
	registered []vap.RegisterIntents
	said       []vap.NotificationItem
	left       chan error
	listens    chan string
}

func (h *hub) Connect(_ coap.Peer, req vap.Connect, _ bool, reply func(vap.SkillConnected, error)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tokens = append(h.tokens, req.Token)
	c := vap.SkillConnected{Langs: []vap.Language{{Language: "en", Country: "GB"}}}
	switch {
	case h.token == "":
		h.token = "the only token"
		c.Token = h.token
	case req.Token != h.token:
		reply(c, &vap.Error{Code: codes.Unauthorized, Type: vap.TypeToken})
		return
	}
	reply(c, nil)
}

func (h *hub) Registered(_ skillregistry.SkillInfo, r vap.RegisterIntents, reply func(error)) {
	h.mu.Lock()
	h.registered = append(h.registered, r)
	h.mu.Unlock()
	reply(nil)
}

func (h *hub) Notified(_ skillregistry.SkillInfo, i vap.NotificationItem, reply func(error)) {
	h.mu.Lock()
	h.said = append(h.said, i)
	h.mu.Unlock()
	reply(nil)
}

func (h *hub) Queried(_ skillregistry.SkillInfo, q vap.ClientQuery, reply func([]vap.QueryResult)) {
	if q.ClientID != vap.System || len(q.Capabilities) == 0 || q.Capabilities[0].Fields["what"] != "color" {
		reply(nil)
		return
	}
	reply([]vap.QueryResult{{Name: "preferences", Code: codes.Content, Fields: map[string]any{"color": "red"}}})
}

func (h *hub) Joined(skillregistry.SkillInfo) {}
func (h *hub) Left(_ skillregistry.SkillInfo, why error) {
	h.left <- why
}

func (h *hub) Listening(s skillregistry.SkillInfo) {
	if s.Listening {
		h.listens <- s.ID
	}
}

// house is a hub's registry. On the loopback it is in no group. It ends by close, or by
// vanish, which says goodbye to nobody.
type house struct {
	*hub
	server        *skillregistry.Server
	addr          netip.AddrPort
	close, vanish func()
}

func newHouse(t *testing.T, h *hub, at netip.AddrPort) *house {
	t.Helper()
	mux := new(coap.Mux)
	end, err := coap.Listen(coap.Config{Addr: at, Groups: !at.Addr().IsLoopback(), Handler: mux.Serve})
	if err != nil {
		t.Fatal(err)
	}
	server := skillregistry.NewServer(skillregistry.ServerConfig{
		Policy: h, KnowsEntity: func(_ vap.Language, name string) bool { return name == "number" },
	})
	server.Register(mux)
	closeEnd := sync.OnceFunc(func() {
		if err := end.Close(); err != nil {
			t.Error(err)
		}
	})
	house := &house{
		hub: h, server: server, addr: end.LocalAddr(),
		close:  func() { server.Close(); closeEnd() },
		vanish: func() { closeEnd(); server.Close() },
	}
	t.Cleanup(house.close)
	return house
}

func newHub() *hub { return &hub{left: make(chan error, 10), listens: make(chan string, 10)} }

func loopback() netip.AddrPort { return netip.MustParseAddrPort("127.0.0.1:0") }

func await[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(20 * time.Second):
		t.Fatalf("no %s within 20 s", what)
		panic("unreachable")
	}
}

func (h *house) ask(t *testing.T, skill string, req vap.SkillRequest) (skillregistry.Answer, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req.Client, req.Offers = "org.example.kitchen", []vap.Offer{{Name: vap.CapVoice, Version: 1}}
	return h.server.Ask(ctx, skill, req)
}

func voice(a skillregistry.Answer) string {
	c, _ := vap.Find(a.Capabilities, vap.CapVoice)
	s, _ := vap.ParseText(c)
	return s
}
