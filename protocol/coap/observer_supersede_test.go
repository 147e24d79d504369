package coap

import (
	"bytes"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// TestSupersede: what would be sent again is not, when there is a newer state. That goes
// in its place, and the observer is given up when the first of them would have been.
func TestSupersede(t *testing.T) {
	c := newCounter()
	withScript(t, Config{Handler: c.mux(), MaxTransmitWait: 10 * time.Second}, func(t *testing.T, e *Endpoint, s *script) {
		s.send(observe(1, "tok", ""))
		s.expectState("ACK 2.05", "0")
		began := time.Now()
		c.change()
		first, last := s.expectState("CON 2.05", "1")
		c.change()
		for _, want := range []string{"2", "2", "3"} {
			f, seq := s.expectState("CON 2.05", want)
			if f.mid == first.mid || want == "3" && seq <= last {
				t.Errorf("state %s has id %d and number %d after %d and %d", want, f.mid, seq, first.mid, last)
			}
			last = seq
			if c.n.Load() == 2 && time.Since(began) > time.Second {
				c.change()
			}
		}
		for c.Observers() > 0 {
			time.Sleep(10 * time.Millisecond)
		}
		if waited := time.Since(began); waited < 10*time.Second || waited > 11*time.Second {
			t.Errorf("the observer was given up after %v", waited)
		}
	})
}

// TestEarlyNegotiation: a client with small blocks asks for such in its first request,
// and for what follows with the request's options.
func TestEarlyNegotiation(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789abcdef"), 5)
	var formats []*message.MediaType
	server := Config{Handler: func(_ Peer, req *Request, reply func(*Response)) {
		formats = append(formats, req.ContentFormat)
		reply(&Response{Code: codes.Changed, Body: body})
	}}
	withTwo(t, Config{BlockSize: 32}, server, func(t *testing.T, n *memNet, client, server *Endpoint) {
		text := message.TextPlain
		start := time.Now()
		resp, err := client.Peer(server.LocalAddr()).Do(t.Context(), &Request{Code: codes.POST, Path: "x", ContentFormat: &text, Body: []byte("short")})
		if err != nil || !bytes.Equal(resp.Body, body) {
			t.Fatalf("got %v, %v", resp, err)
		}
		asked := 0
		for _, s := range n.log {
			var f frame
			var o options
			if err := f.parse(s.packet); err != nil || f.code != codes.POST {
				continue
			}
			o.read(f.opts)
			if !o.hasBlock2 || o.block2.size() != 32 || o.format == nil {
				t.Errorf("request %d: Block2 %v %+v, Content-Format %v", asked, o.hasBlock2, o.block2, o.format)
			}
			asked++
		}
		if asked != 3 || len(formats) != 1 {
			t.Errorf("%d requests, %d handled: %q", asked, len(formats), n.lines(start))
		}
	})
}
