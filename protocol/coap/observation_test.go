package coap

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"pgregory.net/rapid"
)

// states collects what an Observation tells, as text: a body, or an error.
type states chan string

func (c states) notify(resp *Response, err error) {
	switch {
	case err != nil && resp != nil:
		c <- fmt.Sprintf("%v with %v", cause(err), resp.Code)
	case err != nil:
		c <- cause(err).Error()
	default:
		c <- string(resp.Body)
	}
}

func cause(err error) error {
	for _, e := range []error{ErrNotObserved, ErrReset, ErrNoReply, ErrClosed, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, e) {
			return e
		}
	}
	return err
}

func (c states) expect(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	var got []string
	for len(c) > 0 {
		got = append(got, <-c)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("told %q, want %q", got, want)
	}
}

var getObs = &Request{Code: codes.GET, Path: "obs"}

func number(seq int) message.Option {
	return option(message.Observe, string([]byte{byte(seq >> 16), byte(seq >> 8), byte(seq)}))
}

// observing starts an Observation that the script has answered with number 10.
func observing(t *testing.T, e *Endpoint, s *script) (*Observation, states, string) {
	t.Helper()
	told := make(states, 100)
	o := e.Observe(t.Context(), e.Peer(s.addr), getObs, told.notify)
	f := s.expect("CON 0.01")
	var opts options
	if opts.read(f.opts); !opts.hasObserve || opts.observe != 0 {
		t.Fatalf("registered with %+v", opts)
	}
	tok := string(f.token.bytes())
	s.send(packet(message.Acknowledgement, codes.Content, f.mid, tok, "state 10", number(10)))
	time.Sleep(10 * time.Millisecond)
	told.expect(t, "state 10")
	return o, told, tok
}

// TestReordered: of notifications that overtake each other the newest stays, a
// duplicate counts once, and after 128 s any number is new.
func TestReordered(t *testing.T) {
	withScript(t, Config{}, func(t *testing.T, e *Endpoint, s *script) {
		o, told, tok := observing(t, e, s)
		mid := uint16(100)
		tell := func(typ message.Type, seq int) {
			mid++
			s.send(packet(typ, codes.Content, mid, tok, fmt.Sprint("state ", seq), number(seq), option(message.MaxAge, "\xff\xff")))
			if typ == message.Confirmable {
				if f := s.expect("ACK 0.00"); f.mid != mid {
					t.Errorf("acknowledged %d, want %d", f.mid, mid)
				}
			}
			time.Sleep(10 * time.Millisecond)
		}
		tell(message.NonConfirmable, 12)
		tell(message.NonConfirmable, 11)
		tell(message.Confirmable, 12)
		tell(message.Confirmable, 13)
		told.expect(t, "state 12", "state 13")
		tell(message.Confirmable, 1<<23+12)
		told.expect(t, "state 8388620")
		tell(message.Confirmable, 3) // past the end of 24 bits
		told.expect(t, "state 3")
		mid--
		tell(message.Confirmable, 3) // the same again
		told.expect(t)
		time.Sleep(129 * time.Second)
		tell(message.Confirmable, 2)
		told.expect(t, "state 2")
		o.Forget()
		tell2 := func(typ message.Type) {
			s.send(packet(typ, codes.Content, 999, tok, "late", number(9)))
			if f := s.expect("RST 0.00"); f.mid != 999 {
				t.Errorf("reset of %d", f.mid)
			}
		}
		tell2(message.Confirmable)
		tell2(message.NonConfirmable)
		told.expect(t, "context canceled")
		checkEmpty(t, e)
	})
}

