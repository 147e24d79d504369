package coap

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// counter is a resource that says how often it changed.
type counter struct {
	Observable
	n      atomic.Int64
	non    bool
	format *message.MediaType
	size   int // of the body at least
}

func newCounter() *counter {
	c := &counter{}
	c.Get = func(*Request) *Response {
		return &Response{Code: codes.Content, ContentFormat: c.format, NonConfirmable: c.non, Body: fmt.Appendf(nil, "%0*d", c.size, c.n.Load())}
	}
	return c
}

func (c *counter) change() {
	c.n.Add(1)
	c.Changed()
}

func (c *counter) mux() Handler {
	mux := new(Mux)
	mux.Handle(codes.GET, "obs", c.Serve)
	return mux.Serve
}

func observe(mid uint16, tok, value string, opts ...message.Option) []byte {
	return packet(message.Confirmable, codes.GET, mid, tok, "",
		append([]message.Option{option(message.Observe, value), option(message.URIPath, "obs")}, opts...)...)
}

func ack(mid uint16) []byte { return packet(message.Acknowledgement, codes.Empty, mid, "", "") }
func rst(mid uint16) []byte { return packet(message.Reset, codes.Empty, mid, "", "") }

// expectState fails unless the next message is described so and has the body; it
// returns its sequence number, -1 without Observe.
func (s *script) expectState(want, body string) (f frame, seq int) {
	s.tb.Helper()
	f = s.expect(want)
	if string(f.payload) != body {
		s.tb.Fatalf("received state %q, want %q", f.payload, body)
	}
	var o options
	if o.read(f.opts); !o.hasObserve {
		return f, -1
	}
	return f, int(o.observe)
}

// TestObserver: each change is notified with a higher number and the token of the
// request, confirmable, one at a time and the newest when there were several.
func TestObserver(t *testing.T) {
	c := newCounter()
	withScript(t, Config{Handler: c.mux()}, func(t *testing.T, e *Endpoint, s *script) {
		s.send(observe(1, "tok", ""))
		_, last := s.expectState("ACK 2.05", "0")
		if last < 0 || c.Observers() != 1 {
			t.Fatalf("Observe %d, %d observers", last, c.Observers())
		}
		c.change()
		f, seq := s.expectState("CON 2.05", "1")
		if seq <= last || string(f.token.bytes()) != "tok" {
			t.Errorf("number %d after %d, token %q", seq, last, f.token.bytes())
		}
		for range 5 {
			c.change()
		}
		s.silence(400 * time.Millisecond)
		s.send(ack(f.mid))
		g, next := s.expectState("CON 2.05", "6")
		if next <= seq {
			t.Errorf("number %d after %d", next, seq)
		}
		s.send(ack(g.mid))
		s.silence(time.Minute)
		// A plain GET changes nothing, a renewal replaces.
		s.send(packet(message.Confirmable, codes.GET, 2, "other", "", option(message.URIPath, "obs")))
		if _, seq := s.expectState("ACK 2.05", "6"); seq >= 0 {
			t.Error("a plain GET was answered with Observe")
		}
		s.send(observe(3, "tok", ""))
		if _, seq := s.expectState("ACK 2.05", "6"); seq <= next || c.Observers() != 1 {
			t.Errorf("renewed with number %d, %d observers", seq, c.Observers())
		}
		c.change()
		f, _ = s.expectState("CON 2.05", "7")
		s.send(ack(f.mid))
		s.send(observe(4, "tok", "\x01"))
		if _, seq := s.expectState("ACK 2.05", "7"); seq >= 0 || c.Observers() != 0 {
			t.Errorf("canceled: Observe %d, %d observers", seq, c.Observers())
		}
		c.change()
		s.silence(time.Minute)
		checkEmpty(t, e)
	})
}

