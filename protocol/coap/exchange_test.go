package coap

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

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
