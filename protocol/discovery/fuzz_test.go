package discovery

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/grandcat/zeroconf"

	"vapd/protocol/coap"
)

// FuzzEntry: whatever an answer of DNS-SD says, who is told of has an address that can
// be used, and there are not many.
func FuzzEntry(f *testing.F) {
	f.Add(`kitchen\ hub`, "id=org.vapd.hub.x\nvapVersion=Alpha\ncoaps=5684", 5683, []byte{192, 0, 2, 1})
	f.Add(`\`, "ID\n=\ncoaps=70000", 70000, []byte(net.ParseIP("fe80::1")))
	f.Add("", "coaps=-1", -1, []byte{0, 0, 0, 0, 224, 0, 0, 251, 127, 0, 0, 1})
	f.Fuzz(func(t *testing.T, instance, record string, port int, ips []byte) {
		e := &zeroconf.ServiceEntry{ServiceRecord: zeroconf.ServiceRecord{Instance: instance}, Port: port, Text: strings.Split(record, "\n")}
		for len(ips) > 0 {
			n := min(len(ips), 4+12*(len(ips)&1))
			if n == 4 {
				e.AddrIPv4 = append(e.AddrIPv4, ips[:n])
			} else {
				e.AddrIPv6 = append(e.AddrIPv6, ips[:n])
			}
			ips = ips[n:]
		}
		told := 0
		s := &scan{reachable: make(map[string]bool), found: func(c Candidate) {
			told++
			if a := c.Addr.Addr(); !c.Addr.IsValid() || c.Addr.Port() == 0 || a.IsLoopback() || a.IsMulticast() || a.IsUnspecified() {
				t.Errorf("told of %v", c.Addr)
			}
		}}
		s.entry(e)
		s.tellLinkLocal()
		if told > maxAddresses {
			t.Errorf("told of %d addresses", told)
		}
	})
}

// FuzzAsk: whatever a peer answers that is asked who it is, it is at its own address.
func FuzzAsk(f *testing.F) {
	f.Add([]byte(`</vap>;rt="vap-client-registry";title="kitchen";hubId="org.vapd.hub.x";coaps=5684`))
	f.Add([]byte(`</vap>;rt=vap-client-registry;coaps=0;title="\"`))
	f.Add([]byte(`</a>,</b>;rt="x vap-client-registry"`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := Ask(t.Context(), sameAnswer{body: body})
		if err != nil || c.Addr != (netip.AddrPort{}) {
			t.Errorf("%+v, %v", c, err)
		}
	})
}

// sameAnswer is a peer that answers with the same bytes.
type sameAnswer struct {
	coap.Peer
	body []byte
}

func (sameAnswer) Addr() netip.AddrPort { return netip.AddrPort{} }

func (a sameAnswer) Do(context.Context, *coap.Request) (*coap.Response, error) {
	return &coap.Response{Body: a.body}, nil
}
