// Package machine knows the addresses of the machine that the program runs on.
package machine

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// ownFor is how long a machine's addresses are believed: they change seldom, and who
// floods the hub must not cost a look at all interfaces each time.
const ownFor = 2 * time.Second

// Addresses are those of this machine, also those that it gets later. The zero value
// is ready, for any goroutine.
type Addresses struct {
	mu    sync.Mutex
	until time.Time
	own   map[netip.Addr]bool
}

// Has reports whether addr is this machine's.
func (m *Addresses) Has(addr netip.Addr) bool {
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
