package coap

import (
	"bytes"
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// listen starts an endpoint that ends with the test.
func listen(tb testing.TB, cfg Config) *Endpoint {
	tb.Helper()
	e, err := Listen(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.Close(); err != nil {
			tb.Error(err)
		}
	})
	return e
}

// soon is a context for what takes no time unless it fails.
func soon(tb testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(tb.Context(), 20*time.Second)
	tb.Cleanup(cancel)
	return ctx
}

func echo(_ Peer, req *Request, reply func(*Response)) {
	reply(&Response{Code: codes.Content, Body: req.Body})
}

// TestAddresses sends a request over each family, to specific and wildcard sockets.
func TestAddresses(t *testing.T) {
	for _, tt := range []struct{ listen, ask, from string }{
		{"127.0.0.1", "127.0.0.1", "127.0.0.1"},
		{"0.0.0.0", "127.0.0.1", "127.0.0.1"},
		{"0.0.0.0", "127.0.0.2", "0.0.0.0"},
		{"::1", "::1", "::1"},
		{"::", "127.0.0.1", "127.0.0.1"},
		{"::", "127.0.0.2", "::"},
		{"::", "::1", "::"},
	} {
		t.Run(tt.listen+" asked at "+tt.ask, func(t *testing.T) {
			port0 := func(s string) netip.AddrPort { return netip.AddrPortFrom(netip.MustParseAddr(s), 0) }
			server := listen(t, Config{Addr: port0(tt.listen), Handler: echo})
			client := listen(t, Config{Addr: port0(tt.from)})
			to := netip.AddrPortFrom(netip.MustParseAddr(tt.ask), server.LocalAddr().Port())
			body := bytes.Repeat([]byte("0123456789"), 1000)
			resp, err := client.Peer(to).Do(soon(t), &Request{Code: codes.POST, Path: "a/b", Body: body})
			if err != nil {
				t.Fatal(err)
			}
			if resp.Code != codes.Content || !bytes.Equal(resp.Body, body) {
				t.Fatalf("got %v with %d bytes", resp.Code, len(resp.Body))
			}
			if err := client.Ping(soon(t), client.Peer(to)); err != nil {
				t.Fatal(err)
			}
		})
	}
}