// TestRenewal: an Observation of which nothing was heard for Max-Age registers again,
// with its token, and finds out what it missed, and that the server is gone.
func TestRenewal(t *testing.T) {
	withScript(t, Config{}, func(t *testing.T, e *Endpoint, s *script) {
		o, told, tok := observing(t, e, s)
		s.send(packet(message.NonConfirmable, codes.Content, 1, tok, "fresh", number(11), option(message.MaxAge, "\x14")))
		start := time.Now()
		f := s.expect("CON 0.01")
		if d := time.Since(start); d < 25*time.Second || d > 36*time.Second || string(f.token.bytes()) != tok {
			t.Errorf("renewed after %v with token %q, want %q", d, f.token.bytes(), tok)
		}
		s.send(packet(message.Acknowledgement, codes.Content, f.mid, tok, "restarted", number(2)))
		time.Sleep(10 * time.Millisecond)
		told.expect(t, "fresh", "restarted")
		start = time.Now()
		s.send(packet(message.NonConfirmable, codes.Content, 2, tok, "next", number(3)))
		s.silence(50 * time.Second)
		f = s.expect("CON 0.01")
		if d := time.Since(start); d < 65*time.Second || d > 76*time.Second { // 60 s are the default
			t.Errorf("renewed after %v", d)
		}
		o.Refresh()
		f = s.expect("CON 0.01")
		s.send(packet(message.Acknowledgement, codes.Content, f.mid, tok, "asked", number(5)))
		time.Sleep(10 * time.Millisecond)
		told.expect(t, "next", "asked")
		time.Sleep(2 * time.Minute)
		told.expect(t, "coap: peer does not answer")
		checkEmpty(t, e)
	})
}

// TestObservationEnds lists how it ends.
func TestObservationEnds(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(o *Observation, s *script, tok string)
		want string
	}{
		{"deleted", func(_ *Observation, s *script, tok string) {
			s.send(packet(message.Confirmable, codes.NotFound, 7, tok, ""))
			s.expect("ACK 0.00")
		}, "coap: resource is not observed with NotFound"},
		{"no longer observed", func(_ *Observation, s *script, tok string) {
			s.send(packet(message.NonConfirmable, codes.Content, 7, tok, "last"))
		}, "coap: resource is not observed with Content"},
		{"canceled", func(o *Observation, s *script, tok string) {
			o.Cancel()
			o.Cancel()
			f := s.expect("CON 0.01")
			var opts options
			if opts.read(f.opts); opts.observe != 1 || string(f.token.bytes()) != tok {
				s.tb.Errorf("canceled with Observe %d, token %q", opts.observe, f.token.bytes())
			}
			s.send(packet(message.Acknowledgement, codes.Content, f.mid, tok, "now"))
		}, "context canceled"},
		{"canceled in vain", func(o *Observation, s *script, _ string) {
			o.Cancel()
			s.send(ack(s.expect("CON 0.01").mid))
		}, "context canceled"},
		{"canceled while it renews", func(o *Observation, s *script, _ string) {
			o.Refresh()
			s.expect("CON 0.01")
			o.Forget()
		}, "context canceled"},
		{"rejected", func(o *Observation, s *script, _ string) {
			o.Refresh()
			s.send(rst(s.expect("CON 0.01").mid))
		}, "coap: peer rejected the message"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withScript(t, Config{}, func(t *testing.T, e *Endpoint, s *script) {
				o, told, tok := observing(t, e, s)
				tt.end(o, s, tok)
				s.silence(2 * time.Minute)
				told.expect(t, tt.want)
				o.Refresh() // nothing
				s.silence(time.Minute)
				checkEmpty(t, e)
			})
		})
	}
	t.Run("never began", func(t *testing.T) {
		withScript(t, Config{}, func(t *testing.T, e *Endpoint, s *script) {
			told := make(states, 10)
			ctx, cancel := context.WithCancel(t.Context())
			e.Observe(ctx, e.Peer(s.addr), getObs, told.notify)
			f := s.expect("CON 0.01")
			s.send(packet(message.Acknowledgement, codes.Content, f.mid, string(f.token.bytes()), "plain"))
			time.Sleep(10 * time.Millisecond)
			told.expect(t, "coap: resource is not observed with Content")
			cancel()
			e.Observe(ctx, e.Peer(s.addr), getObs, told.notify)
			told.expect(t, "context canceled")
			e.Observe(t.Context(), e.Peer(s.addr), &Request{Code: codes.PUT}, told.notify)
			synctest.Wait()
			if got := <-told; !strings.Contains(got, "only GET and FETCH") {
				t.Errorf("PUT: %s", got)
			}
			s.silence(time.Minute)
			checkEmpty(t, e)
		})
	})
}

