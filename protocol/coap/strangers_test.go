package coap

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// TestCoapClientProves: libcoap's client, as one whose address has to be proved, reads
// what is large, gets a large answer to a short POST, of which the handler is called
// once, and observes.
func TestCoapClientProves(t *testing.T) {
	body := body10k()[:3000]
	posts := 0
	c := newCounter()
	mux := new(Mux)
	mux.Handle(codes.GET, "large", func(_ Peer, _ *Request, reply func(*Response)) {
		reply(&Response{Code: codes.Content, Body: body})
	})
	mux.Handle(codes.POST, "post", func(_ Peer, _ *Request, reply func(*Response)) {
		posts++
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
	if out, complaint := coapClient(t, "-B", "20", "-m", "post", uri("post")); !bytes.Equal(bytes.TrimSpace(out), body) || posts != 1 {
		t.Errorf("POST: got %d bytes, the handler was called %d times: %s", len(out), posts, complaint)
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