// TestObserverEnds lists what ends the interest.
func TestObserverEnds(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(s *script, c *counter)
		want error
	}{
		{"reset", func(s *script, c *counter) {
			c.change()
			s.send(rst(s.expect("CON 2.05").mid))
		}, ErrReset},
		{"reset of a NON", func(s *script, c *counter) {
			c.non = true
			c.change()
			s.send(rst(s.expect("NON 2.05").mid))
		}, ErrReset},
		{"never acknowledged", func(s *script, c *counter) {
			c.change()
			s.expect("CON 2.05")
			time.Sleep(20 * time.Second)
			for len(s.in) > 0 {
				<-s.in
			}
		}, ErrNoReply},
		{"canceled", func(s *script, c *counter) {
			s.send(observe(9, "tok", "\x01"))
			s.expect("ACK 2.05")
		}, nil},
		{"deleted", func(s *script, c *counter) {
			c.Gone(codes.NotFound)
			f, seq := s.expectState("CON 4.04", "")
			if seq >= 0 {
				s.tb.Error("an error has Observe")
			}
			s.send(ack(f.mid))
		}, ErrNotObserved},
		{"renewed in vain", func(s *script, c *counter) {
			c.Get = func(*Request) *Response { return &Response{Code: codes.NotFound} }
			s.send(observe(9, "tok", ""))
			s.expect("ACK 4.04")
		}, ErrNotObserved},
		{"another format", func(s *script, c *counter) { // RFC 7641 section 4.2
			json := message.AppJSON
			c.format = &json
			c.change()
			s.send(ack(s.expect("CON 4.06").mid))
		}, ErrNotObserved},
		{"silent for a day", func(s *script, c *counter) { time.Sleep(25 * time.Hour) }, ErrNoReply},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCounter()
			text := message.TextPlain
			c.format = &text
			got := make(chan error, 2)
			var o *Observer
			serve := func(_ Peer, req *Request, reply func(*Response)) {
				if now := req.Observe(func(err error) { got <- err }); now != nil {
					o = now
				}
				reply(c.Get(req))
			}
			withScript(t, Config{Handler: serve}, func(t *testing.T, e *Endpoint, s *script) {
				s.send(observe(1, "tok", ""))
				s.expect("ACK 2.05")
				c.observers = map[*Observer]struct{}{o: {}}
				tt.end(s, c)
				s.silence(time.Minute)
				if err := <-got; !errors.Is(err, tt.want) {
					t.Errorf("ended with %v, want %v", err, tt.want)
				}
				if err := o.Notify(&Response{Code: codes.Content}); !errors.Is(err, ErrNotObserved) {
					t.Errorf("notified after the end: %v", err)
				}
				s.silence(time.Minute)
				checkEmpty(t, e)
				if len(got) > 0 || e.observers != 0 || len(e.observed) != 0 {
					t.Errorf("ended %d times more, %d observers are left, by path %v", len(got), e.observers, e.observed)
				}
			})
		})
	}
}

// TestObserverQueue: notifications of Notify are all sent, in order, one after the
// acknowledgement of the other, and beyond MaxNotifications the caller is told. One that
// was withdrawn in time is left out.
func TestObserverQueue(t *testing.T) {
	var o *Observer
	serve := func(_ Peer, req *Request, reply func(*Response)) {
		o = req.Observe(nil)
		if err := o.Notify(&Response{Code: codes.Content, Body: []byte("0")}); err != nil { // waits for the first
			panic(err)
		}
		time.AfterFunc(time.Second, func() { reply(&Response{Code: codes.Content, Body: []byte("first")}) })
	}
	withScript(t, Config{Handler: serve}, func(t *testing.T, e *Endpoint, s *script) {
		s.send(observe(1, "tok", ""))
		s.expect("ACK 0.00")
		f, _ := s.expectState("CON 2.05", "first")
		s.silence(100 * time.Millisecond)
		s.send(ack(f.mid))
		f, last := s.expectState("CON 2.05", "0")
		var withdrawn *Response
		for i := 1; i <= 64; i++ {
			resp := &Response{Code: codes.Content, Body: fmt.Append(nil, i)}
			if err := o.Notify(resp); err != nil {
				t.Fatal(i, err)
			}
			if i == 30 {
				withdrawn = resp
			}
		}
		if err := o.Notify(&Response{Code: codes.Content}); !errors.Is(err, ErrBusy) {
			t.Fatalf("got %v", err)
		}
		if !o.Withdraw(withdrawn) || o.Withdraw(withdrawn) {
			t.Error("not withdrawn, or twice")
		}
		for i := 1; i <= 64; i++ {
			if i == 30 {
				continue
			}
			s.send(ack(f.mid))
			seq := 0
			if f, seq = s.expectState("CON 2.05", fmt.Sprint(i)); seq <= last {
				t.Fatalf("number %d after %d", seq, last)
			}
			last = seq
		}
		s.send(ack(f.mid))
		s.silence(time.Minute)
		o.End()
		checkEmpty(t, e)
	})
}

