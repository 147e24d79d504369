package link

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
	"go.uber.org/goleak"

	"vapd/protocol/vap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	kitchen = Hub{ID: "org.vapd.hub.kitchen", Name: "kitchen hub", Addr: netip.MustParseAddrPort("192.0.2.1:5683")}
	cellar  = Hub{ID: "org.vapd.hub.cellar", Name: "cellar hub", Addr: netip.MustParseAddrPort("192.0.2.2:5683")}
)

// memory is a Store in memory.
type memory struct{ data []byte }

func (m *memory) Load() ([]byte, error) { return m.data, nil }
func (m *memory) Save(b []byte) error   { m.data = b; return nil }

// network is the hubs that there are, and what they say.
type network struct {
	mu      sync.Mutex
	hubs    []Hub // that a search finds
	connect func(addr netip.AddrPort, token string) (vap.Connected, error)
	ping    func() error              // nil: silence
	silent  map[netip.AddrPort]bool   // that answer neither Identify nor Connect
	ids     map[netip.AddrPort]string // what a hub says that it is; none for a foreign one
	asked   []string                  // "address token" of each connect
	scans   int
	log     bytes.Buffer
}

func (n *network) Identify(ctx context.Context, addr netip.AddrPort) (Hub, error) {
	n.mu.Lock()
	id, silent := n.ids[addr], n.silent[addr] || n.connect == nil
	n.mu.Unlock()
	if silent {
		<-ctx.Done()
		return Hub{}, ctx.Err()
	}
	return Hub{ID: id}, nil
}

func (n *network) Connect(ctx context.Context, hub Hub, token string) (vap.Connected, error) {
	addr := hub.Addr
	n.mu.Lock()
	n.asked = append(n.asked, addr.Addr().String()+" "+token)
	answer, silent := n.connect, n.silent[addr]
	n.mu.Unlock()
	if answer == nil || silent {
		<-ctx.Done()
		return vap.Connected{}, ctx.Err()
	}
	return answer(addr, token)
}

func (n *network) Ping(ctx context.Context) error {
	n.mu.Lock()
	answer := n.ping
	n.mu.Unlock()
	if answer == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	return answer()
}

func (n *network) find(ctx context.Context, found func(Hub)) error {
	n.mu.Lock()
	hubs := n.hubs
	n.scans++
	n.mu.Unlock()
	for _, h := range hubs {
		found(h)
	}
	<-ctx.Done()
	return nil
}

func (n *network) change(f func(*network)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f(n)
}

// keys are the ids of the hubs that the satellite is paired with.
type keys map[string]bool

func (k keys) Paired(id string) bool { return k[id] }
func (k keys) Empty() bool           { return len(k) == 0 }

func everywhere(netip.Addr) bool { return true }

func accept(netip.AddrPort, string) (vap.Connected, error) { return vap.Connected{}, nil }
func alive() error                                         { return nil }

// run starts a Link on n and returns it with the states it went through.
func run(t *testing.T, n *network, store Store, change ...func(*Config)) (l *Link, states func() []State) {
	t.Helper()
	var mu sync.Mutex
	var seen []State
	cfg := Config{
		Registry: n, Find: n.find, Tokens: store, Keys: keys{}, Plain: everywhere, Logger: slog.New(slog.NewTextHandler(&n.log, nil)),
		Changed: func(s Status) {
			mu.Lock()
			defer mu.Unlock()
			if len(seen) == 0 || seen[len(seen)-1] != s.State {
				seen = append(seen, s.State)
			}
		},
	}
	for _, f := range change {
		f(&cfg)
	}
	l = New(cfg)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); l.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return l, func() []State {
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(seen)
	}
}

func refuse(typ string, retry time.Duration) func(netip.AddrPort, string) (vap.Connected, error) {
	return func(netip.AddrPort, string) (vap.Connected, error) {
		return vap.Connected{}, &vap.Error{Code: codes.Unauthorized, Type: typ, RetryAfter: retry}
	}
}

func TestLinkConnectsAndKeepsTheToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{hubs: []Hub{kitchen}, ping: alive, connect: func(_ netip.AddrPort, token string) (vap.Connected, error) {
			if token == "" {
				return vap.Connected{Token: "secret", Locales: []string{"en"}}, nil
			}
			return vap.Connected{Locales: []string{"en"}}, nil
		}}
		store := new(memory)
		l, states := run(t, n, store)
		if got := states(); !slices.Equal(got, []State{Up}) {
			t.Fatalf("states %v", got)
		}
		if s := l.Status(); s.Hub != kitchen || !slices.Equal(s.Answer.Locales, []string{"en"}) {
			t.Fatalf("status %+v", s)
		}
		l2, states := run(t, n, store) // after a restart of the satellite
		if states(); l2.Status().State != Up || n.asked[1] != "192.0.2.1 secret" {
			t.Fatalf("asked %q", n.asked)
		}
	})
}

func TestLinkNoticesARestartedHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{hubs: []Hub{kitchen}, ping: alive, connect: accept}
		l, states := run(t, n, new(memory))
		states()
		n.change(func(n *network) {
			n.ping = func() error { return &vap.Error{Code: codes.Unauthorized, Type: vap.TypeUnauthorized} }
			n.connect = func(a netip.AddrPort, s string) (vap.Connected, error) {
				n.ping = alive
				return vap.Connected{}, nil
			}
		})
		time.Sleep(pingEvery + spread)
		if got := states(); !slices.Equal(got, []State{Up, Searching, Up}) {
			t.Fatalf("states %v", got)
		}
		if n.scans != 1 || l.Status().Losses != 1 {
			t.Fatalf("%d searches, %d losses: want to connect to the same hub without a search", n.scans, l.Status().Losses)
		}
	})
}

func TestLinkIsDownAfterSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{hubs: []Hub{kitchen}, ping: alive, connect: accept}
		l, states := run(t, n, new(memory))
		states()
		n.change(func(n *network) { n.ping, n.connect = nil, nil })
		time.Sleep(silence - time.Millisecond)
		if states(); l.Status().State != Up {
			t.Fatal("down too early")
		}
		time.Sleep(500 * time.Millisecond)
		if states(); l.Status().State != Searching {
			t.Fatal("still up after 5 s")
		}
		// The hub is back elsewhere.
		moved := Hub{ID: kitchen.ID, Addr: netip.MustParseAddrPort("192.0.2.9:5683")}
		n.change(func(n *network) { n.hubs, n.ping, n.connect = []Hub{moved}, alive, accept })
		time.Sleep(longestWait)
		if states(); l.Status().State != Up || l.Status().Hub != moved {
			t.Fatalf("status %+v", l.Status())
		}
	})
}

func TestLinkOutlivesOneLostPing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := 0
		n := &network{hubs: []Hub{kitchen}, connect: accept, ping: func() error {
			if lost++; lost%2 == 0 {
				return nil
			}
			return errors.New("lost")
		}}
		_, states := run(t, n, new(memory))
		time.Sleep(time.Minute)
		if got := states(); !slices.Equal(got, []State{Up}) {
			t.Fatalf("states %v", got)
		}
	})
}

func TestLinkRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		typ   string
		retry time.Duration
		state State
		after time.Duration // after which it has asked again
		say   string
	}{
		"pending":         {vap.TypeApprovalPending, 20 * time.Second, Pending, 20 * time.Second, "clients approve"},
		"pending, no age": {vap.TypeApprovalPending, 0, Pending, pendingWait, "clients approve"},
		"denied":          {vap.TypeConnectionDenied, 0, Denied, deniedWait * 5 / 4, "connectionDenied"},
		"wrong token":     {vap.TypeToken, 0, Denied, deniedWait * 5 / 4, "clients forget"},
		"full":            {vap.TypeTooManyClients, 7 * time.Second, Searching, 7*time.Second + spread, "tooManyClients"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &network{hubs: []Hub{kitchen}, ping: alive, connect: refuse(c.typ, c.retry)}
				l, states := run(t, n, new(memory))
				time.Sleep(scanTime)
				states()
				if s := l.Status(); s.State != c.state || !strings.Contains(s.Why.Error(), c.say) {
					t.Fatalf("%v because of %v", s.State, s.Why)
				}
				n.change(func(n *network) { n.connect = accept })
				time.Sleep(c.after / 2)
				if states(); l.Status().State == Up {
					t.Fatal("asked too early")
				}
				time.Sleep(c.after / 2)
				if states(); l.Status().State != Up {
					t.Fatalf("not up %v after a refusal", c.after)
				}
			})
		})
	}
}

func TestLinkCheckEndsAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{hubs: []Hub{kitchen}, ping: alive, connect: refuse(vap.TypeConnectionDenied, 0)}
		l, states := run(t, n, new(memory))
		time.Sleep(scanTime)
		n.change(func(n *network) { n.connect = accept })
		l.Check()
		if states(); l.Status().State != Up {
			t.Fatal("did not look at once")
		}
	})
}

func TestLinkWithDamagedTokensStillConnects(t *testing.T) {
	for _, damaged := range []string{"{", `{"version":7}`} {
		synctest.Test(t, func(t *testing.T) {
			n := &network{hubs: []Hub{kitchen}, ping: alive, connect: accept}
			l, states := run(t, n, &memory{[]byte(damaged)})
			if states(); l.Status().State != Up {
				t.Fatal("not up")
			}
		})
	}
}

func TestTokensAreBounded(t *testing.T) {
	tok, _ := openTokens(new(memory))
	for i := range maxTokens {
		if err := tok.keep(strings.Repeat("h", i+1), "t"); err != nil {
			t.Fatal(err)
		}
	}
	if tok.keep("one more", "t") == nil {
		t.Fatal("no limit")
	}
	if err := tok.keep("h", "new"); err != nil || tok.of("h") != "new" {
		t.Fatal("a known hub's token can't change")
	}
}
