package dtls

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	pion "github.com/pion/dtls/v3"

	"vapd/internal/netsim"
	"vapd/protocol/coap"
)

// constrained is a client of pion's own, with a socket of its own and one suite.
func constrained(tb testing.TB, addr netip.AddrPort, suite pion.CipherSuiteID, opts ...pion.ClientOption) *pion.Conn {
	tb.Helper()
	socket, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(loopback))
	if err != nil {
		tb.Fatal(err)
	}
	c, err := pion.ClientWithOptions(socket, net.UDPAddrFromAddrPort(addr), append([]pion.ClientOption{
		pion.WithCipherSuites(suite),
		pion.WithPSK(func([]byte) ([]byte, error) { return kitchen.Key, nil }),
		pion.WithPSKIdentityHint([]byte(kitchen.Identity)),
	}, opts...)...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = c.Close()
		_ = socket.Close()
	})
	if err := c.HandshakeContext(soon(tb)); err != nil {
		tb.Fatal(err)
	}
	return c
}

// ping sends a CoAP ping and wants its reset.
func ping(c *pion.Conn, mid byte, wait time.Duration) error {
	if _, err := c.Write([]byte{0x40, 0, 0, mid}); err != nil {
		return err
	}
	_ = c.SetReadDeadline(time.Now().Add(wait))
	b := make([]byte, 1500)
	n, err := c.Read(b)
	if err == nil && !bytes.Equal(b[:n], []byte{0x70, 0, 0, mid}) {
		err = errors.New("another answer")
	}
	return err
}

// TestPion meets pion's records on the other side, in each suite, with and without
// connection id.
func TestPion(t *testing.T) {
	for _, suite := range suites() {
		for name, opts := range map[string][]pion.ClientOption{
			"address": nil, "cid": {pion.WithConnectionIDGenerator(pion.OnlySendCIDGenerator())},
			"both cid": {pion.WithConnectionIDGenerator(pion.RandomCIDGenerator(5))},
		} {
			t.Run(suite.String()+" "+name, func(t *testing.T) {
				st, _ := listen(t, Config{Keys: paired}, coap.Config{})
				c := constrained(t, st.LocalAddr(), suite, opts...)
				for i := range byte(3) {
					if err := ping(c, i, time.Minute); err != nil {
						t.Fatal(err)
					}
				}
				_ = c.Close()
				eventually(t, "close_notify ended it", func() bool { return st.Stats().Associations == 0 })
			})
		}
	}
}

// TestOtherSuites: what is not offered is refused, at the first hello that proves its
// address.
func TestOtherSuites(t *testing.T) {
	st, _ := listen(t, Config{Keys: paired}, coap.Config{})
	for _, suite := range []pion.CipherSuiteID{
		pion.TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256, pion.TLS_PSK_WITH_AES_128_CBC_SHA256, pion.TLS_PSK_WITH_AES_128_GCM_SHA256,
	} {
		socket, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(loopback))
		if err != nil {
			t.Fatal(err)
		}
		c, err := pion.ClientWithOptions(socket, net.UDPAddrFromAddrPort(st.LocalAddr()),
			pion.WithCipherSuites(suite), pion.WithPSKIdentityHint([]byte("kitchen")),
			pion.WithPSK(func([]byte) ([]byte, error) { return kitchen.Key, nil }))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.HandshakeContext(soon(t)); err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v: got %v", suite, err)
		}
		_ = c.Close()
		_ = socket.Close()
	}
	eventually(t, "nothing is half open", func() bool { return st.Stats().HalfOpen == 0 })
}

// TestRebindWithoutCID: such a peer is out of reach at a new address until it shakes
// hands again.
func TestRebindWithoutCID(t *testing.T) {
	st, _ := listen(t, Config{Keys: paired}, coap.Config{})
	relay, err := netsim.Listen(netsim.Config{Hub: st.LocalAddr()})
	if err != nil {
		t.Fatal(err)
	}
	defer relay.Close()
	c := constrained(t, relay.Addr(), pion.TLS_PSK_WITH_AES_128_CCM_8)
	if err := ping(c, 1, time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := relay.Rebind(); err != nil {
		t.Fatal(err)
	}
	if err := ping(c, 2, 300*time.Millisecond); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("from the new address: %v", err)
	}
	if s := st.Stats(); s.Dropped == 0 || s.Moved != 0 {
		t.Errorf("the server counts %+v", s)
	}
	again := constrained(t, relay.Addr(), pion.TLS_PSK_WITH_AES_128_CCM_8)
	if err := ping(again, 3, time.Minute); err != nil {
		t.Error(err)
	}
}

// TestLateFlight: a client that lost the server's last flight gets it again.
func TestLateFlight(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *network) {
		n.listen(t, hub, Config{Keys: paired}, coap.Config{Handler: who})
		ct, ce := n.listen(t, satellite, Config{}, coap.Config{})
		lost := func(p float64) {
			if err := n.sockets[satellite].Set(netsim.Down, func(i *netsim.Impairment) { i.Loss = p }); err != nil {
				t.Error(err)
			}
		}
		// Hello, hello with cookie and key exchange are 30 ms and more apart.
		time.AfterFunc(45*time.Millisecond, func() { lost(1) })
		time.AfterFunc(700*time.Millisecond, func() { lost(0) })
		start := time.Now()
		ask(t, associate(t, ct, ce, hub), "x", "kitchen: x")
		if took := time.Since(start); took < time.Second || took > 3*time.Second {
			t.Errorf("took %v", took)
		}
	})
}
