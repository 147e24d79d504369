package link

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// Where a satellite goes, by the hubs that it is paired with and by how it may go there.
func TestOnlyAPairedHubIsTrusted(t *testing.T) {
	ours := Hub{ID: "ours", Name: "ours", Addr: netip.MustParseAddrPort("192.0.2.1:5683")}
	other := Hub{ID: "other", Name: "other", Addr: netip.MustParseAddrPort("192.0.2.2:5683")}
	here := Hub{ID: "here", Name: "here", Addr: netip.MustParseAddrPort("127.0.0.1:5683")}
	named := other
	named.Configured = true
	for name, c := range map[string]struct {
		keys  keys
		plain func(netip.Addr) bool
		found []Hub
		want  State
		asked []string // addresses that the satellite introduced itself at
	}{
		"a new satellite, a hub in the network":      {keys{}, netip.Addr.IsLoopback, []Hub{other}, Unpaired, nil},
		"a new satellite, a hub on its machine":      {keys{}, netip.Addr.IsLoopback, []Hub{other, here}, Up, []string{"127.0.0.1 "}},
		"a new satellite in open mode":               {keys{}, everywhere, []Hub{other}, Up, []string{"192.0.2.2 "}},
		"paired":                                     {keys{"ours": true}, netip.Addr.IsLoopback, []Hub{other, ours}, Up, []string{"192.0.2.1 "}},
		"paired, and only another is there":          {keys{"ours": true}, netip.Addr.IsLoopback, []Hub{other}, Searching, nil},
		"paired, and another is there, open":         {keys{"ours": true}, everywhere, []Hub{other}, Searching, nil},
		"paired, and another is on its machine":      {keys{"ours": true}, netip.Addr.IsLoopback, []Hub{here}, Searching, nil},
		"paired, and another is configured":          {keys{"ours": true}, netip.Addr.IsLoopback, []Hub{named}, Unpaired, nil},
		"paired with the one that is configured":     {keys{"other": true}, netip.Addr.IsLoopback, []Hub{named}, Up, []string{"192.0.2.2 "}},
		"paired, and a token of another, in the net": {keys{"ours": true}, netip.Addr.IsLoopback, []Hub{other, ours}, Up, []string{"192.0.2.1 "}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &network{hubs: c.found, connect: accept, ping: alive}
				l, _ := run(t, n, new(memory), func(cfg *Config) { cfg.Keys, cfg.Plain = c.keys, c.plain })
				time.Sleep(scanTime + time.Second)
				synctest.Wait()
				if s := l.Status(); s.State != c.want {
					t.Errorf("%v (%v), want %v", s.State, s.Why, c.want)
				}
				n.change(func(n *network) {
					if !slices.Equal(n.asked, c.asked) {
						t.Errorf("introduced itself at %q, want %q", n.asked, c.asked)
					}
				})
			})
		})
	}
}

// What a hub says that wants the satellite paired, or has another key of it.
func TestWhyAHubRefusesToPair(t *testing.T) {
	hub := Hub{ID: "ours", Name: "ours", Addr: netip.MustParseAddrPort("192.0.2.1:5683")}
	for name, c := range map[string]struct {
		err    error
		want   State
		remedy string
	}{
		"wants it paired": {&vap.Error{Type: vap.TypePairingRequired}, Unpaired, "vapd satellite pair"},
		"another key":     {ErrKey, Denied, "pair it again"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				refused := c.err
				n := &network{hubs: []Hub{hub}, ids: map[netip.AddrPort]string{hub.Addr: hub.ID}, ping: alive}
				n.connect = func(netip.AddrPort, string) (vap.Connected, error) { return vap.Connected{}, refused }
				l, _ := run(t, n, new(memory), func(cfg *Config) { cfg.Keys = keys{"ours": true} })
				time.Sleep(scanTime + time.Second)
				s := l.Status()
				if s.State != c.want || !errors.Is(s.Why, c.err) || !strings.Contains(s.Why.Error(), c.remedy) {
					t.Errorf("%v: %v, want %v and %q", s.State, s.Why, c.want, c.remedy)
				}
				n.change(func(n *network) { refused = nil })
				l.Check()
				synctest.Wait()
				if s := l.Status(); s.State != Up {
					t.Errorf("once it is paired: %v", s.State)
				}
			})
		})
	}
}