// TestOvertakenInBlocks: states that come while the blocks of another do wait for it,
// the newest only; one that changes under its blocks is asked for again.
func TestOvertakenInBlocks(t *testing.T) {
	withScript(t, Config{}, func(t *testing.T, e *Endpoint, s *script) {
		o, told, tok := observing(t, e, s)
		answersFirst(s)
		first := func(seq int, etag string) {
			s.send(packet(message.Confirmable, codes.Content, uint16(seq), tok, strings.Repeat(etag, 16),
				option(message.ETag, etag), number(seq), blockOption(message.Block2, 0, true, 16)))
		}
		first(20, "a")
		s.expect("ACK 0.00")
		f := s.expect("CON 0.01") // for block 1 of a
		first(21, "b")
		s.expect("ACK 0.00")
		first(22, "c")
		s.expect("ACK 0.00")
		s.send(packet(message.Acknowledgement, codes.Content, f.mid, string(f.token.bytes()), "end",
			option(message.ETag, "a"), blockOption(message.Block2, 1, false, 16)))
		f = s.expect("CON 0.01") // for block 1 of c
		var opts options
		if opts.read(f.opts); opts.hasObserve || opts.block2.num != 1 {
			t.Errorf("asked for the next block with %+v", opts)
		}
		s.send(packet(message.Acknowledgement, codes.Content, f.mid, string(f.token.bytes()), "end",
			option(message.ETag, "c"), blockOption(message.Block2, 1, false, 16)))
		time.Sleep(10 * time.Millisecond)
		told.expect(t, "aaaaaaaaaaaaaaaaend", "ccccccccccccccccend")
		first(23, "d")
		s.expect("ACK 0.00")
		f = s.expect("CON 0.01")
		s.send(packet(message.Acknowledgement, codes.Content, f.mid, string(f.token.bytes()), "end",
			option(message.ETag, "e"), blockOption(message.Block2, 1, false, 16)))
		f = s.expect("CON 0.01")
		if opts.read(f.opts); !opts.hasObserve || string(f.token.bytes()) != tok {
			t.Errorf("asked again with %+v", opts)
		}
		s.send(packet(message.Acknowledgement, codes.Content, f.mid, tok, "e", number(24)))
		time.Sleep(10 * time.Millisecond)
		told.expect(t, "e")
		o.Forget()
		checkEmpty(t, e)
	})
}

// TestEventsInBlocks: events that come while the blocks of one do wait for it, all of
// them; one for which there is no room is not acknowledged, so that it comes again.
func TestEventsInBlocks(t *testing.T) {
	withScript(t, Config{}, func(t *testing.T, e *Endpoint, s *script) {
		told := make(states, 100)
		o := e.ObserveEvents(t.Context(), e.Peer(s.addr), getObs, told.notify)
		f := s.expect("CON 0.01")
		tok := string(f.token.bytes())
		s.send(packet(message.Acknowledgement, codes.Content, f.mid, tok, "began", number(10)))
		first := func(seq int, tag string) {
			s.send(packet(message.Confirmable, codes.Content, uint16(seq), tok, strings.Repeat(tag, 16),
				option(message.ETag, tag), number(seq), blockOption(message.Block2, 0, true, 16)))
			s.expect("ACK 0.00")
		}
		last := func(tag string) {
			f := s.expect("CON 0.01")
			s.send(packet(message.Acknowledgement, codes.Content, f.mid, string(f.token.bytes()), "end",
				option(message.ETag, tag), blockOption(message.Block2, 1, false, 16)))
		}
		short := func(seq int) {
			s.send(packet(message.Confirmable, codes.Content, uint16(seq), tok, fmt.Sprint(seq), number(seq)))
		}
		answersFirst(s)
		first(20, "a")
		f = s.expect("CON 0.01") // for block 1 of a
		short(21)
		s.expect("ACK 0.00")
		first(22, "b")
		short(23)
		s.expect("ACK 0.00")
		s.send(packet(message.Acknowledgement, codes.Content, f.mid, string(f.token.bytes()), "end",
			option(message.ETag, "a"), blockOption(message.Block2, 1, false, 16)))
		last("b")
		time.Sleep(10 * time.Millisecond)
		told.expect(t, "began", "aaaaaaaaaaaaaaaaend", "21", "bbbbbbbbbbbbbbbbend", "23")
		short(19) // was overtaken, and counts all the same
		s.expect("ACK 0.00")
		first(30, "c")
		f = s.expect("CON 0.01")
		for n := range maxEvents + 1 {
			short(100 + n)
			time.Sleep(100 * time.Microsecond) // in this order
		}
		for range maxEvents {
			s.expect("ACK 0.00")
		}
		s.silence(10 * time.Millisecond)
		s.send(packet(message.Acknowledgement, codes.Content, f.mid, string(f.token.bytes()), "end",
			option(message.ETag, "c"), blockOption(message.Block2, 1, false, 16)))
		time.Sleep(10 * time.Millisecond)
		want := []string{"19", "ccccccccccccccccend"}
		for n := range maxEvents {
			want = append(want, fmt.Sprint(100+n))
		}
		told.expect(t, want...)
		short(100 + maxEvents)
		s.expect("ACK 0.00")
		time.Sleep(10 * time.Millisecond)
		told.expect(t, fmt.Sprint(100+maxEvents))
		o.Forget()
		checkEmpty(t, e)
	})
}

