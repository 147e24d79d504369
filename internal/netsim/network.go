package netsim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"vapd/protocol/coap"
)

// Network is a bad network in memory, whose sockets are transports of coap.Endpoints.
// It does nothing but what its datagrams cause, so in a bubble of testing/synctest hours
// of it pass in a moment. With one seed, and sockets opened in one order, the n-th
// datagram of a direction has the same luck each time.
type Network struct {
	seed uint64

	mu      sync.Mutex
	sockets map[netip.AddrPort]*Socket // by where others see them
	opened  uint64
}

// NewNetwork makes a network without anybody in it.
func NewNetwork(seed uint64) *Network {
	return &Network{seed: seed, sockets: make(map[netip.AddrPort]*Socket)}
}

// receiveBuffer is how many datagrams wait for the reader of a Socket, as many as a
// system's buffer of about a megabyte holds; more are lost.
const receiveBuffer = 1024

// Socket is one host's socket, with its access to the network: Up is what it sends, Down
// what it receives. A datagram goes up its sender's access and down its receiver's.
type Socket struct {
	network  *Network
	local    netip.AddrPort
	up, down *line[netip.AddrPort]
	in       chan received
	closed   chan struct{}
	once     sync.Once
	cancel   context.CancelFunc
	wg       sync.WaitGroup

	public netip.AddrPort // guarded by the network's lock
}

type received struct {
	from netip.AddrPort
	data []byte
}

var _ coap.PacketConn = (*Socket)(nil)

// Open opens a socket at addr. It fails where another one is, and for an impairment out
// of range.
func (n *Network) Open(addr netip.AddrPort, up, down Impairment) (*Socket, error) {
	if err := errors.Join(up.validate(), down.validate()); err != nil {
		return nil, err
	}
	s := &Socket{network: n, local: addr, public: addr, in: make(chan received, receiveBuffer), closed: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.sockets[addr] != nil {
		return nil, inUse(addr)
	}
	n.sockets[addr] = s
	s.up = newLine(up, n.seed, 2*n.opened, s.leave)
	s.down = newLine(down, n.seed, 2*n.opened+1, s.arrive)
	n.opened++
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.wg.Go(func() { s.up.run(ctx) })
	s.wg.Go(func() { s.down.run(ctx) })
	return s, nil
}

func inUse(addr netip.AddrPort) error {
	return fmt.Errorf("netsim: %v is in use: close its socket first", addr)
}

// leave takes a datagram that has gone up, and sends it down to whoever is at to. A
// router on the way writes the address that it knows the sender by.
func (s *Socket) leave(to netip.AddrPort, data []byte) {
	s.network.mu.Lock()
	receiver, from := s.network.sockets[to], s.public
	s.network.mu.Unlock()
	if receiver != nil {
		receiver.down.send(from, data)
	}
}

func (s *Socket) arrive(from netip.AddrPort, data []byte) {
	select {
	case s.in <- received{from, data}:
	default:
	}
}

// Rebind lets others see the socket at another address from now on, as a router with NAT
// does that was restarted. Its own LocalAddr stays. It fails where another one is.
func (s *Socket) Rebind(public netip.AddrPort) error {
	n := s.network
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.sockets[public] != nil {
		return inUse(public)
	}
	if n.sockets[s.public] == s { // not closed
		delete(n.sockets, s.public)
		n.sockets[public] = s
		s.public = public
	}
	return nil
}

// Set changes the access in one direction. The error says which value is out of range.
func (s *Socket) Set(d Direction, change func(*Impairment)) error { return s.line(d).set(change) }

// Status is the access in one direction, and what it has done.
func (s *Socket) Status(d Direction) (Impairment, Counts) { return s.line(d).status() }

func (s *Socket) line(d Direction) *line[netip.AddrPort] {
	if d == Up {
		return s.up
	}
	return s.down
}

// ReadPacket implements coap.PacketConn.
func (s *Socket) ReadPacket(b []byte) (int, coap.Path, error) {
	select {
	case p := <-s.in:
		return copy(b, p.data), coap.Path{Peer: p.from}, nil
	case <-s.closed:
		return 0, coap.Path{}, fmt.Errorf("netsim: socket %v: %w", s.local, net.ErrClosed)
	}
}

// WritePacket implements coap.PacketConn.
func (s *Socket) WritePacket(b []byte, to coap.Path) error {
	select {
	case <-s.closed:
		return fmt.Errorf("netsim: socket %v: %w", s.local, net.ErrClosed)
	default:
		s.up.send(to.Peer, b)
		return nil
	}
}

// LocalAddr implements coap.PacketConn.
func (s *Socket) LocalAddr() netip.AddrPort { return s.local }

// Close implements coap.PacketConn. What is on its way to or from the socket is lost.
func (s *Socket) Close() error {
	s.once.Do(func() {
		close(s.closed)
		s.network.mu.Lock()
		delete(s.network.sockets, s.public)
		s.network.mu.Unlock()
		s.cancel()
	})
	s.wg.Wait()
	return nil
}
