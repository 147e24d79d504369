package link

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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
