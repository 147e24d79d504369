package link

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/vap"
)

// strict is a hub that gives out one token and refuses whoever comes without it later.
func strict(token string) func(netip.AddrPort, string) (vap.Connected, error) {
	known := false
	return func(_ netip.AddrPort, shown string) (vap.Connected, error) {
		switch {
		case !known:
			known = true
			return vap.Connected{Token: token}, nil
		case shown != token:
			return vap.Connected{}, &vap.Error{Code: codes.Unauthorized, Type: vap.TypeToken}
		}
		return vap.Connected{}, nil
	}
}

// A satellite that was let in once is not locked out of its hub, under whatever name,
// at whatever address, and in whatever way it finds the hub the next time.
func TestLinkKnowsItsHubAgain(t *testing.T) {
	elsewhere := netip.MustParseAddrPort("192.0.2.9:5683")
	for name, again := range map[string]Hub{
		"renamed":                       {ID: kitchen.ID, Name: "hub of the kitchen", Addr: kitchen.Addr},
		"at a new address":              {ID: kitchen.ID, Name: kitchen.Name, Addr: elsewhere},
		"new address, renamed":          {ID: kitchen.ID, Name: "another", Addr: elsewhere},
		"found without its id":          {Name: elsewhere.String(), Addr: elsewhere},
		"configured":                    {Name: "hub.lan:5683", Addr: kitchen.Addr, Configured: true},
		"configured at its new address": {Name: "hub.lan:5683", Addr: elsewhere, Configured: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &network{
					hubs: []Hub{kitchen}, ping: alive, connect: strict("secret"),
					ids: map[netip.AddrPort]string{kitchen.Addr: kitchen.ID, elsewhere: kitchen.ID},
				}
				store := new(memory)
				l, states := run(t, n, store)
				if states(); l.Status().State != Up {
					t.Fatal("not up at first")
				}
				n.change(func(n *network) {
					n.hubs, n.ping = []Hub{again}, nil
					n.silent = map[netip.AddrPort]bool{kitchen.Addr: again.Addr != kitchen.Addr}
				})
				time.Sleep(silence + pingEvery)
				n.change(func(n *network) { n.ping = alive })
				time.Sleep(connectWait + scanTime)
				if states(); l.Status().State != Up || l.Status().Hub.ID != kitchen.ID || l.Status().Hub.Addr != again.Addr {
					t.Errorf("while it runs: %+v", l.Status())
				}
				restarted, states := run(t, n, store)
				if states(); restarted.Status().State != Up {
					t.Errorf("after a restart: %+v", restarted.Status())
				}
			})
		})
	}
}

// The id in connect's answer counts: another hub may have come to the address just now.
func TestLinkKeepsTheTokenOfTheHubThatGaveIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{hubs: []Hub{kitchen}, ping: alive, connect: func(netip.AddrPort, string) (vap.Connected, error) {
			return vap.Connected{Token: "secret", HubID: cellar.ID}, nil
		}}
		l, states := run(t, n, new(memory))
		if states(); l.Status().Hub.ID != cellar.ID || l.tokens.of(cellar.ID) != "secret" || l.tokens.of(kitchen.ID) != "" {
			t.Errorf("tokens %q at %+v", l.tokens.known, l.Status().Hub)
		}
	})
}

// A foreign hub without an id, or with one that is none, is known by its address.
func TestLinkKnowsAForeignHubByItsAddress(t *testing.T) {
	for name, id := range map[string]string{"no id": "", "too long": strings.Repeat("x", maxID+1)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &network{
					hubs: []Hub{{Addr: kitchen.Addr, Configured: true}}, ping: alive, connect: strict("secret"),
					ids: map[netip.AddrPort]string{kitchen.Addr: id},
				}
				store := new(memory)
				_, states := run(t, n, store)
				states()
				l, states := run(t, n, store)
				if states(); l.Status().State != Up || l.tokens.of("192.0.2.1:5683") != "secret" {
					t.Errorf("%+v, tokens %q", l.Status(), l.tokens.known)
				}
			})
		})
	}
}

