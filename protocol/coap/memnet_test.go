package coap

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// memNet is a network in memory. fate says when a datagram arrives, each number a
// copy; it is called by one goroutine at a time.
type memNet struct {
	mu    sync.Mutex
	conns map[netip.AddrPort]*memConn
	fate  func(from, to netip.AddrPort, b []byte) []time.Duration
	log   []sent
}

type sent struct {
	at       time.Time
	from, to netip.AddrPort
	packet   []byte
}

func newMemNet() *memNet {
	return &memNet{
		conns: make(map[netip.AddrPort]*memConn),
		fate:  func(_, _ netip.AddrPort, _ []byte) []time.Duration { return []time.Duration{time.Millisecond} },
	}
}

// memConn is a socket of a memNet.
type memConn struct {
	net    *memNet
	addr   netip.AddrPort
	in     chan memPacket
	closed chan struct{}
}

type memPacket struct {
	b    []byte
	path Path
}

func (n *memNet) conn(host byte) *memConn {
	addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, host}), 5683)
	c := &memConn{net: n, addr: addr, in: make(chan memPacket, 4096), closed: make(chan struct{})}
	n.mu.Lock()
	n.conns[addr] = c
	n.mu.Unlock()
	return c
}

func (c *memConn) LocalAddr() netip.AddrPort { return c.addr }
func (c *memConn) Close() error              { close(c.closed); return nil }

func (c *memConn) ReadPacket(b []byte) (int, Path, error) {
	select {
	case p := <-c.in:
		return copy(b, p.b), p.path, nil
	case <-c.closed:
		return 0, Path{}, net.ErrClosed
	}
}

func (c *memConn) WritePacket(b []byte, to Path) error {
	n := c.net
	n.mu.Lock()
	defer n.mu.Unlock()
	n.log = append(n.log, sent{time.Now(), c.addr, to.Peer, b})
	for addr, dst := range n.conns {
		local := addr.Addr()
		switch {
		case addr == to.Peer:
		case to.Peer.Addr().IsMulticast() && addr != c.addr:
			local = to.Peer.Addr()
		default:
			continue
		}
		for _, d := range n.fate(c.addr, addr, b) {
			time.AfterFunc(d, func() {
				select {
				case dst.in <- memPacket{b, Path{Peer: c.addr, Local: local, Interface: 1}}:
				default: // as a full socket does
				}
			})
		}
	}
	return nil
}

// times are when packets for which is holds were sent, from start on.
func (n *memNet) times(start time.Time, is func(sent) bool) []time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	var t []time.Duration
	for _, s := range n.log {
		if is(s) {
			t = append(t, s.at.Sub(start))
		}
	}
	return t
}

// lines describes everything that was sent, as in "0ms 1>2 CON GET".
func (n *memNet) lines(start time.Time) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var lines []string
	for _, s := range n.log {
		lines = append(lines, fmt.Sprintf("%v %d>%d %s", s.at.Sub(start), s.from.Addr().As4()[3], s.to.Addr().As4()[3], describe(s.packet)))
	}
	return lines
}

var typeNames = [4]string{"CON", "NON", "ACK", "RST"}

func describe(packet []byte) string {
	var f frame
	if err := f.parse(packet); err != nil {
		return err.Error()
	}
	s := fmt.Sprintf("%s %d.%02d", typeNames[f.typ], f.code>>5, f.code&31)
	var o options
	o.read(f.opts)
	if o.hasBlock1 {
		s += fmt.Sprintf(" 1:%d/%t/%d", o.block1.num, o.block1.more, o.block1.size())
	}
	if o.hasBlock2 {
		s += fmt.Sprintf(" 2:%d/%t/%d", o.block2.num, o.block2.more, o.block2.size())
	}
	return s
}

// script is a peer that says what the test tells it.
type script struct {
	*memConn
	tb testing.TB
	to netip.AddrPort
}

func (s *script) send(packet []byte) {
	s.tb.Helper()
	if err := s.WritePacket(packet, Path{Peer: s.to}); err != nil {
		s.tb.Fatal(err)
	}
}

// next is the next message that comes, in memory of its own. It fails after a minute.
func (s *script) next() frame {
	s.tb.Helper()
	select {
	case p := <-s.in:
		var f frame
		if err := f.parse(p.b); err != nil {
			s.tb.Fatalf("received %x: %v", p.b, err)
		}
		return f
	case <-time.After(time.Minute):
		s.tb.Fatal("nothing came")
		return frame{}
	}
}

// expect fails unless the next message is described so.
func (s *script) expect(want string) frame {
	s.tb.Helper()
	f := s.next()
	if got := fmt.Sprintf("%s %d.%02d", typeNames[f.typ], f.code>>5, f.code&31); got != want {
		s.tb.Fatalf("received %s, want %s", got, want)
	}
	return f
}

// silence fails if anything comes in d.
func (s *script) silence(d time.Duration) {
	s.tb.Helper()
	select {
	case p := <-s.in:
		s.tb.Fatalf("received %s, want nothing", describe(p.b))
	case <-time.After(d):
	}
}

// packet builds a message.
func packet(typ message.Type, code codes.Code, mid uint16, tok string, payload string, opts ...message.Option) []byte {
	var m encoder
	t := token{n: uint8(len(tok))}
	copy(t.b[:], tok)
	m.start(typ, code, mid, t)
	for _, o := range opts {
		m.option(o.ID, o.Value)
	}
	p, err := m.finish([]byte(payload))
	if err != nil {
		panic(err)
	}
	return p
}

func option(id message.OptionID, value string) message.Option {
	return message.Option{ID: id, Value: []byte(value)}
}

func blockOption(id message.OptionID, num uint32, more bool, size int) message.Option {
	szx, _ := szxOf(size)
	v := block{num, more, szx}.value()
	return message.Option{ID: id, Value: []byte{byte(v >> 16), byte(v >> 8), byte(v)}}
}

// withScript runs a test in which an endpoint (10.0.0.1) meets a scripted peer
// (10.0.0.2) and no time passes but what the protocol waits.
func withScript(t *testing.T, cfg Config, test func(t *testing.T, e *Endpoint, s *script)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := newMemNet()
		c := n.conn(1)
		cfg.Conn = c
		trustAll(&cfg)
		e := listen(t, cfg)
		test(t, e, &script{n.conn(2), t, c.addr})
	})
}

// trustAll lets tests of other things send answers of any size.
func trustAll(cfg *Config) {
	if cfg.Trusted == nil {
		cfg.Trusted = trusted
	}
}

func trusted(netip.Addr) bool { return true }

// withTwo runs a test with two endpoints.
func withTwo(t *testing.T, client, server Config, test func(t *testing.T, n *memNet, client, server *Endpoint)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := newMemNet()
		trustAll(&client)
		trustAll(&server)
		client.Conn, server.Conn = n.conn(1), n.conn(2)
		test(t, n, listen(t, client), listen(t, server))
	})
}
