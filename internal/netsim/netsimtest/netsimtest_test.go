package netsimtest

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"vapd/internal/netsim"
	"vapd/protocol/coap"
)

// All that is sent is treated as the latest Set says, whenever its endpoint was opened.
func TestNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const hub, other = "10.0.0.1:5683", "10.0.0.2:5683"
		n := New(netsim.Impairment{Delay: 10 * time.Millisecond})
		b := n.Endpoint(t, hub, coap.Config{})
		n.Set(t, netsim.Impairment{Delay: 20 * time.Millisecond})
		a := n.Endpoint(t, other, coap.Config{})
		ping := func() (time.Duration, error) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			err := a.Ping(ctx, a.Peer(netip.MustParseAddrPort(hub)))
			return time.Since(began), err
		}
		if took, err := ping(); err != nil || took != 40*time.Millisecond {
			t.Errorf("%v, %v", took, err)
		}
		n.Set(t, Silence())
		if _, err := ping(); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if err := errors.Join(a.Close(), b.Close()); err != nil {
			t.Error(err)
		}
	})
}
