package coap

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

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

// BenchmarkInFlight is a confirmable GET with 64 of them in flight, from this
// package's client to its own server and to libcoap's, over UDP on the loopback.
func BenchmarkInFlight(b *testing.B) {
	empty := func(_ Peer, _ *Request, reply func(*Response)) { reply(&Response{Code: codes.Content}) }
	b.Run("own", func(b *testing.B) { inFlight(b, listen(b, Config{Addr: loopback, Handler: empty}).LocalAddr()) })
	b.Run("libcoap", func(b *testing.B) { inFlight(b, coapServer(b)) })
}

func inFlight(b *testing.B, server netip.AddrPort) {
	client := listen(b, Config{Addr: loopback})
	peer := client.Peer(server)
	ended := make(chan error, 64)
	req := &Request{Code: codes.GET}
	start := func() { client.Start(context.Background(), peer, req, func(_ *Response, err error) { ended <- err }) }
	for range cap(ended) {
		start()
	}
	for b.Loop() {
		if err := <-ended; err != nil {
			b.Fatal(err)
		}
		start()
	}
	b.StopTimer()
	for range cap(ended) {
		<-ended
	}
	b.ReportMetric(float64(client.Stats().Retransmitted), "repeated")
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
	m.path(message.URIPath, "vap/clientRegistry/sessionData")
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

// BenchmarkIdlePeers is what a peer takes that sent a request, got its answer and is
// pinged: at once, and after DedupLifetime.
func BenchmarkIdlePeers(b *testing.B) {
	const peers = 10_000
	for b.Loop() {
		before := heapBytes()
		e := listen(b, Config{Conn: newDeafConn(), Handler: echo})
		var m encoder
		m.start(message.Confirmable, codes.POST, 1, newToken())
		m.path(message.URIPath, "vap/clientRegistry/connect")
		connect, err := m.finish(bytes.Repeat([]byte{1}, 150))
		if err != nil {
			b.Fatal(err)
		}
		for i := range peers {
			sendAll(e, spoofed(i), connect, emptyMessage(message.Confirmable, 2))
		}
		b.ReportMetric(float64(heapBytes()-before)/peers, "B/peer")
		e.mu.Lock()
		var w work
		e.sweep(time.Now().Add(e.cfg.DedupLifetime+time.Second), &w)
		e.mu.Unlock()
		b.ReportMetric(float64(heapBytes()-before)/peers, "B/idle-peer")
		if remembered(e) != peers {
			b.Fatal("peers were forgotten")
		}
	}
}

func heapBytes() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
