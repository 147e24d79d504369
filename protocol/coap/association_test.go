package coap

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"

	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// endingConn tells, as a secured transport does, that an association ends.
type endingConn struct {
	*memConn
	ended func(*Association)
}

func (c *endingConn) OnEnd(ended func(*Association)) { c.ended = ended }

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
