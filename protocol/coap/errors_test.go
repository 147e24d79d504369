package coap

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// TestUnsent: a socket that refuses to send from an address that is gone gets the
// repetition without it; a NON request fails at once.
func TestUnsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := netip.MustParseAddr("192.0.2.99")
		n := newMemNet()
		a := &pickyConn{memConn: n.conn(1), refuse: gone}
		e := listen(t, Config{Conn: a})
		s := &script{n.conn(2), t, a.addr}
		peer := e.Peer(s.addr)
		done := make(chan error, 1)
		start := func(non bool) {
			r := receiver{e: e} // the peer was heard at the address
			e.Start(t.Context(), peer, get, func(*Response, error) {}).Cancel()
			s.next()
			r.receive(packet(message.Acknowledgement, codes.Empty, 1, "", ""), Path{Peer: s.addr, Local: gone})
			e.Start(t.Context(), peer, &Request{Code: codes.GET, NonConfirmable: non}, func(_ *Response, err error) { done <- err })
		}
		start(false)
		f := s.expect("CON 0.01")
		s.send(packet(message.Acknowledgement, codes.Content, f.mid, string(f.token.bytes()), ""))
		if err := <-done; err != nil {
			t.Error(err)
		}
		start(true)
		if err := <-done; !errors.Is(err, errPicky) {
			t.Errorf("got %v", err)
		}
		a.refuse = netip.Addr{}
		if _, err := peer.Do(t.Context(), get); !errors.Is(err, ErrNoReply) || !errors.Is(err, errPicky) {
			t.Errorf("got %v", err)
		}
		checkEmpty(t, e)
	})
}

var errPicky = errors.New("no such address")

// pickyConn refuses to send from an address.
type pickyConn struct {
	*memConn
	refuse netip.Addr
}

func (c *pickyConn) WritePacket(b []byte, to Path) error {
	if to.Local == c.refuse {
		return errPicky
	}
	return c.memConn.WritePacket(b, to)
}

// TestHandlerErrors: what no handler may reply becomes 5.00.
func TestHandlerErrors(t *testing.T) {
	handler := func(_ Peer, _ *Request, reply func(*Response)) { reply(&Response{Code: codes.GET}) }
	withScript(t, Config{Handler: handler}, func(t *testing.T, e *Endpoint, s *script) {
		s.send(packet(message.Confirmable, codes.GET, 1, "t", ""))
		s.expect("ACK 5.00")
		if _, err := e.Peer(s.addr).Do(t.Context(), &Request{Code: codes.Content}); err == nil {
			t.Error("a request with a response code was sent")
		}
	})
}

func TestConfigErrors(t *testing.T) {
	for _, tt := range []struct {
		cfg  Config
		want string
	}{
		{Config{}, "set Config.Addr"},
		{Config{Addr: loopback, BlockSize: 100}, "block size 100"},
		{Config{Addr: loopback, NSTART: 1 << 16}, "NSTART 65536"},
		{Config{Addr: loopback, MaxRTO: time.Millisecond}, "MaxRTO"},
		{Config{Addr: netip.MustParseAddrPort("192.0.2.200:1")}, "192.0.2.200:1"},
	} {
		if _, err := Listen(tt.cfg); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %q", err, tt.want)
		}
	}
}
