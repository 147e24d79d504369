package coap

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

func untrusted(netip.Addr) bool { return false }

// withStranger runs a test of an endpoint with a scripted peer whose address is not
// proved, and checks at its end that the peer got three times its bytes at most.
func withStranger(t *testing.T, h Handler, test func(t *testing.T, e *Endpoint, s *script)) {
	t.Helper()
	withScript(t, Config{Handler: h, Trusted: untrusted}, func(t *testing.T, e *Endpoint, s *script) {
		test(t, e, s)
		if !e.Peer(s.addr).(*peer).proved(time.Now()) {
			if f := s.factor(); f > 3 {
				t.Errorf("an unproved peer got %.2f times its bytes", f)
			}
		}
	})
}

// factor is how many times its bytes the script got.
func (s *script) factor() float64 {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	var in, out int
	for _, p := range s.net.log {
		if p.from == s.addr {
			out += len(p.packet)
		} else {
			in += len(p.packet)
		}
	}
	return float64(in) / float64(out)
}

func large(_ Peer, _ *Request, reply func(*Response)) {
	reply(&Response{Code: codes.Content, Body: bytes.Repeat([]byte("0123456789abcdef"), 50)})
}

func echoOf(f frame) []byte {
	var o options
	o.read(f.opts)
	return bytes.Clone(o.echo)
}

// TestAmplification sends requests from an address that never answers.
func TestAmplification(t *testing.T) {
	late := func(p Peer, req *Request, reply func(*Response)) {
		time.AfterFunc(time.Second, func() { large(p, req, reply) })
	}
	small := func(_ Peer, _ *Request, reply func(*Response)) {
		time.AfterFunc(time.Second, func() { reply(&Response{Code: codes.Content, Body: make([]byte, 20)}) })
	}
	for _, tt := range []struct {
		name    string
		handler Handler
		packet  []byte
		want    string
	}{
		{"short GET", large, packet(message.Confirmable, codes.GET, 1, "", "", option(message.URIPath, "a")), "ACK 4.01"},
		{"the shortest GET", large, packet(message.Confirmable, codes.GET, 1, "", ""), "ACK 0.00"},
		{"the shortest NON GET", large, packet(message.NonConfirmable, codes.GET, 1, "", ""), ""},
		{"GET", large, packet(message.Confirmable, codes.GET, 1, "tok", "", option(message.URIPath, "a/longer/path")), "ACK 2.05"},
		{"NON GET", large, packet(message.NonConfirmable, codes.GET, 1, "tok", "", option(message.URIPath, "a/longer/path")), "NON 2.05"},
		{"POST", large, packet(message.Confirmable, codes.POST, 1, "tok", "something", option(message.URIPath, "path")), "ACK 2.05"},
		{"separate", late, packet(message.Confirmable, codes.GET, 1, "tok", "", option(message.URIPath, "path")), "ACK 0.00"},
		{"small and separate", small, packet(message.Confirmable, codes.GET, 1, "tok", "", option(message.URIPath, "path")), "ACK 0.00"},
		{"observe", newCounter().mux(), observe(1, "tok", ""), "ACK 4.01"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withStranger(t, tt.handler, func(t *testing.T, e *Endpoint, s *script) {
				for i := range 5 { // a duplicate pays for itself
					s.send(tt.packet)
					if i == 0 && tt.want != "" {
						s.expect(tt.want)
					}
					time.Sleep(30 * time.Second)
					for len(s.in) > 0 {
						<-s.in
					}
				}
				t.Logf("factor %.2f", s.factor())
				time.Sleep(5 * time.Minute)
				synctest.Wait()
				checkEmpty(t, e)
			})
		})
	}
}

