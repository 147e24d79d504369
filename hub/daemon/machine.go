package daemon

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// ownFor is how long a machine's addresses are believed: they change seldom, and who
// floods the hub must not cost a look at all interfaces each time.
const ownFor = 2 * time.Second

// machine knows the addresses of this machine, also those that it gets later.
type machine struct {
	mu    sync.Mutex
	until time.Time
	own   map[netip.Addr]bool
}

// is reports whether addr is this machine's.
func (m *machine) is(addr netip.Addr) bool {
	if addr = addr.Unmap().WithZone(""); addr.IsLoopback() {
		return true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if now := time.Now(); now.After(m.until) {
		m.own, m.until = ownAddresses(), now.Add(ownFor)
	}
	return m.own[addr]
}

// ownAddresses are those of all interfaces; none when they can't be listed, so that
// nobody passes for this machine.
func ownAddresses() map[netip.Addr]bool {
	own := make(map[netip.Addr]bool)
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil {
			own[prefix.Addr().Unmap()] = true
		}
	}
	return own
}
