package dtls

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/internal/netsim"
	"vapd/protocol/coap"
)

// listener is a hub that remembers who asked last, and how often it was asked.
type listener struct {
	last    coap.Peer
	handled int
}

func (l *listener) serve(p coap.Peer, req *coap.Request, reply func(*coap.Response)) {
	l.last = p
	l.handled++
	who(p, req, reply)
}

// TestRebind: a client that comes from another port in mid-session stays the same peer,
// without a handshake, and the server reaches it there.
func TestRebind(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *network) {
		var l listener
		st, _ := n.listen(t, hub, Config{Keys: paired}, coap.Config{Handler: l.serve})
		ct, ce := n.listen(t, satellite, Config{}, coap.Config{Handler: who})
		peer := associate(t, ct, ce, hub)
		ask(t, peer, "here", "kitchen: here")
		first := l.last.ID()
		n.rebind(t, satellite, elsewhere)
		ask(t, peer, "there", "kitchen: there")
		if l.last.ID() != first || l.last.Addr() != elsewhere {
			t.Errorf("it is %v at %v, was %v", l.last.ID(), l.last.Addr(), first)
		}
		ask(t, l.last, "back", "kitchen: back")
		if s := st.Stats(); s.Finished != 1 || s.Moved != 1 || s.Dropped+s.Forged != 0 {
			t.Errorf("the server counts %+v", s)
		}
	})
}

// TestReplay: what an eavesdropper sends again from his own address, or with a bit
// changed, moves no peer and reaches no handler. An older record that he held back is
// heard, as it is authentic, but moves nobody.
func TestReplay(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *network) {
		var l listener
		st, _ := n.listen(t, hub, Config{Keys: paired}, coap.Config{Handler: l.serve})
		ct, ce := n.listen(t, satellite, Config{}, coap.Config{})
		eve := n.open(t, elsewhere)
		say := func(b []byte) {
			if err := eve.WritePacket(b, coap.Path{Peer: hub}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		peer := associate(t, ct, ce, hub)
		ask(t, peer, "one", "kitchen: one")
		record := n.last(t, satellite)
		say(record)
		record[len(record)-1] ^= 1
		say(record)
		if s := st.Stats(); s.Forged != 2 || s.Moved != 0 || l.last.Addr() != satellite || l.handled != 1 {
			t.Errorf("%+v, %d requests, peer at %v", s, l.handled, l.last.Addr())
		}

		lost := func(p float64) {
			if err := n.sockets[satellite].Set(netsim.Up, func(i *netsim.Impairment) { i.Loss = p }); err != nil {
				t.Fatal(err)
			}
		}
		lost(1)
		ce.Start(t.Context(), peer, &coap.Request{Code: codes.POST, NonConfirmable: true}, func(*coap.Response, error) {})
		held := n.last(t, satellite)
		lost(0)
		ask(t, peer, "two", "kitchen: two")
		say(held)
		if s := st.Stats(); s.Forged != 2 || s.Moved != 0 || l.last.Addr() != satellite || l.handled != 3 {
			t.Errorf("%+v, %d requests, peer at %v", s, l.handled, l.last.Addr())
		}
		ask(t, peer, "three", "kitchen: three")
	})
}

// TestRestart: a client that was restarted is served at once, and its old association
// ends a while later, no earlier than another handshake of the same identity has
// finished.
func TestRestart(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *network) {
		var l listener
		st, se := n.listen(t, hub, Config{Keys: paired}, coap.Config{Handler: l.serve})
		crash := func(a *netsim.Socket) { // without a word
			if err := a.Set(netsim.Up, func(i *netsim.Impairment) { i.Loss = 1 }); err != nil {
				t.Fatal(err)
			}
		}
		ct, ce := n.listen(t, satellite, Config{}, coap.Config{})
		ask(t, associate(t, ct, ce, hub), "one", "kitchen: one")
		old := l.last
		crash(n.sockets[satellite])
		if err := ce.Close(); err != nil {
			t.Fatal(err)
		}
		ct, ce = n.listen(t, satellite, Config{}, coap.Config{})
		ask(t, associate(t, ct, ce, hub), "two", "kitchen: two")
		if l.last.ID() == old.ID() || st.Stats().Associations != 2 {
			t.Errorf("%v after %v, of %d", l.last.ID(), old.ID(), st.Stats().Associations)
		}
		ended := make(chan error, 1)
		se.Start(t.Context(), old, &coap.Request{Code: codes.GET}, func(_ *coap.Response, err error) { ended <- err })
		time.Sleep(10 * time.Second)
		if n := st.Stats().Associations; n != 2 {
			t.Errorf("%d associations within SupersedeAfter", n)
		}
		time.Sleep(25 * time.Second)
		if n := st.Stats().Associations; n != 1 {
			t.Errorf("%d associations after it", n)
		}
		if err := <-ended; !errors.Is(err, coap.ErrEnded) && !errors.Is(err, coap.ErrNoReply) {
			t.Errorf("the old peer's call ended with %v", err)
		}
	})
}