// TestProof: what proves an address, and for how long, and what does not.
func TestProof(t *testing.T) {
	ask := func(s *script, mid uint16, echo []byte) frame {
		s.tb.Helper()
		opts := []message.Option{option(message.URIPath, "a")}
		if echo != nil {
			opts = append(opts, option(optionEcho, string(echo)))
		}
		s.send(packet(message.Confirmable, codes.GET, mid, "", "", opts...))
		return s.next()
	}
	demand := func(s *script, f frame) []byte {
		s.tb.Helper()
		if len(f.payload) > 100 {
			s.tb.Fatalf("got %v with %d bytes and Echo %x", f.code, len(f.payload), echoOf(f))
		}
		return echoOf(f)
	}
	content := func(s *script, f frame) {
		s.tb.Helper()
		if f.code != codes.Content || len(f.payload) != 800 {
			s.tb.Fatalf("got %v with %d bytes", f.code, len(f.payload))
		}
	}
	withScript(t, Config{Handler: large, Trusted: untrusted}, func(t *testing.T, e *Endpoint, s *script) {
		value := demand(s, ask(s, 1, nil))
		other := &script{s.net.conn(3), t, e.LocalAddr()}
		demand(other, ask(other, 1, value)) // of another address
		wrong := bytes.Clone(value)
		wrong[7]++
		demand(s, ask(s, 2, wrong))
		content(s, ask(s, 3, value))
		content(s, ask(s, 4, nil))
		time.Sleep(provedFor - time.Minute)
		content(s, ask(s, 5, nil))
		time.Sleep(2 * time.Minute)
		for mid := uint16(6); ; mid++ { // once what it paid for is used up
			f := ask(s, mid, value)
			if len(f.payload) < 800 { // the value is too old
				demand(s, f)
				break
			}
			if mid > 100 {
				t.Fatal("the proof never ends")
			}
		}
	})
	t.Run("the application's word", func(t *testing.T) {
		withScript(t, Config{Handler: large, Trusted: untrusted}, func(t *testing.T, e *Endpoint, s *script) {
			demand(s, ask(s, 1, nil))
			e.Trust(e.Peer(s.addr))
			content(s, ask(s, 2, nil))
		})
	})
	t.Run("a response", func(t *testing.T) {
		withScript(t, Config{Handler: large, Trusted: untrusted}, func(t *testing.T, e *Endpoint, s *script) {
			e.Start(t.Context(), e.Peer(s.addr), get, func(*Response, error) {})
			f := s.expect("CON 0.01")
			s.send(ack(f.mid)) // an acknowledgement is not enough
			demand(s, ask(s, 1, nil))
			s.send(packet(message.NonConfirmable, codes.NotFound, 2, string(f.token.bytes()), "")) // nor is an error
			time.Sleep(10 * time.Millisecond)
			demand(s, ask(s, 3, nil))
			e.Start(t.Context(), e.Peer(s.addr), get, func(*Response, error) {})
			f = s.expect("CON 0.01")
			s.send(packet(message.NonConfirmable, codes.Content, 4, string(f.token.bytes()), ""))
			time.Sleep(10 * time.Millisecond)
			content(s, ask(s, 5, nil))
		})
	})
}

// TestClientProves: our client repeats with the Echo value by itself, the handler of a
// request that may not be done twice is called once, and a GET comes whole.
func TestClientProves(t *testing.T) {
	for _, tt := range []struct {
		name      string
		req       Request
		datagrams uint64 // from the client
		calls     int
	}{
		{"GET", Request{Code: codes.GET, Path: "a/resource"}, 2, 2},
		{"NON GET", Request{Code: codes.GET, Path: "a/resource", NonConfirmable: true}, 2, 2},
		{"GET of a longer path", Request{Code: codes.GET, Path: "a/longer/path/than/others"}, 2, 2},
		{"POST", Request{Code: codes.POST, Path: ""}, 2, 1},
		{"POST in blocks", Request{Code: codes.POST, Path: "a/resource", Body: make([]byte, 3000)}, 3, 1},
		{"FETCH", Request{Code: FETCH, Path: "a/resource", Body: []byte("x")}, 2, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls := 0
			handler := func(p Peer, req *Request, reply func(*Response)) {
				calls++
				large(p, req, reply)
			}
			withTwo(t, Config{}, Config{Handler: handler, Trusted: untrusted}, func(t *testing.T, _ *memNet, client, server *Endpoint) {
				resp, err := client.Peer(server.LocalAddr()).Do(t.Context(), &tt.req)
				if err != nil || resp.Code != codes.Content || len(resp.Body) != 800 {
					t.Fatalf("got %v, %v", resp, err)
				}
				if sent := client.Stats().Sent; sent != tt.datagrams || calls != tt.calls {
					t.Errorf("%d datagrams, %d calls of the handler, want %d and %d", sent, calls, tt.datagrams, tt.calls)
				}
				if resp, err := client.Peer(server.LocalAddr()).Do(t.Context(), &tt.req); err != nil || len(resp.Body) != 800 {
					t.Fatalf("got %v, %v", resp, err)
				}
				if calls != tt.calls+1 {
					t.Errorf("%d calls of the handler in all", calls)
				}
				time.Sleep(time.Minute)
				checkEmpty(t, server)
			})
		})
	}
	t.Run("observe", func(t *testing.T) {
		c := newCounter()
		withTwo(t, Config{}, Config{Handler: c.mux(), Trusted: untrusted}, func(t *testing.T, _ *memNet, client, server *Endpoint) {
			told := make(states, 10)
			o := client.Observe(t.Context(), client.Peer(server.LocalAddr()), getObs, told.notify)
			time.Sleep(time.Second)
			c.change()
			time.Sleep(time.Second)
			told.expect(t, "0", "1")
			o.Cancel()
			time.Sleep(time.Second)
			checkEmpty(t, server)
			checkEmpty(t, client)
		})
	})
	t.Run("never satisfied", func(t *testing.T) {
		withScript(t, Config{}, func(t *testing.T, e *Endpoint, s *script) {
			got := make(chan *Response, 1)
			e.Start(t.Context(), e.Peer(s.addr), get, func(r *Response, _ error) { got <- r })
			for i := range 2 {
				f := s.expect("CON 0.01")
				if i == 1 && string(echoOf(f)) != "once" {
					t.Errorf("repeated with %q", echoOf(f))
				}
				s.send(packet(message.Acknowledgement, codes.Unauthorized, f.mid, string(f.token.bytes()), "", option(optionEcho, "once")))
			}
			if r := <-got; r.Code != codes.Unauthorized {
				t.Errorf("got %v", r)
			}
			s.silence(time.Minute)
		})
	})
}

