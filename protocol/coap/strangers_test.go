package coap

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// TestCoapClientProves: libcoap's client, as one whose address has to be proved, reads
// what is large, gets a large answer to a short POST, of which the handler is called
// once, and observes.
func TestCoapClientProves(t *testing.T) {
	body := body10k()[:3000]
	var posts atomic.Int32
	c := newCounter()
	mux := new(Mux)
	mux.Handle(codes.GET, "large", func(_ Peer, _ *Request, reply func(*Response)) {
		reply(&Response{Code: codes.Content, Body: body})
	})
	mux.Handle(codes.POST, "post", func(_ Peer, _ *Request, reply func(*Response)) {
		posts.Add(1)
		reply(&Response{Code: codes.Content, Body: body})
	})
	mux.Handle(codes.GET, "obs", c.Serve)
	e := listen(t, Config{Addr: loopback, Handler: mux.Serve, Trusted: untrusted})
	uri := func(path string) string { return fmt.Sprintf("coap://%v/%s", e.LocalAddr(), path) }
	for _, flag := range []string{"-v3", "-N"} { // CON, NON
		out, complaint := coapClient(t, "-B", "20", flag, uri("large"))
		if !bytes.Equal(bytes.TrimSpace(out), body) {
			t.Errorf("GET %s: got %d bytes, want %d: %s", flag, len(out), len(body), complaint)
		}
	}
	if out, complaint := coapClient(t, "-B", "20", "-m", "post", uri("post")); !bytes.Equal(bytes.TrimSpace(out), body) || posts.Load() != 1 {
		t.Errorf("POST: got %d bytes, the handler was called %d times: %s", len(out), posts.Load(), complaint)
	}
	go func() {
		for c.Observers() == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		c.change()
	}()
	if out, complaint := coapClient(t, "-B", "2", "-s", "1", uri("obs")); !strings.Contains(string(out), "1") {
		t.Errorf("observe: got %q: %s", out, complaint)
	}
	t.Logf("stats: %+v", e.Stats())
}

// TestAmplificationBesideLibcoap asks both servers from a socket that never answers,
// and counts all bytes that come, repetitions too.
func TestAmplificationBesideLibcoap(t *testing.T) {
	mux := hubMux()
	for i := range 40 {
		mux.Link(NewLink(fmt.Sprintf("/a/resource/number/%d", i)))
	}
	mux.Handle(codes.GET, "async", func(p Peer, req *Request, reply func(*Response)) {
		time.AfterFunc(time.Second, func() { large(p, req, reply) })
	})
	own := listen(t, Config{Addr: loopback, Handler: mux.Serve, Trusted: untrusted}).LocalAddr()
	requests := [][]byte{
		packet(message.Confirmable, codes.GET, 1, "t", "", option(message.URIPath, ".well-known"), option(message.URIPath, "core")),
		packet(message.NonConfirmable, codes.GET, 2, "t", "", option(message.URIPath, ".well-known"), option(message.URIPath, "core")),
		packet(message.Confirmable, codes.GET, 3, "t", "", option(message.URIPath, "async"), option(message.URIQuery, "1")),
	}
	factor := func(server netip.AddrPort) float64 {
		c, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(server))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		in, out, buf := 0, 0, make([]byte, 2048)
		for _, p := range requests {
			if _, err := c.Write(p); err != nil {
				t.Fatal(err)
			}
			out += len(p)
		}
		if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		for {
			n, err := c.Read(buf)
			if err != nil {
				return float64(in) / float64(out)
			}
			in += n
		}
	}
	var ours, theirs float64
	var both sync.WaitGroup
	libcoap := coapServer(t, "-d", "1")
	both.Go(func() { ours = factor(own) })
	both.Go(func() { theirs = factor(libcoap) })
	both.Wait()
	t.Logf("a stranger got %.2f times its bytes from us, %.2f from coap-server", ours, theirs)
	if ours > 3 || ours < 1 {
		t.Errorf("a stranger got %.2f times its bytes, want 1 to 3", ours)
	}
}
