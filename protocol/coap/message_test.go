package coap

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

var get = &Request{Code: codes.GET, Path: "x"}

// TestRetransmissionSchedule states when a confirmable message goes out again: the
// first timeout is 500 to 750 ms, each next is twice the one before, at most 4 s,
// and after 15 s it is given up.
func TestRetransmissionSchedule(t *testing.T) {
	withScript(t, Config{}, func(t *testing.T, e *Endpoint, s *script) {
		start := time.Now()
		_, err := e.Peer(s.addr).Do(t.Context(), get)
		if !errors.Is(err, ErrNoReply) {
			t.Fatalf("got %v", err)
		}
		if d := time.Since(start); d != 15*time.Second {
			t.Errorf("given up after %v, want 15s", d)
		}
		at := s.net.times(start, func(x sent) bool { return x.from == e.LocalAddr() })
		if at[0] != 0 || at[1] < 500*time.Millisecond || at[1] > 750*time.Millisecond {
			t.Errorf("first at %v, second at %v", at[0], at[1])
		}
		first := at[1]
		want := []time.Duration{0, first, 3 * first, 7 * first}
		for next := 7*first + min(8*first, 4*time.Second); next < 15*time.Second; next += 4 * time.Second {
			want = append(want, next)
		}
		if fmt.Sprint(at) != fmt.Sprint(want) {
			t.Errorf("sent at %v, want %v", at, want)
		}
		if s := e.Peer(s.addr).Stats(); s.Retransmitted != uint64(len(want)-1) || s.Sent != uint64(len(want)) {
			t.Errorf("stats: %+v", s)
		}
	})
}

// TestMeasuredTimeout: once a round trip is known, a lost message is repeated after
// 80 to 120 ms.
func TestMeasuredTimeout(t *testing.T) {
	withTwo(t, Config{}, Config{Handler: echo}, func(t *testing.T, n *memNet, client, server *Endpoint) {
		peer := client.Peer(server.LocalAddr())
		for range 5 {
			if _, err := peer.Do(t.Context(), get); err != nil {
				t.Fatal(err)
			}
		}
		if rtt := peer.Stats().RTT; rtt != 2*time.Millisecond {
			t.Errorf("round trip %v, want 2ms", rtt)
		}
		lost := false
		n.fate = func(_, _ netip.AddrPort, _ []byte) []time.Duration {
			if !lost {
				lost = true
				return nil
			}
			return []time.Duration{time.Millisecond}
		}
		start := time.Now()
		if _, err := peer.Do(t.Context(), get); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start) - 2*time.Millisecond; d < 80*time.Millisecond || d > 120*time.Millisecond {
			t.Errorf("repeated after %v", d)
		}
	})
}

func TestFastRetransmit(t *testing.T) {
	withScript(t, Config{}, func(t *testing.T, e *Endpoint, s *script) {
		start := time.Now()
		done := make(chan error, 1)
		c := e.Start(t.Context(), e.Peer(s.addr), get, func(_ *Response, err error) { done <- err })
		time.Sleep(100 * time.Millisecond)
		c.Retransmit()
		f := s.expect("CON 0.01")
		s.expect("CON 0.01")
		third := s.expect("CON 0.01")
		at := s.net.times(start, func(x sent) bool { return x.from == e.LocalAddr() })
		if at[1] != 100*time.Millisecond || at[2] < 500*time.Millisecond || at[2] > 750*time.Millisecond {
			t.Errorf("sent at %v, want the timer untouched", at)
		}
		if f.mid != third.mid {
			t.Error("the message id changed")
		}
		s.send(packet(message.Acknowledgement, codes.Content, f.mid, string(f.token.bytes()), ""))
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		c.Retransmit() // of what has ended does nothing
		s.silence(time.Second)
	})
}

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

// TestSeparateResponse: the empty acknowledgement goes after AckDelay, the response
// is confirmable and repeated until it is acknowledged, the handler is called once.
func TestSeparateResponse(t *testing.T) {
	calls := 0
	slow := func(_ Peer, _ *Request, reply func(*Response)) {
		calls++
		time.AfterFunc(time.Second, func() { reply(&Response{Code: codes.Created}) })
	}
	withScript(t, Config{Handler: slow}, func(t *testing.T, e *Endpoint, s *script) {
		start := time.Now()
		request := packet(message.Confirmable, codes.POST, 7, "tok", "")
		s.send(request)
		if ack := s.expect("ACK 0.00"); ack.mid != 7 || time.Since(start) != 22*time.Millisecond {
			t.Errorf("acknowledged %d after %v", ack.mid, time.Since(start))
		}
		s.send(request)
		s.expect("ACK 0.00")
		f := s.expect("CON 2.01")
		if at := time.Since(start); at != 1002*time.Millisecond || string(f.token.bytes()) != "tok" {
			t.Errorf("response to %q after %v", f.token.bytes(), at)
		}
		if g := s.expect("CON 2.01"); g.mid != f.mid {
			t.Errorf("repeated with message id %d, was %d", g.mid, f.mid)
		}
		s.send(packet(message.Acknowledgement, codes.Empty, f.mid, "", ""))
		s.silence(20 * time.Second)
		if calls != 1 {
			t.Errorf("handler was called %d times", calls)
		}
		checkEmpty(t, e)
	})
}

