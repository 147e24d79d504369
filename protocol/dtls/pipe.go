package dtls

import (
	"net"
	"os"
	"sync"
	"time"
)

// pipe is the net.PacketConn under pion while it shakes hands: the demultiplexer puts
// in what came, out gets what pion sends.
type pipe struct {
	in     chan []byte
	out    func([]byte)
	addr   *net.UDPAddr
	wake   chan struct{} // a deadline in the past
	closed chan struct{}
	once   sync.Once
}

func newPipe(addr *net.UDPAddr, out func([]byte)) *pipe {
	return &pipe{
		in: make(chan []byte, 8), out: out, addr: addr,
		wake: make(chan struct{}, 1), closed: make(chan struct{}),
	}
}

// put takes a copy of a datagram, or drops it when pion is behind.
func (p *pipe) put(b []byte) (ok bool) {
	select {
	case p.in <- append([]byte(nil), b...):
		return true
	default:
		return false
	}
}

func (p *pipe) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case d := <-p.in:
		return copy(b, d), p.addr, nil
	case <-p.wake:
		return 0, nil, os.ErrDeadlineExceeded
	case <-p.closed:
		return 0, nil, net.ErrClosed
	}
}

func (p *pipe) WriteTo(b []byte, _ net.Addr) (int, error) {
	select {
	case <-p.closed:
		return 0, net.ErrClosed
	default:
		p.out(b)
		return len(b), nil
	}
}

// SetReadDeadline knows what pion asks for: the past interrupts a read, zero allows
// reads again.
func (p *pipe) SetReadDeadline(t time.Time) error {
	if t.IsZero() {
		select {
		case <-p.wake:
		default:
		}
		return nil
	}
	select {
	case p.wake <- struct{}{}:
	default:
	}
	return nil
}

func (p *pipe) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipe) LocalAddr() net.Addr              { return p.addr }
func (p *pipe) SetDeadline(t time.Time) error    { return p.SetReadDeadline(t) }
func (p *pipe) SetWriteDeadline(time.Time) error { return nil }
