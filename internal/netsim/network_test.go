package netsim

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
)

func host(n byte) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, n}), 5683)
}

func open(t *testing.T, n *Network, addr netip.AddrPort, up, down Impairment) *Socket {
	t.Helper()
	s, err := n.Open(addr, up, down)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// reads collects what comes to s, with when and from where, until it is closed.
func reads(s *Socket) (all func() []string) {
	start := time.Now()
	done := make(chan []string, 1)
	go func() {
		var got []string
		b := make([]byte, 2048)
		for {
			n, from, err := s.ReadPacket(b)
			if err != nil {
				done <- got
				return
			}
			got = append(got, fmt.Sprintf("%v %v %s", time.Since(start), from.Peer, b[:n]))
		}
	}()
	return func() []string { _ = s.Close(); return <-done }
}

func TestNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork(1)
		a := open(t, n, host(1), Impairment{Delay: 10 * time.Millisecond}, Impairment{})
		b := open(t, n, host(2), Impairment{}, Impairment{Delay: 5 * time.Millisecond})
		if _, err := n.Open(host(2), Impairment{}, Impairment{}); err == nil {
			t.Error("two sockets at one address")
		}
		if _, err := n.Open(host(3), Impairment{Loss: 2}, Impairment{}); err == nil {
			t.Error("a loss of 2 was taken")
		}
		got := reads(b)
		say := func(text string, to netip.AddrPort) {
			t.Helper()
			if err := a.WritePacket([]byte(text), coap.Path{Peer: to}); err != nil {
				t.Fatal(err)
			}
		}
		say("hello", host(2))
		say("nobody", host(9))
		time.Sleep(time.Second)
		if a.Rebind(host(2)) == nil {
			t.Error("rebound to an address that is in use")
		}
		say("on its way", host(2))
		if err := a.Rebind(host(7)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if err := b.Set(Down, func(i *Impairment) { i.Loss = 1 }); err != nil {
			t.Fatal(err)
		}
		say("lost", host(2))
		time.Sleep(time.Second)
		want := []string{"15ms 192.0.2.1:5683 hello", "1.015s 192.0.2.7:5683 on its way"}
		if d := cmp.Diff(want, got()); d != "" {
			t.Error(d)
		}
		if _, counts := b.Status(Down); counts.Received != 3 || counts.Lost != 1 {
			t.Errorf("%+v", counts)
		}
		if err := b.WritePacket(nil, coap.Path{Peer: host(7)}); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if a.LocalAddr() != host(1) {
			t.Error(a.LocalAddr())
		}
		if err := b.Rebind(host(8)); err != nil || n.sockets[host(8)] != nil {
			t.Error("a closed socket came back")
		}
	})
}

// Two endpoints talk through a network that does everything; one seed, one fate.
func TestNetworkIsRepeatable(t *testing.T) {
	bad := Impairment{
		Loss: 0.05, Burst: Burst{Enter: 0.02, Leave: 0.3, Loss: 0.8}, Duplicate: 0.05, Reorder: 0.05,
		Corrupt: 0.02, Delay: 15 * time.Millisecond, Jitter: 5 * time.Millisecond,
	}
	day := func(seed uint64) (log string) {
		synctest.Test(t, func(t *testing.T) {
			n := NewNetwork(seed)
			a := open(t, n, host(1), bad, bad)
			b := open(t, n, host(2), Impairment{}, Impairment{})
			got := reads(b)
			for i := range 500 {
				if err := a.WritePacket(fmt.Appendf(nil, "%d", i), coap.Path{Peer: host(2)}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute) // eight hours in all
			}
			log = strings.Join(got(), "\n")
		})
		return log
	}
	first := day(1)
	if d := cmp.Diff(first, day(1)); d != "" {
		t.Errorf("one seed, two fates:\n%s", d)
	}
	if first == day(2) {
		t.Error("two seeds, one fate")
	}
}

// An endpoint is served while it roams: its requests are answered where they come from.
func TestNetworkCarriesCoAP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork(1)
		bad := Impairment{Loss: 0.1, Delay: 15 * time.Millisecond}
		listen := func(s *Socket, h coap.Handler) *coap.Endpoint {
			e, err := coap.Listen(coap.Config{Conn: s, Handler: h})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = e.Close() })
			return e
		}
		server := listen(open(t, n, host(1), Impairment{}, Impairment{}), func(_ coap.Peer, r *coap.Request, reply func(*coap.Response)) {
			reply(&coap.Response{Code: codes.Content, Body: r.Body})
		})
		roamer := open(t, n, host(2), bad, bad)
		client := listen(roamer, nil)
		for i := range byte(50) {
			if err := roamer.Rebind(host(10 + i)); err != nil {
				t.Fatal(err)
			}
			r, err := client.Peer(server.LocalAddr()).Do(t.Context(), &coap.Request{Code: codes.POST, Path: "x", Body: []byte{i}})
			if err != nil || len(r.Body) != 1 || r.Body[0] != i {
				t.Errorf("request %d: %v", i, err)
			}
		}
	})
}
