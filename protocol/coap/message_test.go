package coap

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

var get = &Request{Code: codes.GET, Path: "x"}

// TestBareContinue: a 2.31 without Block1 is an ordinary response.
func TestBareContinue(t *testing.T) {
	cont := func(_ Peer, _ *Request, reply func(*Response)) {
		reply(&Response{Code: codes.Continue, Body: []byte("go on")})
	}
	withTwo(t, Config{}, Config{Handler: cont}, func(t *testing.T, n *memNet, client, server *Endpoint) {
		for _, size := range []int{0, 640, 1024, 1025, 5000} {
			resp, err := client.Peer(server.LocalAddr()).Do(t.Context(), &Request{Code: codes.POST, Path: "x", Body: make([]byte, size)})
			if err != nil || resp.Code != codes.Continue || string(resp.Body) != "go on" {
				t.Errorf("%d bytes: got %v, %v", size, resp, err)
			}
		}
	})
}

func TestNonIsAnsweredByNon(t *testing.T) {
	calls := 0
	handler := func(p Peer, req *Request, reply func(*Response)) {
		calls++
		if !req.NonConfirmable {
			t.Error("NonConfirmable is false")
		}
		echo(p, req, reply)
	}
	withScript(t, Config{Handler: handler}, func(t *testing.T, e *Endpoint, s *script) {
		request := packet(message.NonConfirmable, codes.POST, 7, "tok", "hello")
		s.send(request)
		if f := s.expect("NON 2.05"); string(f.payload) != "hello" || string(f.token.bytes()) != "tok" {
			t.Errorf("got %q, token %q", f.payload, f.token.bytes())
		}
		s.send(request)
		s.silence(30 * time.Second)
		if calls != 1 {
			t.Errorf("handler was called %d times", calls)
		}
	})
}

func TestDuplicateRequest(t *testing.T) {
	calls := 0
	handler := func(_ Peer, _ *Request, reply func(*Response)) {
		calls++
		reply(&Response{Code: codes.Content, Body: fmt.Append(nil, calls)})
	}
	withScript(t, Config{Handler: handler}, func(t *testing.T, e *Endpoint, s *script) {
		request := packet(message.Confirmable, codes.GET, 7, "tok", "")
		for range 3 {
			s.send(request)
			if f := s.expect("ACK 2.05"); string(f.payload) != "1" {
				t.Errorf("got %s", f.payload)
			}
		}
		// The same id for another message, as of a peer that sends faster than ids
		// last, is another request.
		s.send(packet(message.Confirmable, codes.GET, 7, "two", ""))
		if f := s.expect("ACK 2.05"); string(f.payload) != "2" {
			t.Errorf("got %s", f.payload)
		}
		// After EXCHANGE_LIFETIME the message is forgotten.
		time.Sleep(260 * time.Second)
		s.send(request)
		if f := s.expect("ACK 2.05"); string(f.payload) != "3" {
			t.Errorf("got %s", f.payload)
		}
	})
}

