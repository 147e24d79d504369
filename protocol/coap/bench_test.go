package coap

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/netip"
	"testing"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// BenchmarkEcho1KB is a confirmable request of 1 kB and its answer, one after the
// other, over UDP on the loopback, both ends in this process.
func BenchmarkEcho1KB(b *testing.B) {
	server := listen(b, Config{Addr: loopback, Handler: echo})
	client := listen(b, Config{Addr: loopback})
	peer := client.Peer(server.LocalAddr())
	req := &Request{Code: codes.POST, Path: "vap/clientRegistry/sessionData", Body: bytes.Repeat([]byte{1}, 1024)}
	ctx := context.Background()
	b.SetBytes(2 * 1024)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := peer.Do(ctx, req); err != nil {
			b.Fatal(err)
		}
	}
}

// deafConn takes datagrams and never receives one.
type deafConn struct{ closed chan struct{} }

func newDeafConn() *deafConn { return &deafConn{make(chan struct{})} }

func (c *deafConn) ReadPacket([]byte) (int, Path, error) {
	<-c.closed
	return 0, Path{}, net.ErrClosed
}
func (c *deafConn) WritePacket(b []byte, _ Path) error { _, err := io.Discard.Write(b); return err }
func (c *deafConn) LocalAddr() netip.AddrPort          { return loopback }
func (c *deafConn) Close() error                       { close(c.closed); return nil }

// BenchmarkServe is what the endpoint itself takes to serve a confirmable request of
// 640 bytes, the datagram's way through the system left out.
func BenchmarkServe(b *testing.B) {
	continued := &Response{Code: codes.Continue}
	e := listen(b, Config{Conn: newDeafConn(), Handler: func(_ Peer, _ *Request, reply func(*Response)) { reply(continued) }})
	var m encoder
	m.start(message.Confirmable, codes.POST, 0, newToken())
	m.path("vap/clientRegistry/sessionData")
	packet, err := m.finish(bytes.Repeat([]byte{1}, 640))
	if err != nil {
		b.Fatal(err)
	}
	r := receiver{e: e}
	path := Path{Peer: netip.MustParseAddrPort("192.0.2.1:1")}
	b.ReportAllocs()
	var mid uint16
	for b.Loop() {
		mid++
		packet[2], packet[3] = byte(mid>>8), byte(mid)
		r.receive(packet, path)
	}
}
