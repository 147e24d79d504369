package pairing

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/internal/netsim"
	"vapd/protocol/coap"
)

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

// network is a hub and a satellite on real sockets with something in between.
type network struct {
	*hub
	satellite *coap.Endpoint
	peer      coap.Peer // the hub, to the satellite
}

func newNetwork(t *testing.T, between netsim.Config) *network {
	t.Helper()
	n := &network{hub: newHub(t, newStore())}
	server, err := coap.Listen(coap.Config{Addr: loopback, Handler: n.mux.Serve})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	between.Hub = server.LocalAddr()
	proxy, err := netsim.Listen(between)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Close() })
	// Quick repetitions, as the loopback is.
	n.satellite, err = coap.Listen(coap.Config{Addr: loopback, InitialRTO: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.satellite.Close() })
	n.peer = n.satellite.Peer(proxy.Addr())
	return n
}

// Both ways over UDP that loses, repeats and reorders a tenth.
func TestOverUDP(t *testing.T) {
	bad := netsim.Impairment{Loss: 0.1, Duplicate: 0.1, Reorder: 0.1, Hold: 20 * time.Millisecond, Delay: time.Millisecond}
	for seed := range uint64(5) {
		t.Run("", func(t *testing.T) {
			t.Parallel() // they wait, mostly
			n := newNetwork(t, netsim.Config{Up: bad, Down: bad, Seed: seed})
			n.approving(t, true)
			openPush(t, n.hub)
			r := push(t, n.peer)
			if r.err != nil {
				t.Fatal(r.err)
			}
			same(t, n.hub, r.p)
			p, err := withCode(t, n.peer, openCode(t, n.hub).Passcode)
			if err != nil {
				t.Fatal(err)
			}
			same(t, n.hub, p)
			if p.Key == r.p.Key {
				t.Error("both ways made one key")
			}
		})
	}
}

// Nobody gets more than three times the bytes that it sent, whatever it sends: a forged
// sender's address multiplies nothing.
func TestAmplification(t *testing.T) {
	var mu sync.Mutex
	up, down := make(map[string]int), make(map[string]int) // bytes, by the token of the request
	n := newNetwork(t, netsim.Config{Observe: func(p netsim.Packet) {
		if p.Data[1] == 0 {
			return // an empty message, of four bytes
		}
		token := string(p.Data[4 : 4+p.Data[0]&0x0f])
		mu.Lock()
		defer mu.Unlock()
		// The proxy tells of a datagram after it passed it on: an answer may be told first.
		if p.Direction == netsim.Up {
			up[token] += len(p.Data)
		} else {
			down[token] += len(p.Data)
		}
	}})
	send := func(path string, body []byte) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, err := n.peer.Do(ctx, &coap.Request{Code: codes.POST, Path: path, Body: body}); err != nil {
			t.Error(path, err)
		}
	}
	long := message{version: Version, id: "x", share: make([]byte, shareSize)}
	paths := []string{pathHello, pathKey, pathConfirm, pathShare, pathProof}
	for _, path := range paths {
		for _, body := range [][]byte{nil, {0x80}, {0xc1}, long.encode(), long.padded(), make([]byte, maxMessage)} {
			send(path, body)
		}
	}
	n.approving(t, true)
	openPush(t, n.hub)
	if r := push(t, n.peer); r.err != nil {
		t.Error(r.err)
	}
	if _, err := withCode(t, n.peer, openCode(t, n.hub).Passcode); err != nil {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	for token, bytes := range down {
		if bytes > 3*up[token] {
			t.Errorf("%d bytes came back for %d", bytes, up[token])
		}
	}
	if len(down) < len(paths) {
		t.Errorf("%d answers came back", len(down))
	}
}

// The longest answer to a first message is not longer than the shortest first message.
func TestFirstMessageIsLongest(t *testing.T) {
	long := message{
		hubID: string(make([]byte, MaxID)), hubName: string(make([]byte, MaxName)), session: make([]byte, sessionSize),
		commitment: make([]byte, hashSize), share: make([]byte, shareSize), confirm: make([]byte, hashSize),
	}
	if n := len(long.encode()); n > firstSize {
		t.Errorf("an answer has %d bytes, a first message %d", n, firstSize)
	}
	for _, m := range []message{{version: 1, id: "x"}, {version: 1, id: string(make([]byte, MaxID)), name: string(make([]byte, MaxName)), share: make([]byte, shareSize)}} {
		if n := len(m.padded()); n < firstSize || n > firstSize+4 {
			t.Errorf("a first message is padded to %d bytes", n)
		}
	}
}