// TestRejected lists what is answered with a reset, and what with nothing.
func TestRejected(t *testing.T) {
	con, non, ack, rst := message.Confirmable, message.NonConfirmable, message.Acknowledgement, message.Reset
	for _, tt := range []struct {
		name   string
		packet []byte
		reset  bool
	}{
		{"ping", packet(con, codes.Empty, 7, "", ""), true},
		{"unknown CON response", packet(con, codes.Content, 7, "tok", "x"), true},
		{"unknown NON response", packet(non, codes.Content, 7, "tok", "x"), false},
		{"unknown piggybacked response", packet(ack, codes.Content, 7, "tok", "x"), false},
		{"unknown ACK", packet(ack, codes.Empty, 7, "", ""), false},
		{"unknown RST", packet(rst, codes.Empty, 7, "", ""), false},
		{"empty NON", packet(non, codes.Empty, 7, "", ""), false},
		{"request in an ACK", packet(ack, codes.GET, 7, "tok", ""), false},
		{"request in a RST", packet(rst, codes.GET, 7, "tok", ""), false},
		{"CON of class 1", packet(con, 1<<5|1, 7, "tok", ""), true},
		{"NON of class 7", packet(non, 7<<5|1, 7, "tok", ""), false},
		{"token of 9 bytes, CON", []byte("\x49\x01\x00\x07aaaaaaaaa"), true},
		{"token of 9 bytes, NON", []byte("\x59\x01\x00\x07aaaaaaaaa"), false},
		{"token cut short", []byte("\x44\x01\x00\x07aa"), true},
		{"option cut short", []byte("\x40\x01\x00\x07\xb5a"), true},
		{"option's length is 15", []byte("\x40\x01\x00\x07\xbfa"), true},
		{"marker without payload", []byte("\x40\x01\x00\x07\xff"), true},
		{"marker without payload after an option that ends in 0xff", []byte("\x40\x01\x00\x07\xb1\xff\xff"), true},
		{"empty message with a token", []byte("\x41\x00\x00\x07a"), true},
		{"empty message with a payload", []byte("\x40\x00\x00\x07\xffa"), true},
		{"version 0", []byte("\x00\x01\x00\x07"), false},
		{"version 2", []byte("\x80\x01\x00\x07"), false},
		{"3 bytes", []byte("\x40\x01\x00"), false},
		{"nothing", nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withScript(t, Config{}, func(t *testing.T, e *Endpoint, s *script) {
				s.send(tt.packet)
				if tt.reset {
					if f := s.expect("RST 0.00"); f.mid != 7 {
						t.Errorf("message id %d", f.mid)
					}
				}
				s.silence(30 * time.Second)
				if n := remembered(e); n != 0 {
					t.Errorf("%d peers are remembered", n)
				}
			})
		})
	}
}

// TestMalformedDisturbsNothing: what was under way with a peer goes on after it, or
// somebody in its name, sent rubbish.
func TestMalformedDisturbsNothing(t *testing.T) {
	withScript(t, Config{}, func(t *testing.T, e *Endpoint, s *script) {
		done := make(chan error, 1)
		peer := e.Peer(s.addr)
		e.Start(t.Context(), peer, get, func(_ *Response, err error) { done <- err })
		f := s.expect("CON 0.01")
		s.send([]byte("\x40\x01\x00"))
		s.send([]byte("\x59\x01\x00\x07aaaaaaaaa"))
		s.silence(10 * time.Millisecond)
		s.send(packet(message.Acknowledgement, codes.Content, f.mid, string(f.token.bytes()), ""))
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if st := peer.Stats(); st.Malformed != 2 || st.Received != 3 || st.LastHeard.IsZero() {
			t.Errorf("stats: %+v", st)
		}
	})
}

