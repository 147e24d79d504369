package dtls

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vapd/protocol/coap"
)

// helloOnly sends what begins a handshake, and lets the other side wait for the rest.
type helloOnly struct{ coap.PacketConn }

func (c helloOnly) WritePacket(b []byte, to coap.Path) error {
	r, _, _ := nextRecord(b)
	if typ, _, ok := r.handshakeType(); !ok || typ != clientHello {
		return nil
	}
	return c.PacketConn.WritePacket(b, to)
}

// TestHalfOpen: strangers with real addresses, who return the cookie and then let the
// server wait, take a bounded number of places and bytes; associations go on, and when the
// attack pauses somebody with a key gets in.
func TestHalfOpen(t *testing.T) {
	const most, strangers = 128, 600
	inNetwork(t, func(t *testing.T, n *network) {
		st, _ := n.listen(t, hub, Config{Keys: paired, MaxHandshakes: most}, coap.Config{Handler: who})
		ct, ce := n.listen(t, satellite, Config{}, coap.Config{})
		peer := associate(t, ct, ce, hub)
		time.Sleep(20 * time.Second) // that handshake is over
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		before, each, halfOpen := used(), int64(0), 0
		for i := range strangers {
			// Four to an address; most fits one address's quarter several times.
			addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 2, byte(i / 4)}), uint16(4000+i))
			stranger, se := listen(t, Config{Conn: helloOnly{n.open(t, addr)}}, coap.Config{})
			wg.Go(func() {
				_, _ = stranger.Associate(ctx, hub, Credentials{"nobody", kitchen.Key})
				_ = se.Close()
			})
			time.Sleep(5 * time.Millisecond)
			if halfOpen = max(halfOpen, st.Stats().HalfOpen); halfOpen >= most-1 && each == 0 {
				each = (used() - before) / int64(halfOpen) / 1024
			}
			if i == strangers/2 {
				ask(t, peer, "under attack", "kitchen: under attack")
			}
		}
		if halfOpen > most || halfOpen < most/2 {
			t.Errorf("%d handshakes were half open, %d may be", halfOpen, most)
		}
		t.Logf("%d half open at most, %d kB for each with its attacker's own side, %+v", halfOpen, each, st.Stats())
		cancel()
		wg.Wait()
		time.Sleep(15 * time.Second)
		late, le := n.listen(t, elsewhere, Config{}, coap.Config{})
		ask(t, associate(t, late, le, hub), "late", "kitchen: late")
		ask(t, peer, "after it", "kitchen: after it")
		time.Sleep(15 * time.Second)
		synctest.Wait()
		if s := st.Stats(); s.HalfOpen != 0 || len(st.perAddress) != 0 {
			t.Errorf("left: %+v, %d addresses", s, len(st.perAddress))
		}
	})
}
