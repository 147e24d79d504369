package coap

import (
	"context"
	"errors"
	"net/netip"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// endingConn tells, as a secured transport does, that an association ends.
type endingConn struct {
	*memConn
	ended func(*Association)
}

func (c *endingConn) OnEnd(ended func(*Association)) { c.ended = ended }

// brokenConn refuses what it is given at first, and remembers the ways of the rest.
type brokenConn struct {
	*memConn
	refusals int
	ways     []Path
}

func (c *brokenConn) WritePacket(b []byte, to Path) error {
	if c.refusals--; c.refusals >= 0 {
		return syscall.ENETUNREACH
	}
	c.ways = append(c.ways, to)
	return c.memConn.WritePacket(b, to)
}

// TestStaysSecured: what the network refused at first is never sent again in clear.
func TestStaysSecured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &brokenConn{memConn: newMemNet().conn(1), refusals: 2}
		e := listen(t, Config{Conn: c})
		a := &Association{Identity: "a"}
		_, err := e.Secured(a, netip.MustParseAddrPort("10.0.0.2:5684")).Do(t.Context(), &Request{Code: codes.GET})
		if !errors.Is(err, ErrNoReply) || len(c.ways) == 0 {
			t.Errorf("%v, sent %d times", err, len(c.ways))
		}
		for _, way := range c.ways {
			if way.Association != a {
				t.Errorf("sent to %+v", way)
			}
		}
	})
}

// endedConn sends nothing more to an association that has ended.
type endedConn struct{ *memConn }

func (c endedConn) WritePacket(b []byte, to Path) error {
	if to.Association != nil {
		return ErrEnded
	}
	return c.memConn.WritePacket(b, to)
}

// TestAfterTheEnd: who has not noticed that the association ended is told at once.
func TestAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := listen(t, Config{Conn: endedConn{newMemNet().conn(1)}})
		peer := e.Secured(&Association{Identity: "a"}, netip.MustParseAddrPort("10.0.0.2:5684"))
		start := time.Now()
		for _, non := range []bool{false, true} {
			if _, err := peer.Do(t.Context(), &Request{Code: codes.GET, NonConfirmable: non}); !errors.Is(err, ErrEnded) {
				t.Errorf("non-confirmable %v: %v", non, err)
			}
		}
		if err := e.Ping(t.Context(), peer); !errors.Is(err, ErrEnded) {
			t.Errorf("ping: %v", err)
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("after %v", d)
		}
	})
}

// TestAssociationEnds: what is under way with a dead association ends at once, what
// waits for its turn and a ping included; other peers go on.
func TestAssociationEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &endingConn{memConn: newMemNet().conn(1)}
		e := listen(t, Config{Conn: c, NSTART: 2})
		addr := netip.MustParseAddrPort("10.0.0.2:5684")
		gone, stays := &Association{Identity: "a"}, &Association{Identity: "a", N: 1}
		peer := e.Secured(gone, addr)
		ended := make(chan error, 5)
		for range 4 { // two wait
			e.Start(t.Context(), peer, &Request{Code: codes.GET}, func(_ *Response, err error) { ended <- err })
		}
		e.Start(t.Context(), peer, &Request{Code: codes.GET, NonConfirmable: true}, func(_ *Response, err error) { ended <- err })
		ping := make(chan error, 1)
		other := e.Secured(gone, addr)
		go func() { ping <- e.Ping(context.Background(), other) }()
		kept := make(chan error, 1)
		e.Start(t.Context(), e.Secured(stays, addr), &Request{Code: codes.GET}, func(_ *Response, err error) { kept <- err })
		synctest.Wait()

		c.ended(gone)
		for range cap(ended) {
			if err := <-ended; !errors.Is(err, ErrEnded) {
				t.Errorf("a call ended with %v", err)
			}
		}
		if err := <-ping; !errors.Is(err, ErrEnded) {
			t.Errorf("the ping ended with %v", err)
		}
		c.ended(gone) // once more is no harm
		select {
		case err := <-kept:
			t.Errorf("another peer's call ended with %v", err)
		default:
		}
	})
}