// TestClientWithoutEcho: who does not know Echo gets an answer of any size in blocks
// that do not amplify.
func TestClientWithoutEcho(t *testing.T) {
	withStranger(t, large, func(t *testing.T, e *Endpoint, s *script) {
		var body []byte
		size := 0
		for num := uint32(0); ; num++ {
			opts := []message.Option{option(message.URIPath, "a/resource")}
			if num > 0 {
				opts = append(opts, blockOption(message.Block2, num, false, size))
			}
			s.send(packet(message.Confirmable, codes.GET, uint16(num), "1234", "", opts...))
			f := s.expect("ACK 2.05")
			var o options
			o.read(f.opts)
			if num == 0 {
				size = o.block2.size()
			}
			if o.block2.size() != size || o.block2.num != num {
				t.Fatalf("asked for block %d of %d bytes, got %d of %d", num, size, o.block2.num, o.block2.size())
			}
			body = append(body, f.payload...)
			if !o.block2.more {
				break
			}
		}
		if len(body) != 800 {
			t.Errorf("got %d bytes", len(body))
		}
		t.Logf("blocks of %d bytes, factor %.2f", size, s.factor())
	})
}

// TestMulticastAmplification: one datagram to a group asks many, so each answers with
// no more bytes than it has; who wants all asks each, as Discover does.
func TestMulticastAmplification(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newMemNet()
		for i := range 3 {
			mux := new(Mux)
			mux.Link(NewLink("/vap").With("rt", "vap-client-registry").With("title", fmt.Sprint("Hub in the living room ", i)).With("hubId", "org.vapd.hub.a1b2c3d4"))
			listen(t, Config{Conn: n.conn(byte(10 + i)), Handler: mux.Serve, Trusted: untrusted})
		}
		client := listen(t, Config{Conn: n.conn(1)})
		ctx, found := t.Context(), 0
		if err := client.Discover(ctx, nil, "rt=vap-client-registry", func(f Found) bool {
			if f.Links[0].Target != "/vap" || len(f.Links) != 1 {
				t.Errorf("found %v", f)
			}
			found++
			return found < 3
		}); err != nil || found != 3 {
			t.Errorf("found %d, %v", found, err)
		}
		var asked int
		for _, p := range n.log {
			switch {
			case p.to.Addr().IsMulticast():
				asked = len(p.packet)
			case p.packet[0]>>4&3 == byte(message.NonConfirmable) && len(p.packet) > asked:
				t.Errorf("%d bytes to the group were answered with %d: %s", asked, len(p.packet), describe(p.packet))
			}
		}
		t.Logf("asked with %d bytes", asked)
	})
}

// TestCredit: what a peer paid for with long requests it gets once.
func TestCredit(t *testing.T) {
	mux := hubMux()
	mux.Handle(codes.POST, "up", func(_ Peer, _ *Request, reply func(*Response)) { reply(&Response{Code: codes.Changed}) })
	mux.Handle(codes.GET, "a", large)
	withStranger(t, mux.Serve, func(t *testing.T, e *Endpoint, s *script) {
		s.send(packet(message.Confirmable, codes.POST, 1, "", string(make([]byte, 600)), option(message.URIPath, "up")))
		s.expect("ACK 2.04")
		req := packet(message.Confirmable, codes.GET, 2, "", "", option(message.URIPath, "a"))
		s.send(req)
		if f := s.expect("ACK 2.05"); len(f.payload) != 800 {
			t.Errorf("got %d bytes, want all", len(f.payload))
		}
		for range 20 {
			s.send(req)
			time.Sleep(time.Second)
		}
		for len(s.in) > 0 {
			<-s.in
		}
		s.send(packet(message.Confirmable, codes.POST, 3, "", string(make([]byte, 600)), option(message.URIPath, "up")))
		s.expect("ACK 2.04")
		group := packet(message.NonConfirmable, codes.GET, 7, "", "", option(message.URIPath, ".well-known"), option(message.URIPath, "core"))
		if err := s.WritePacket(group, Path{Peer: netip.AddrPortFrom(groupIPv4, 5683)}); err != nil {
			t.Fatal(err)
		}
		s.silence(time.Minute) // not even 16 bytes of a block are as few as were sent
	})
}