// TestObserveLossy is the promise of RFC 7641: whatever the network does, the
// observer has the newest state in the end, in order. With Notify and ObserveEvents it has
// every one, whatever their sizes.
func TestObserveLossy(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		size := rapid.SampledFrom([]int{1, 50}).Draw(rt, "size")
		all := rapid.Bool().Draw(rt, "all")
		changes := rapid.IntRange(1, 30).Draw(rt, "changes")
		synctest.Test(t, func(t *testing.T) {
			rng, pauses := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))
			n := newMemNet()
			n.fate = func(_, _ netip.AddrPort, _ []byte) []time.Duration {
				var copies []time.Duration
				for range []int{0, 1, 1, 1, 2}[rng.IntN(5)] {
					copies = append(copies, time.Duration(1+rng.IntN(80))*time.Millisecond)
				}
				return copies
			}
			c := newCounter()
			c.size = size
			var o atomic.Pointer[Observer]
			serve := c.mux()
			if all {
				serve = func(_ Peer, req *Request, reply func(*Response)) {
					if now := req.Observe(nil); now != nil {
						o.Store(now)
					}
					reply(&Response{Code: codes.Content, Body: []byte("nothing yet")})
				}
			}
			server := listen(t, Config{Conn: n.conn(2), Handler: serve, BlockSize: 16, MaxTransmitWait: time.Minute, Trusted: trusted})
			client := listen(t, Config{Conn: n.conn(1), MaxTransmitWait: time.Minute, Trusted: trusted})
			told := make(states, 1000)
			observe := client.Observe
			if all {
				observe = client.ObserveEvents
			}
			watch := observe(t.Context(), client.Peer(server.LocalAddr()), getObs, told.notify)
			start := time.Now()
			time.Sleep(10 * time.Second)
			for range changes {
				c.change()
				if all {
					c.size = []int{1, size}[pauses.IntN(2)]
					if err := o.Load().Notify(c.Get(nil)); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(time.Duration(pauses.IntN(300)) * time.Millisecond)
			}
			time.Sleep(3 * time.Minute)
			synctest.Wait()
			last, got := -1, 0
			for len(told) > 0 {
				state := <-told
				if state == "nothing yet" {
					continue
				}
				var now int
				if _, err := fmt.Sscanf(state, "%d", &now); err != nil || now < last {
					t.Fatalf("told %d after %d, %v (seed %d)", now, last, err, seed)
				}
				if now > last {
					got++
				}
				last = now
			}
			if last != changes || all && got != changes {
				t.Errorf("told %d states, %d the last, want %d (seed %d, all %v, size %d)\n%s", got, last, changes, seed, all, size, strings.Join(n.lines(start), "\n"))
			}
			watch.Cancel()
			time.Sleep(3 * time.Minute)
			synctest.Wait()
			checkEmpty(t, client)
			checkEmpty(t, server)
		})
	})
}

// answersFirst delays requests and notifications, so that what goes at the same time
// comes in order.
func answersFirst(s *script) {
	s.net.fate = func(_, _ netip.AddrPort, b []byte) []time.Duration {
		if b[0]>>4&3 == byte(message.Confirmable) {
			return []time.Duration{2 * time.Millisecond}
		}
		return []time.Duration{time.Millisecond}
	}
}
