package discovery

import (
	"net/netip"
	"strings"
	"testing"

	"vapd/internal/netns"
	"vapd/protocol/coap"
	"vapd/protocol/dtls"
)

func nearMulticast(t *testing.T) {
	startHub(t)
	e := endpoint(t, coap.Config{Addr: netip.MustParseAddrPort("[::]:0")})
	all := search(t, All(Clients.Multicast(e), Clients.DNSSD()), func(c Candidate) bool {
		return c == Candidate{ID: hubID, Name: hubName, Addr: netip.MustParseAddrPort("10.77.0.2:5683")}
	})
	t.Log(all)
	// The hub itself says the same.
	hub := all[len(all)-1]
	if asked, err := Ask(t.Context(), e.Peer(hub.Addr)); err != nil || asked != hub {
		t.Errorf("asked, it is %+v, %v", asked, err)
	}
}

// A satellite's only socket is one for DTLS: it asks by each interface all the same, also
// by one that knows nothing but link-local addresses.
func nearMulticastOverDTLS(t *testing.T) {
	run(t, "ip", "link", "add", "near1", "type", "veth", "peer", "name", "far1", "netns", "far")
	run(t, "ip", "link", "set", "near1", "up")
	run(t, "ip", "-n", "far", "link", "set", "far1", "up")
	for _, host := range []string{"", "far"} {
		args := netns.Args(host, "ip", "-6", "-o", "addr", "show", "scope", "link")
		waitFor(t, func() bool {
			out := run(t, args[0], args[1:]...)
			return strings.Count(out, "fe80::") == 2 && !strings.Contains(out, "tentative")
		})
	}
	startHub(t)
	transport, err := dtls.Listen(dtls.Config{Addr: netip.MustParseAddrPort("[::]:0"), Plain: true})
	if err != nil {
		t.Fatal(err)
	}
	e := endpoint(t, coap.Config{Conn: transport})
	missing := map[string]bool{"IPv4": true, "near0": true, "near1": true}
	search(t, Clients.Multicast(e), func(c Candidate) bool {
		if addr := c.Addr.Addr(); addr.Is4() {
			delete(missing, "IPv4")
		} else {
			delete(missing, addr.Zone())
		}
		return len(missing) == 0
	})
}
