package dtls

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
)

// anybody has the kitchen's key under every name.
func anybody(string) ([]byte, bool) { return kitchen.Key, true }

// named makes an association under another name.
func named(tb testing.TB, n *network, host byte, name string) (*Transport, *coap.Endpoint, coap.Peer) {
	tb.Helper()
	addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 1, host}), 40000)
	ct, ce := n.listen(tb, addr, Config{}, coap.Config{})
	a, err := ct.Associate(soon(tb), hub, Credentials{name, kitchen.Key})
	if err != nil {
		tb.Fatal(err)
	}
	return ct, ce, ce.Secured(a, hub)
}

// TestLongestIdleGoes: beyond MaxAssociations, who was silent for the longest is ended,
// and learns of it.
func TestLongestIdleGoes(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *network) {
		st, _ := n.listen(t, hub, Config{Keys: anybody, MaxAssociations: 3}, coap.Config{Handler: who})
		at, _, a := named(t, n, 1, "a")
		bt, _, b := named(t, n, 2, "b")
		named(t, n, 3, "c")
		ask(t, a, "x", "a: x")
		named(t, n, 4, "d")
		time.Sleep(time.Second)
		if at.Stats().Associations != 1 || bt.Stats().Associations != 0 || st.Stats().Associations != 3 {
			t.Errorf("a has %+v, b %+v, the server %+v", at.Stats(), bt.Stats(), st.Stats())
		}
		ask(t, a, "y", "a: y")
		if b.Verified(); st.Stats().HalfOpen != 0 {
			t.Error("something is half open")
		}
	})
}

// TestIdleEnds: who is silent for IdleTimeout is ended.
func TestIdleEnds(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *network) {
		st, _ := n.listen(t, hub, Config{Keys: anybody, IdleTimeout: time.Minute}, coap.Config{Handler: who})
		_, _, a := named(t, n, 1, "a")
		named(t, n, 2, "b")
		for range 10 {
			time.Sleep(30 * time.Second)
			ask(t, a, "x", "a: x")
		}
		if n := st.Stats().Associations; n != 1 {
			t.Errorf("%d associations", n)
		}
	})
}

// TestPerIdentity: one identity has MaxPerIdentity associations at most, the newest; it
// costs no other identity its own.
func TestPerIdentity(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *network) {
		st, _ := n.listen(t, hub, Config{Keys: anybody, MaxPerIdentity: 2, MaxAssociations: 4}, coap.Config{Handler: who})
		_, _, b := named(t, n, 1, "b")
		var last coap.Peer
		for i := range byte(10) {
			_, _, last = named(t, n, 10+i, "a")
		}
		if n := st.Stats().Associations; n != 3 {
			t.Errorf("%d associations", n)
		}
		ask(t, b, "x", "b: x")
		ask(t, last, "x", "a: x")
	})
}

// TestRevoke ends what an identity has, now and under way, and nothing else.
func TestRevoke(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *network) {
		revoked := false
		keys := func(identity string) ([]byte, bool) { return kitchen.Key, !revoked || identity != "a" }
		st, _ := n.listen(t, hub, Config{Keys: keys}, coap.Config{Handler: who})
		at, _, _ := named(t, n, 1, "a")
		_, _, b := named(t, n, 2, "b")
		late, _ := n.listen(t, satellite, Config{}, coap.Config{})
		result := make(chan error, 1)
		go func() {
			_, err := late.Associate(t.Context(), hub, Credentials{"a", kitchen.Key})
			result <- err
		}()
		time.Sleep(36 * time.Millisecond) // the key was asked for, or will be in a moment
		revoked = true
		st.Revoke(func(identity string) bool { return identity == "a" })
		time.Sleep(time.Second)
		if at.Stats().Associations != 0 || st.Stats().Associations != 1 {
			t.Errorf("a has %+v, the server %+v", at.Stats(), st.Stats())
		}
		if err := <-result; err == nil {
			t.Error("the handshake under way finished")
		}
		ask(t, b, "x", "b: x")
	})
}

// TestSpoofedAlerts: what anybody may send in clear ends no association, as neither
// does a hello from the client's address.
func TestSpoofedAlerts(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *network) {
		var l listener
		st, _ := n.listen(t, hub, Config{Keys: paired}, coap.Config{Handler: l.serve})
		ct, ce := n.listen(t, satellite, Config{}, coap.Config{})
		peer := associate(t, ct, ce, hub)
		ask(t, peer, "one", "kitchen: one")
		// The attacker has the client's address for a while, then the server's.
		n.rebind(t, satellite, elsewhere)
		eve := n.impostor(t, satellite)
		r := rand.New(rand.NewPCG(1, 2))
		garbage := [][]byte{
			{typeAlert, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40}, // fatal
			{typeAlert, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0},  // close_notify
			{typeAlert, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 99, 0, 2, 1, 0}, // of the next epoch
			{typeChangeCipherSpec, 0xfe, 0xfd, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 1, 1},
			{typeApplication, 0xfe, 0xfd, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 1, 1},
			hello(9), hello(8), hello(7)[:40],
		}
		for range 500 {
			b := make([]byte, r.IntN(100))
			for i := range b {
				b[i] = byte(r.Uint32())
			}
			if len(b) > 13 {
				b[0], b[1], b[2] = byte(20+r.IntN(6)), 0xfe, 0xfd
				binary.BigEndian.PutUint16(b[11:], uint16(len(b)-13))
			}
			garbage = append(garbage, b)
		}
		for _, b := range garbage {
			for _, to := range []netip.AddrPort{hub, elsewhere} {
				if err := eve.WritePacket(b, coap.Path{Peer: to}); err != nil {
					t.Fatal(err)
				}
			}
		}
		time.Sleep(20 * time.Second)
		_ = eve.Close()
		n.rebind(t, satellite, satellite)
		ask(t, peer, "two", "kitchen: two")
		if s := st.Stats(); s.Associations != 1 || s.Finished != 1 || l.last.ID() != "dtls:kitchen#1" || s.HalfOpen != 0 {
			t.Errorf("the server counts %+v, peer %v", s, l.last.ID())
		}
	})
}

