package skillregistry

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// network is a network in memory: what is sent to an address arrives there, unless
// its faults say otherwise.
type network struct {
	mu     sync.Mutex
	random *rand.Rand
	faults faults
	conns  map[netip.AddrPort]*packetConn
	latest time.Time // when the latest packet arrives
}

// faults of a network. Loss and duplication are probabilities.
type faults struct {
	loss, twice    float64
	delay          time.Duration
	dropEverything bool
}

func newNetwork(seed uint64, f faults) *network {
	return &network{random: rand.New(rand.NewPCG(seed, 1)), faults: f, conns: make(map[netip.AddrPort]*packetConn)}
}

func (n *network) set(f faults) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults = f
}

type packet struct {
	data []byte
	from netip.AddrPort
}

// packetConn is a coap.PacketConn on a network.
type packetConn struct {
	network *network
	addr    netip.AddrPort
	packets chan packet
	closed  chan struct{}
	once    sync.Once
}

func (n *network) open(addr string) *packetConn {
	c := &packetConn{
		network: n, addr: netip.MustParseAddrPort(addr),
		packets: make(chan packet, 4096), closed: make(chan struct{}),
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.conns[c.addr] = c
	return c
}

func (c *packetConn) ReadPacket(b []byte) (int, coap.Path, error) {
	select {
	case <-c.closed:
		return 0, coap.Path{}, net.ErrClosed
	case p := <-c.packets:
		return copy(b, p.data), coap.Path{Peer: p.from}, nil
	}
}

func (c *packetConn) WritePacket(b []byte, to coap.Path) error {
	n := c.network
	n.mu.Lock()
	defer n.mu.Unlock()
	copies := 1
	if n.faults.dropEverything || n.random.Float64() < n.faults.loss {
		copies = 0
	} else if n.random.Float64() < n.faults.twice {
		copies = 2
	}
	p := packet{data: append([]byte(nil), b...), from: c.addr}
	for range copies {
		due := time.Now().Add(n.faults.delay)
		if !due.After(n.latest) {
			due = n.latest.Add(1) // packets keep their order
		}
		n.latest = due
		time.AfterFunc(time.Until(due), func() { n.deliver(p, to.Peer) })
	}
	return nil
}

func (n *network) deliver(p packet, to netip.AddrPort) {
	n.mu.Lock()
	c := n.conns[to]
	n.mu.Unlock()
	if c == nil {
		return
	}
	select {
	case c.packets <- p:
	default:
	}
}

func (c *packetConn) LocalAddr() netip.AddrPort { return c.addr }

func (c *packetConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}

// endpoint opens an endpoint on the network that serves mux.
func (n *network) endpoint(tb testing.TB, addr string, mux *coap.Mux) *coap.Endpoint {
	tb.Helper()
	e, err := coap.Listen(coap.Config{Conn: n.open(addr), Handler: mux.Serve, MaxBody: 2 * vap.MaxRegistration})
	if err != nil {
		tb.Fatal(err)
	}
	return e
}