// TestSeparateResponseRejected: a client that no longer wants the response, or is
// gone, ends its repetition.
func TestSeparateResponseRejected(t *testing.T) {
	for _, gone := range []bool{false, true} {
		slow := func(_ Peer, _ *Request, reply func(*Response)) {
			time.AfterFunc(time.Second, func() { reply(&Response{Code: codes.Created}) })
		}
		withScript(t, Config{Handler: slow}, func(t *testing.T, e *Endpoint, s *script) {
			s.send(packet(message.Confirmable, codes.POST, 7, "tok", ""))
			s.expect("ACK 0.00")
			f := s.expect("CON 2.01")
			if gone {
				time.Sleep(20 * time.Second)
			} else {
				s.send(packet(message.Reset, codes.Empty, f.mid, "", ""))
				s.silence(20 * time.Second)
			}
			checkEmpty(t, e)
		})
	}
}

// TestSeparateResponseReceived is the client's side: it acknowledges the response,
// also when that is a duplicate or comes before the acknowledgement of the request;
// what nobody waits for it rejects.
func TestSeparateResponseReceived(t *testing.T) {
	for _, acked := range []bool{true, false} {
		t.Run(fmt.Sprintf("acknowledged %t", acked), func(t *testing.T) {
			withScript(t, Config{}, func(t *testing.T, e *Endpoint, s *script) {
				done := make(chan *Response, 2)
				e.Start(t.Context(), e.Peer(s.addr), get, func(r *Response, err error) { done <- r })
				f := s.expect("CON 0.01")
				if acked {
					s.send(packet(message.Acknowledgement, codes.Empty, f.mid, "", ""))
					s.silence(30 * time.Second)
				}
				response := packet(message.Confirmable, codes.Content, 99, string(f.token.bytes()), "late")
				for range 3 {
					s.send(response)
					if ack := s.expect("ACK 0.00"); ack.mid != 99 {
						t.Errorf("acknowledged %d", ack.mid)
					}
				}
				s.send(packet(message.Acknowledgement, codes.Empty, f.mid, "", ""))
				s.silence(30 * time.Second)
				if r := <-done; string(r.Body) != "late" || len(done) != 0 {
					t.Errorf("got %v, %d more", r, len(done))
				}
				s.send(packet(message.Confirmable, codes.Content, 100, string(f.token.bytes()), "again"))
				if rst := s.expect("RST 0.00"); rst.mid != 100 {
					t.Errorf("rejected %d", rst.mid)
				}
				if st := e.Stats(); st.Duplicates != 2 {
					t.Errorf("stats: %+v", st)
				}
			})
		})
	}
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

func TestRequestIsReset(t *testing.T) {
	for _, non := range []bool{false, true} {
		withScript(t, Config{}, func(t *testing.T, e *Endpoint, s *script) {
			done := make(chan error, 1)
			e.Start(t.Context(), e.Peer(s.addr), &Request{Code: codes.GET, NonConfirmable: non}, func(_ *Response, err error) { done <- err })
			f := s.next()
			s.send(packet(message.Reset, codes.Empty, f.mid, "", ""))
			if err := <-done; !errors.Is(err, ErrReset) {
				t.Errorf("NON %t: got %v", non, err)
			}
			s.silence(30 * time.Second)
		})
	}
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
			withScript(t, Config{Handler: echo}, func(t *testing.T, e *Endpoint, s *script) {
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

func TestPing(t *testing.T) {
	withTwo(t, Config{}, Config{}, func(t *testing.T, n *memNet, client, server *Endpoint) {
		peer := client.Peer(server.LocalAddr())
		if err := client.Ping(t.Context(), peer); err != nil {
			t.Fatal(err)
		}
		server.Close()
		if err := client.Ping(t.Context(), peer); !errors.Is(err, ErrNoReply) {
			t.Errorf("got %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := client.Ping(ctx, peer); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
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

func TestClose(t *testing.T) {
	silent := func(Peer, *Request, func(*Response)) {}
	var reply func(*Response)
	late := func(_ Peer, _ *Request, r func(*Response)) { reply = r }
	withTwo(t, Config{NSTART: 2, Handler: silent}, Config{Handler: late}, func(t *testing.T, n *memNet, client, server *Endpoint) {
		results := make(chan error, 10)
		done := func(_ *Response, err error) { results <- err }
		peer := client.Peer(server.LocalAddr())
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for range 5 {
			client.Start(ctx, peer, get, done)
		}
		time.Sleep(time.Second)
		if err := client.Close(); err != nil {
			t.Fatal(err)
		}
		if len(results) != 5 {
			t.Fatalf("%d calls ended, want 5", len(results))
		}
		client.Start(ctx, peer, get, done)
		for range 6 {
			if err := <-results; !errors.Is(err, ErrClosed) {
				t.Errorf("got %v", err)
			}
		}
		if err := client.Discover(ctx, nil, "", nil); !errors.Is(err, ErrClosed) {
			t.Errorf("Discover: got %v", err)
		}
		if err := client.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
		if err := server.Close(); err != nil {
			t.Fatal(err)
		}
		reply(&Response{Code: codes.Content}) // comes too late, does nothing
		synctest.Wait()
	})
}