// changing are keys that change while the link is up.
type changing struct {
	mu   sync.Mutex
	hubs map[string]bool
}

func (c *changing) Paired(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hubs[id]
}

func (c *changing) Empty() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.hubs) == 0
}

func (c *changing) set(id string, paired bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if delete(c.hubs, id); paired {
		c.hubs[id] = true
	}
}

// A satellite goes to the hub that it was just paired with, and leaves one that it is not
// paired with any more.
func TestTheLinkFollowsThePairings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := Hub{ID: "first", Name: "first", Addr: netip.MustParseAddrPort("192.0.2.1:5683")}
		second := Hub{ID: "second", Name: "second", Addr: netip.MustParseAddrPort("192.0.2.2:5683")}
		n := &network{hubs: []Hub{first, second}, ping: alive, ids: map[netip.AddrPort]string{first.Addr: "first", second.Addr: "second"}}
		n.connect = func(a netip.AddrPort, _ string) (vap.Connected, error) {
			return vap.Connected{Token: "of " + a.String()}, nil
		}
		k := &changing{hubs: map[string]bool{"first": true}}
		l, states := run(t, n, new(memory), func(cfg *Config) { cfg.Keys, cfg.Plain = k, netip.Addr.IsLoopback })
		if states(); l.Status().Hub.ID != "first" {
			t.Fatalf("%+v", l.Status())
		}
		k.set("second", true)
		l.Prefer(second)
		time.Sleep(time.Second)
		if s := l.Status(); s.State != Up || s.Hub.ID != "second" || s.Losses != 1 {
			t.Errorf("paired with another: %+v", s)
		}
		time.Sleep(time.Minute)
		if s := l.Status(); s.Hub.ID != "second" || s.Losses != 1 {
			t.Errorf("it does not stay: %+v", s)
		}
		k.set("second", false)
		if err := l.Forget("second"); err != nil || l.tokens.of("second") != "" {
			t.Error("the token is kept", err)
		}
		time.Sleep(5 * time.Second)
		if s := l.Status(); s.State != Up || s.Hub.ID != "first" {
			t.Errorf("unpaired: %+v", s)
		}
		k.set("first", false)
		if err := l.Forget("first"); err != nil {
			t.Error(err)
		}
		time.Sleep(5 * time.Second)
		if s := l.Status(); s.State != Unpaired {
			t.Errorf("unpaired with all: %+v", s)
		}
	})
}

// A hub that ends the association, for instance of a client that was shut out, is gone at
// once, not when it has been silent for long enough.
func TestAnEndedAssociationIsALostLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := Hub{ID: "ours", Name: "ours", Addr: netip.MustParseAddrPort("192.0.2.1:5683")}
		n := &network{hubs: []Hub{hub}, ids: map[netip.AddrPort]string{hub.Addr: hub.ID}, connect: accept, ping: alive}
		l, _ := run(t, n, new(memory), func(cfg *Config) { cfg.Keys = keys{"ours": true} })
		synctest.Wait()
		n.change(func(n *network) {
			n.ping = func() error { return fmt.Errorf("ping: %w", coap.ErrEnded) }
			n.connect = func(netip.AddrPort, string) (vap.Connected, error) { return vap.Connected{}, ErrKey }
		})
		time.Sleep(pingEvery + time.Millisecond)
		synctest.Wait()
		if s := l.Status(); s.State == Up || !errors.Is(s.Why, coap.ErrEnded) {
			t.Errorf("%v: %v", s.State, s.Why)
		}
	})
}
