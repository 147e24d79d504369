package dtls

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"vapd/internal/netsim"
	"vapd/protocol/coap"
)

// TestRefused: whoever lacks the key gets nowhere, and can't tell a wrong key from an
// identity that is not known.
func TestRefused(t *testing.T) {
	took := make(map[string]time.Duration)
	for name, c := range map[string]Credentials{
		"wrong key":        {kitchen.Identity, make([]byte, 32)},
		"unknown identity": {"bedroom", kitchen.Key},
	} {
		t.Run(name, func(t *testing.T) {
			inNetwork(t, func(t *testing.T, n *network) {
				st, _ := n.listen(t, hub, Config{Keys: paired}, coap.Config{})
				ct, _ := n.listen(t, satellite, Config{}, coap.Config{})
				start := time.Now()
				_, err := ct.Associate(t.Context(), hub, c)
				if !errors.Is(err, ErrRefused) {
					t.Errorf("got %v", err)
				}
				took[name] = time.Since(start)
				synctest.Wait()
				if s := st.Stats(); s.Failed != 1 || s.HalfOpen != 0 || s.Associations != 0 {
					t.Errorf("the server counts %+v", s)
				}
			})
		})
	}
	if a, b := took["wrong key"], took["unknown identity"]; a != b || a > 6*time.Second {
		t.Errorf("a wrong key takes %v, an unknown identity %v", a, b)
	}
}

// TestNobody: the handshake with a server that is silent ends with the context, or in
// Config.HandshakeTimeout.
func TestNobody(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *network) {
		ct, _ := n.listen(t, satellite, Config{}, coap.Config{})
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if _, err := ct.Associate(ctx, hub, kitchen); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 3*time.Second {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		start = time.Now()
		if _, err := ct.Associate(t.Context(), hub, kitchen); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 10*time.Second {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}

// TestServerComesLate: a client that began too early gets through when the server is
// there.
func TestServerComesLate(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *network) {
		ct, ce := n.listen(t, satellite, Config{}, coap.Config{})
		time.AfterFunc(3*time.Second, func() { n.listen(t, hub, Config{Keys: paired}, coap.Config{Handler: who}) })
		start := time.Now()
		ask(t, associate(t, ct, ce, hub), "x", "kitchen: x")
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// TestServerIsRestartedInTheMiddle: the client does not wait for a server that knows
// nothing of its handshake.
func TestServerIsRestartedInTheMiddle(t *testing.T) {
	for _, at := range []time.Duration{ // what is on its way: 10 ms for each flight
		5 * time.Millisecond,  // the hello
		15 * time.Millisecond, // the cookie
		25 * time.Millisecond, // the hello with it
		35 * time.Millisecond, // the server's flight
		45 * time.Millisecond, // the key exchange
	} {
		inNetwork(t, func(t *testing.T, n *network) {
			_, se := n.listen(t, hub, Config{Keys: paired}, coap.Config{})
			ct, ce := n.listen(t, satellite, Config{}, coap.Config{})
			time.AfterFunc(at, func() {
				if err := n.sockets[hub].Set(netsim.Up, func(i *netsim.Impairment) { i.Loss = 1 }); err != nil {
					t.Error(err)
				}
				_ = se.Close()
				n.listen(t, hub, Config{Keys: paired}, coap.Config{Handler: who})
			})
			start := time.Now()
			ask(t, associate(t, ct, ce, hub), "x", "kitchen: x")
			if took := time.Since(start); took > 1700*time.Millisecond {
				t.Errorf("after %v: it took %v", at, took)
			}
		})
	}
}

// TestCredentials are checked before anything is sent, plain CoAP only goes when it may.
func TestCredentials(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *network) {
		ct, ce := n.listen(t, satellite, Config{}, coap.Config{})
		for _, c := range []Credentials{{}, {"a", make([]byte, 15)}, {"", make([]byte, 32)}, {string(make([]byte, 129)), make([]byte, 32)}} {
			if _, err := ct.Associate(t.Context(), hub, c); err == nil {
				t.Errorf("%q with %d bytes of key is accepted", c.Identity, len(c.Key))
			}
		}
		if err := ce.Ping(t.Context(), ce.Peer(hub)); err == nil {
			t.Error("a plain ping was answered")
		}
		if ups := n.sent(satellite); ups != 0 {
			t.Errorf("%d datagrams were sent", ups)
		}
	})
}