// TestSpoofedRefusal: an alert that an attacker sends in the middle of a handshake does
// not end it.
func TestSpoofedRefusal(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *network) {
		n.listen(t, hub, Config{Keys: paired}, coap.Config{Handler: who})
		ct, ce := n.listen(t, satellite, Config{}, coap.Config{})
		time.AfterFunc(22*time.Millisecond, func() { // while the second hello is on its way
			n.rebind(t, hub, elsewhere)
			eve := n.impostor(t, hub)
			alert := []byte{typeAlert, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 51}
			if err := eve.WritePacket(alert, coap.Path{Peer: satellite}); err != nil {
				t.Error(err)
			}
			time.Sleep(5 * time.Millisecond)
			_ = eve.Close()
			n.rebind(t, hub, hub)
		})
		ask(t, associate(t, ct, ce, hub), "x", "kitchen: x")
	})
}

// flood gives a Transport hellos, each from another invented address.
type flood struct {
	t    *Transport
	sent int
}

func (f *flood) next() {
	f.sent++
	i := f.sent
	b := hello(0)
	binary.BigEndian.PutUint64(b[len(b)-32:], uint64(i))
	from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{11, byte(i >> 16), byte(i >> 8), byte(i)}), 4000)
	f.t.receive(b, coap.Path{Peer: from})
}

// TestFlood: 100,000 hellos from as many invented addresses, in ten seconds, leave memory
// bounded, the associations alone, and somebody with a key gets in.
func TestFlood(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *network) {
		st, _ := n.listen(t, hub, Config{Keys: paired, MaxHandshakes: 256}, coap.Config{Handler: who})
		ct, ce := n.listen(t, satellite, Config{}, coap.Config{})
		peer := associate(t, ct, ce, hub)
		late, le := n.listen(t, elsewhere, Config{}, coap.Config{})
		result := make(chan error, 1)
		most, goroutines := 0, 0
		for f := (flood{t: st}); f.sent < 100_000; f.next() {
			if f.sent%100 == 0 {
				time.Sleep(10 * time.Millisecond)
				most, goroutines = max(most, st.Stats().HalfOpen), max(goroutines, runtime.NumGoroutine())
			}
			if f.sent == 10_000 {
				go func() {
					a, err := late.Associate(t.Context(), hub, kitchen)
					if err == nil {
						_, err = le.Secured(a, hub).Do(t.Context(), &coap.Request{Code: codes.GET})
					}
					result <- err
				}()
			}
		}
		if most > 256/4+1 {
			t.Errorf("%d handshakes were half open", most)
		}
		if err := <-result; err != nil {
			t.Errorf("the handshake in the flood: %v", err)
		}
		ask(t, peer, "x", "kitchen: x")
		t.Logf("%d half open and %d goroutines at most, %+v", most, goroutines, st.Stats())
		time.Sleep(15 * time.Second)
		synctest.Wait()
		if s := st.Stats(); s.HalfOpen != 0 || len(st.handshakes) != 0 || len(st.perAddress) != 0 || st.unproven.Len() != 0 {
			t.Errorf("left: %s", fmt.Sprintf("%+v, %d, %d", s, len(st.handshakes), len(st.perAddress)))
		}
	})
}

// TestHerd: everybody at once, as after a power cut, gets in within a few seconds, from
// behind one address.
func TestHerd(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *network) {
		st, _ := n.listen(t, hub, Config{Keys: anybody}, coap.Config{Handler: who})
		const count = 100
		result := make(chan error, count)
		start := time.Now()
		for i := range count {
			ct, _ := n.listen(t, netip.AddrPortFrom(satellite.Addr(), uint16(i+1)), Config{}, coap.Config{})
			go func() {
				_, err := ct.Associate(t.Context(), hub, Credentials{fmt.Sprint(i), kitchen.Key})
				result <- err
			}()
		}
		for range count {
			if err := <-result; err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took > 3*time.Second || st.Stats().Associations != count {
			t.Errorf("took %v: %+v", took, st.Stats())
		}
	})
}