// TestServerRestart: a server that was restarted is silent to its old clients; a fresh
// handshake over the same socket reaches it.
func TestServerRestart(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *network) {
		_, se := n.listen(t, hub, Config{Keys: paired}, coap.Config{Handler: who})
		ct, ce := n.listen(t, satellite, Config{}, coap.Config{})
		peer := associate(t, ct, ce, hub)
		ask(t, peer, "one", "kitchen: one")
		if err := n.sockets[hub].Set(netsim.Up, func(i *netsim.Impairment) { i.Loss = 1 }); err != nil {
			t.Fatal(err)
		}
		_ = se.Close() // its goodbye is lost
		n.listen(t, hub, Config{Keys: paired}, coap.Config{Handler: who})
		ping := make(chan error, 1)
		go func() { ping <- ce.Ping(t.Context(), peer) }()
		time.Sleep(5 * time.Second)
		select {
		case err := <-ping:
			t.Errorf("a ping of the old association ended with %v", err)
		default:
		}
		again := associate(t, ct, ce, hub)
		if err := <-ping; !errors.Is(err, coap.ErrEnded) {
			t.Errorf("it ended with %v", err)
		}
		ask(t, again, "two", "kitchen: two")
		if n := ct.Stats().Associations; n != 1 {
			t.Errorf("the client has %d associations", n)
		}
	})
}

// TestGoodbye: either side's Close ends the association of the other at once, and what
// is under way on it.
func TestGoodbye(t *testing.T) {
	for _, side := range []string{"server", "client"} {
		t.Run(side, func(t *testing.T) {
			peers := make(chan coap.Peer, 1)
			silent := func(p coap.Peer, _ *coap.Request, _ func(*coap.Response)) {
				select {
				case peers <- p:
				default:
				}
			}
			st, se := listen(t, Config{Keys: paired}, coap.Config{Handler: silent})
			ct, ce := listen(t, Config{}, coap.Config{Handler: silent})
			toHub := associate(t, ct, ce, st.LocalAddr())
			ended := make(chan error, 2)
			end := func(_ *coap.Response, err error) { ended <- err }
			ce.Start(t.Context(), toHub, &coap.Request{Code: codes.GET}, end)
			toClient := <-peers
			se.Start(t.Context(), toClient, &coap.Request{Code: codes.GET}, end)
			closed, left, lt := se, ce, ct
			if side == "client" {
				closed, left, lt = ce, se, st
			}
			_ = closed.Close()
			got := []error{<-ended, <-ended}
			for _, want := range []error{coap.ErrClosed, coap.ErrEnded} {
				if !slices.ContainsFunc(got, func(err error) bool { return errors.Is(err, want) }) {
					t.Errorf("the calls ended with %v, none with %v", got, want)
				}
			}
			eventually(t, "it is gone", func() bool { return lt.Stats().Associations == 0 })
			dead := map[*coap.Endpoint]coap.Peer{ce: toHub, se: toClient}[left]
			if _, err := dead.Do(soon(t), &coap.Request{Code: codes.GET, NonConfirmable: true}); !errors.Is(err, coap.ErrEnded) {
				t.Errorf("a request on it ends with %v", err)
			}
		})
	}
}

// TestLoss: handshakes succeed where 10 % of all datagrams are lost, doubled and
// reordered, and what follows is served.
func TestLoss(t *testing.T) {
	var slowest time.Duration
	for seed := range uint64(50) {
		inBadNetwork(t, seed, netsim.Impairment{Loss: 0.1, Duplicate: 0.1, Reorder: 0.1}, func(t *testing.T, n *network) {
			n.listen(t, hub, Config{Keys: paired}, coap.Config{Handler: who})
			ct, ce := n.listen(t, satellite, Config{}, coap.Config{})
			start := time.Now()
			peer := associate(t, ct, ce, hub)
			slowest = max(slowest, time.Since(start))
			ask(t, peer, "x", "kitchen: x")
		})
	}
	t.Logf("the slowest of 50 handshakes took %v", slowest)
}