// TestOptions: critical options that are unknown are refused, elective ones ignored.
func TestCriticalOptions(t *testing.T) {
	for _, tt := range []struct {
		name string
		typ  message.Type
		opts []message.Option
		want string // "" for nothing
	}{
		{"elective", message.Confirmable, []message.Option{option(65000, "x")}, "ACK 2.05"},
		{"critical", message.Confirmable, []message.Option{option(65001, "x")}, "ACK 4.02"},
		{"critical, NON", message.NonConfirmable, []message.Option{option(65001, "x")}, ""},
		{"If-Match", message.Confirmable, []message.Option{option(message.IfMatch, "x")}, "ACK 4.02"},
		{"If-Match of 9", message.Confirmable, []message.Option{option(message.IfMatch, "123456789")}, "ACK 4.02"},
		{"If-None-Match", message.Confirmable, []message.Option{option(message.IfNoneMatch, "")}, "ACK 4.02"},
		{"Observe", message.Confirmable, []message.Option{option(message.Observe, "")}, "ACK 2.05"},
		{"two Accept", message.Confirmable, []message.Option{option(message.Accept, "a"), option(message.Accept, "b")}, "ACK 4.02"},
		{"long Accept", message.Confirmable, []message.Option{option(message.Accept, "abc")}, "ACK 4.02"},
		{"long Content-Format", message.Confirmable, []message.Option{option(message.ContentFormat, "abc")}, "ACK 2.05"},
		{"Uri-Path of 256", message.Confirmable, []message.Option{option(message.URIPath, strings.Repeat("a", 256))}, "ACK 4.02"},
		{"Proxy-Uri", message.Confirmable, []message.Option{option(message.ProxyURI, "coap://a")}, "ACK 5.05"},
		{"Block1 of 2048", message.Confirmable, []message.Option{option(message.Block1, "\x07")}, "ACK 4.00"},
		{"Block2 of 2048", message.Confirmable, []message.Option{option(message.Block2, "\x07")}, "ACK 4.00"},
		{"no 2.xx wanted", message.Confirmable, []message.Option{option(message.NoResponse, "\x02")}, "ACK 0.00"},
		{"no 2.xx wanted, NON", message.NonConfirmable, []message.Option{option(message.NoResponse, "\x02")}, ""},
		{"no 4.xx wanted", message.Confirmable, []message.Option{option(message.NoResponse, "\x08")}, "ACK 2.05"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			mux := new(Mux)
			mux.Handle(codes.GET, "", echo)
			withScript(t, Config{Handler: mux.Serve}, func(t *testing.T, e *Endpoint, s *script) {
				s.send(packet(tt.typ, codes.GET, 7, "tok", "", tt.opts...))
				if tt.want != "" {
					s.expect(tt.want)
				}
				s.silence(30 * time.Second)
				checkEmpty(t, e)
			})
		})
	}
	t.Run("in a response", func(t *testing.T) {
		withScript(t, Config{}, func(t *testing.T, e *Endpoint, s *script) {
			done := make(chan error, 1)
			e.Start(t.Context(), e.Peer(s.addr), get, func(_ *Response, err error) { done <- err })
			f := s.expect("CON 0.01")
			s.send(packet(message.Confirmable, codes.Content, 9, string(f.token.bytes()), "", option(65001, "x")))
			s.expect("RST 0.00")
			if err := <-done; err == nil || !strings.Contains(err.Error(), "65001") {
				t.Errorf("got %v", err)
			}
		})
	})
}

// TestMulticastRules: what comes to a group is answered by NON, within the leisure,
// on a match, and never with an error or a reset.
func TestMulticastRules(t *testing.T) {
	core := []message.Option{option(message.URIPath, ".well-known"), option(message.URIPath, "core")}
	with := func(query string) []message.Option { return append(core[:2:2], option(message.URIQuery, query)) }
	for _, tt := range []struct {
		name   string
		packet []byte
		answer bool
	}{
		{"match", packet(message.NonConfirmable, codes.GET, 7, "tok", "", with("rt=vap-*")...), true},
		{"everything", packet(message.NonConfirmable, codes.GET, 7, "tok", "", core...), true},
		{"no match", packet(message.NonConfirmable, codes.GET, 7, "tok", "", with("rt=other")...), false},
		{"confirmable", packet(message.Confirmable, codes.GET, 7, "tok", "", core...), false},
		{"not found", packet(message.NonConfirmable, codes.GET, 7, "tok", ""), false},
		{"another resource", packet(message.NonConfirmable, codes.POST, 7, "tok", "", option(message.URIPath, "vap"), option(message.URIPath, "clientRegistry"), option(message.URIPath, "connect")), false},
		{"critical option", packet(message.NonConfirmable, codes.GET, 7, "tok", "", option(65001, "")), false},
		{"ping", packet(message.Confirmable, codes.Empty, 7, "", ""), false},
		{"malformed", []byte("\x40\x01\x00\x07\xff"), false},
		{"response", packet(message.Confirmable, codes.Content, 7, "tok", ""), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withScript(t, Config{Handler: hubMux().Serve}, func(t *testing.T, e *Endpoint, s *script) {
				start := time.Now()
				if err := s.WritePacket(tt.packet, Path{Peer: netip.AddrPortFrom(groupIPv4, 5683)}); err != nil {
					t.Fatal(err)
				}
				if tt.answer {
					s.expect("NON 2.05")
					if d := time.Since(start); d > 252*time.Millisecond {
						t.Errorf("answered after %v", d)
					}
				}
				s.silence(30 * time.Second)
				checkEmpty(t, e)
			})
		})
	}
}
