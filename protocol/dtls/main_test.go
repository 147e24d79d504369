package dtls

import (
	"bytes"
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
	"go.uber.org/goleak"

	"vapd/protocol/coap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	loopback = netip.MustParseAddrPort("127.0.0.1:0")
	kitchen  = Credentials{Identity: "kitchen", Key: bytes.Repeat([]byte{7}, 32)}
)

// paired knows the kitchen's key alone.
func paired(identity string) ([]byte, bool) {
	return kitchen.Key, identity == kitchen.Identity
}

// listen starts a Transport and an Endpoint on it.
func listen(tb testing.TB, cfg Config, ec coap.Config) (*Transport, *coap.Endpoint) {
	tb.Helper()
	if cfg.Conn == nil {
		cfg.Addr = loopback
	}
	t, err := Listen(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	ec.Conn = t
	e, err := coap.Listen(ec)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = e.Close() })
	return t, e
}

// who answers with the identity that cryptography vouches for, and the body.
func who(p coap.Peer, req *coap.Request, reply func(*coap.Response)) {
	reply(&coap.Response{Code: codes.Content, Body: append([]byte(p.Identity()+": "), req.Body...)})
}

func soon(tb testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	tb.Cleanup(cancel)
	return ctx
}

// associate shakes hands, which must succeed.
func associate(tb testing.TB, t *Transport, e *coap.Endpoint, addr netip.AddrPort) coap.Peer {
	tb.Helper()
	a, err := t.Associate(soon(tb), addr, kitchen)
	if err != nil {
		tb.Fatal(err)
	}
	return e.Secured(a, addr)
}

// ask sends a request, whose answer must be want.
func ask(tb testing.TB, p coap.Peer, body, want string) {
	tb.Helper()
	resp, err := p.Do(soon(tb), &coap.Request{Code: codes.POST, Path: "x", Body: []byte(body)})
	if err != nil {
		tb.Fatal(err)
	}
	if string(resp.Body) != want {
		tb.Fatalf("answered %q, want %q", resp.Body, want)
	}
}

// eventually waits until it is so.
func eventually(tb testing.TB, what string, is func() bool) {
	tb.Helper()
	for end := time.Now().Add(30 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			tb.Fatal("not so: " + what)
		}
	}
}
