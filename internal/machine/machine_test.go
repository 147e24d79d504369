package machine

import (
	"net"
	"net/netip"
	"testing"
)

func TestHas(t *testing.T) {
	own, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	var m Addresses
	for _, a := range own {
		addr := netip.MustParsePrefix(a.String()).Addr()
		if !m.Has(addr) || !m.Has(netip.AddrFrom16(addr.As16())) {
			t.Errorf("%v is not found", addr)
		}
	}
	for _, foreign := range []string{"203.0.113.9", "2001:db8::9"} {
		if m.Has(netip.MustParseAddr(foreign)) {
			t.Errorf("%s, an address of documentation, is the machine's", foreign)
		}
	}
	for _, loopback := range []string{"127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"} {
		if !m.Has(netip.MustParseAddr(loopback)) {
			t.Errorf("%s is not found", loopback)
		}
	}
}

func BenchmarkHas(b *testing.B) {
	var m Addresses
	addr := netip.MustParseAddr("203.0.113.9")
	for b.Loop() {
		m.Has(addr)
	}
}