// TestNonNotifications: every sixteenth is confirmable, and one after a day, and
// nothing follows a confirmable one before it is acknowledged.
func TestNonNotifications(t *testing.T) {
	c := newCounter()
	c.non = true
	withScript(t, Config{Handler: c.mux()}, func(t *testing.T, e *Endpoint, s *script) {
		s.send(observe(1, "tok", ""))
		s.expect("ACK 2.05")
		for range 3 {
			for range 15 {
				c.change()
				s.expect("NON 2.05")
			}
			c.change()
			f := s.expect("CON 2.05")
			c.change()
			c.change()
			s.silence(100 * time.Millisecond)
			s.send(ack(f.mid))
			s.expectState("NON 2.05", fmt.Sprint(c.n.Load()))
			for range 14 {
				c.change()
				s.expect("NON 2.05")
			}
			c.change()
			s.send(ack(s.expect("CON 2.05").mid))
		}
		for range 3 {
			time.Sleep(23 * time.Hour)
			s.send(packet(message.Confirmable, codes.Empty, 9, "", "")) // it lives
			s.expect("RST 0.00")
		}
		c.change()
		s.send(ack(s.expect("CON 2.05").mid))
		c.change()
		s.expect("NON 2.05")
	})
}

// TestObserveInBlocks: a state that takes several blocks is fetched whole before the
// next is told; a client that does not fetch it delays that by three seconds.
func TestObserveInBlocks(t *testing.T) {
	c := newCounter()
	c.size = 40
	withScript(t, Config{Handler: c.mux(), BlockSize: 16}, func(t *testing.T, e *Endpoint, s *script) {
		answersFirst(s)
		block := func(mid uint16, num uint32) frame {
			s.send(packet(message.Confirmable, codes.GET, mid, "b", "", option(message.URIPath, "obs"), blockOption(message.Block2, num, false, 16)))
			f, seq := s.expect("ACK 2.05"), 0
			var o options
			if o.read(f.opts); o.hasObserve {
				t.Error("a later block has Observe", seq)
			}
			return f
		}
		s.send(observe(1, "tok", ""))
		s.expect("ACK 2.05")
		c.change()
		s.silence(2 * time.Second)
		block(2, 1)
		s.silence(2 * time.Second)
		if f := block(3, 2); string(f.payload) != "00000000" {
			t.Errorf("the last block is %q, want the one of the first state", f.payload)
		}
		f := s.expect("CON 2.05")
		s.send(ack(f.mid))
		c.change()
		s.silence(2900 * time.Millisecond)
		g := s.expect("CON 2.05")
		s.send(ack(g.mid))
		var first, second options
		first.read(f.opts)
		second.read(g.opts)
		if string(first.etag()) == string(second.etag()) || !first.block2.more || first.size2 != 40 {
			t.Errorf("notified with %+v, then %+v", first, second)
		}
		block(4, 1)
		if f := block(5, 2); string(f.payload) != "00000002" {
			t.Errorf("the last block is %q", f.payload)
		}
		s.send(observe(6, "tok", "\x01"))
		s.expect("ACK 2.05")
		time.Sleep(time.Minute)
		synctest.Wait()
		checkEmpty(t, e)
	})
}

// TestValidation: who has the state gets 2.03, also in notifications.
func TestValidation(t *testing.T) {
	c := newCounter()
	text := message.TextPlain
	c.Get = func(*Request) *Response {
		return &Response{Code: codes.Content, ContentFormat: &text, ETag: fmt.Appendf(nil, "e%d", c.n.Load()%2), Body: []byte("state")}
	}
	withScript(t, Config{Handler: c.mux()}, func(t *testing.T, e *Endpoint, s *script) {
		opts := []message.Option{
			option(message.ETag, "zz"), option(message.ETag, "e0"), option(message.Observe, ""), option(message.URIPath, "obs"),
		}
		s.send(packet(message.Confirmable, codes.GET, 1, "tok", "", opts...))
		f, _ := s.expectState("ACK 2.03", "")
		var o options
		if o.read(f.opts); string(o.etag()) != "e0" || o.format != nil {
			t.Errorf("got %+v", o)
		}
		c.change()
		f, _ = s.expectState("CON 2.05", "state")
		s.send(ack(f.mid))
		c.change()
		f, _ = s.expectState("CON 2.03", "")
		s.send(ack(f.mid))
	})
}