// The satellite's own hub is away for 20 s, and meanwhile another one, which lets
// everybody in, announces itself.
func TestLinkWaitsForItsOwnHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{hubs: []Hub{kitchen}, ping: alive, connect: func(netip.AddrPort, string) (vap.Connected, error) {
			return vap.Connected{Token: "secret"}, nil
		}}
		l, states := run(t, n, new(memory))
		states()
		n.change(func(n *network) {
			nameless := Hub{Addr: netip.MustParseAddrPort("192.0.2.3:5683")} // found without its id
			n.hubs, n.ping, n.silent = []Hub{cellar, nameless}, nil, map[netip.AddrPort]bool{kitchen.Addr: true}
		})
		time.Sleep(20 * time.Second)
		states()
		s := l.Status()
		if s.State != Searching || !strings.Contains(s.Why.Error(), "ignored") {
			t.Fatalf("%v at %+v because of %v", s.State, s.Hub, s.Why)
		}
		n.change(func(n *network) {
			n.hubs, n.ping, n.silent = []Hub{cellar, kitchen}, alive, nil
		})
		time.Sleep(longestWait)
		if got := states(); l.Status().Hub != kitchen || !slices.Equal(got, []State{Up, Searching, Up}) {
			t.Errorf("%v at %+v", got, l.Status().Hub)
		}
		for _, asked := range n.asked {
			if !strings.HasPrefix(asked, "192.0.2.1 ") {
				t.Errorf("it introduced itself elsewhere: %q", n.asked)
			}
		}
		if told := strings.Count(n.log.String(), cellar.ID); told != 1 {
			t.Errorf("the log tells of the other hub %d times:\n%s", told, &n.log)
		}
	})
}

// Another hub that took the address of the satellite's own is not shown the token.
func TestLinkDoesNotTrustAnAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{hubs: []Hub{kitchen}, ping: alive, connect: strict("secret")}
		l, states := run(t, n, new(memory))
		states()
		n.change(func(n *network) {
			n.hubs, n.ids = nil, map[netip.AddrPort]string{kitchen.Addr: cellar.ID}
			n.ping = func() error { return &vap.Error{Code: codes.Unauthorized, Type: vap.TypeUnauthorized} }
		})
		time.Sleep(time.Minute)
		if states(); l.Status().State != Searching || len(n.asked) != 1 {
			t.Errorf("%+v, asked %q", l.Status(), n.asked)
		}
	})
}

// Only its owner leads a satellite to another hub.
func TestLinkGoesWhereItsOwnerSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		named := cellar
		named.ID, named.Configured = "", true
		n := &network{
			hubs: []Hub{named}, ping: alive, connect: accept,
			ids: map[netip.AddrPort]string{cellar.Addr: cellar.ID},
		}
		l, states := run(t, n, &memory{[]byte(`{"version":1,"tokens":{"org.vapd.hub.kitchen":"t"}}`)})
		if states(); l.Status().State != Up || !slices.Equal(n.asked, []string{"192.0.2.2 "}) {
			t.Errorf("%+v, asked %q", l.Status(), n.asked)
		}
	})
}

// While it has no token, the first hub that admits a satellite gets it.
func TestLinkWithoutATokenTakesTheFirstHubThatAdmitsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{hubs: []Hub{kitchen, cellar}, ping: alive, connect: func(a netip.AddrPort, _ string) (vap.Connected, error) {
			if a == kitchen.Addr {
				return vap.Connected{}, &vap.Error{Code: codes.Unauthorized, Type: vap.TypeApprovalPending}
			}
			return vap.Connected{Token: "t"}, nil
		}}
		l, states := run(t, n, new(memory))
		if got := states(); l.Status().Hub != cellar || !slices.Equal(got, []State{Up}) {
			t.Errorf("%v at %+v", got, l.Status().Hub)
		}
	})
}
