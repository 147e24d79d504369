package hubtest

import (
	"fmt"
	"net"
	"net/netip"
	"sync"

	"vapd/protocol/coap"
)

// Network is a network in memory without delay.
type Network struct {
	mu    sync.Mutex
	conns map[netip.AddrPort]*conn
	lose  func(from, to netip.AddrPort, datagram []byte) bool
}

// NewNetwork makes a network that loses nothing.
func NewNetwork() *Network { return &Network{conns: make(map[netip.AddrPort]*conn)} }

// Lose decides from now on which datagrams are lost; nil loses none.
func (n *Network) Lose(lose func(from, to netip.AddrPort, datagram []byte) bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lose = lose
}

// Open opens a socket at addr.
func (n *Network) Open(addr netip.AddrPort) coap.PacketConn {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := &conn{network: n, addr: addr, in: make(chan packet, 4096), closed: make(chan struct{})}
	n.conns[addr] = c
	return c
}

func (n *Network) send(from, to netip.AddrPort, b []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.conns[to]
	if c == nil || n.lose != nil && n.lose(from, to, b) {
		return
	}
	select {
	case c.in <- packet{from, append([]byte(nil), b...)}:
	default:
	}
}

func (n *Network) close(c *conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.conns[c.addr] == c {
		delete(n.conns, c.addr)
	}
}

type packet struct {
	from netip.AddrPort
	data []byte
}

type conn struct {
	network *Network
	addr    netip.AddrPort
	in      chan packet
	once    sync.Once
	closed  chan struct{}
}

// ReadPacket implements coap.PacketConn.
func (c *conn) ReadPacket(b []byte) (int, coap.Path, error) {
	select {
	case p := <-c.in:
		return copy(b, p.data), coap.Path{Peer: p.from}, nil
	case <-c.closed:
		return 0, coap.Path{}, fmt.Errorf("hubtest: %w", net.ErrClosed)
	}
}

// WritePacket implements coap.PacketConn.
func (c *conn) WritePacket(b []byte, to coap.Path) error {
	c.network.send(c.addr, to.Peer, b)
	return nil
}

// LocalAddr implements coap.PacketConn.
func (c *conn) LocalAddr() netip.AddrPort { return c.addr }

// Close implements coap.PacketConn.
func (c *conn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.network.close(c)
	})
	return nil
}

var _ coap.PacketConn = (*conn)(nil)
