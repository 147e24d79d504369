package dtls

import (
	"bytes"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vapd/internal/netsim"
	"vapd/protocol/coap"
)

var (
	hub       = netip.MustParseAddrPort("10.0.0.1:5684")
	satellite = netip.MustParseAddrPort("10.0.0.2:40000")
	elsewhere = netip.MustParseAddrPort("10.0.0.3:50000")
)

// network is one in memory, with 5 ms each way up and down, on which one can listen.
type network struct {
	*netsim.Network
	impairment netsim.Impairment

	mu      sync.Mutex
	sockets map[netip.AddrPort]*netsim.Socket
	log     []datagram
}

type datagram struct {
	from, to netip.AddrPort
	data     []byte
}

// tap logs what a socket sends.
type tap struct {
	*netsim.Socket
	n *network
}

func (s tap) WritePacket(b []byte, to coap.Path) error {
	s.n.mu.Lock()
	s.n.log = append(s.n.log, datagram{s.LocalAddr(), to.Peer, bytes.Clone(b)})
	s.n.mu.Unlock()
	return s.Socket.WritePacket(b, to)
}

// inNetwork runs a test in which only simulated time passes.
func inNetwork(t *testing.T, test func(*testing.T, *network)) {
	t.Helper()
	inBadNetwork(t, 1, netsim.Impairment{}, test)
}

func inBadNetwork(t *testing.T, seed uint64, im netsim.Impairment, test func(*testing.T, *network)) {
	t.Helper()
	im.Delay = 5 * time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		test(t, &network{Network: netsim.NewNetwork(seed), impairment: im, sockets: make(map[netip.AddrPort]*netsim.Socket)})
	})
}

func (n *network) open(tb testing.TB, addr netip.AddrPort) tap {
	tb.Helper()
	s, err := n.Open(addr, n.impairment, n.impairment)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	n.mu.Lock()
	n.sockets[addr] = s
	n.mu.Unlock()
	return tap{s, n}
}

func (n *network) listen(tb testing.TB, addr netip.AddrPort, cfg Config, ec coap.Config) (*Transport, *coap.Endpoint) {
	tb.Helper()
	cfg.Conn = n.open(tb, addr)
	return listen(tb, cfg, ec)
}

// impostor opens a socket at the address of who was there before.
func (n *network) impostor(tb testing.TB, addr netip.AddrPort) *netsim.Socket {
	tb.Helper()
	s, err := n.Open(addr, n.impairment, n.impairment)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// rebind lets others see who opened at addr somewhere else.
func (n *network) rebind(tb testing.TB, addr, public netip.AddrPort) {
	tb.Helper()
	if err := n.sockets[addr].Rebind(public); err != nil {
		tb.Fatal(err)
	}
}

// sent counts what who opened at addr has sent, last is the last of it.
func (n *network) sent(addr netip.AddrPort) (count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, d := range n.log {
		if d.from == addr {
			count++
		}
	}
	return count
}

func (n *network) last(tb testing.TB, addr netip.AddrPort) []byte {
	tb.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := len(n.log) - 1; i >= 0; i-- {
		if n.log[i].from == addr {
			return n.log[i].data
		}
	}
	tb.Fatalf("%v sent nothing", addr)
	return nil
}
