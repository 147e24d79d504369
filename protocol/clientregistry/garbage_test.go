package clientregistry

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// A client that sends whatever it can think of takes no more than its share, keeps
// nobody else from being served, and leaves nothing behind.
func TestGarbageIsBounded(t *testing.T) {
	run(t, func(t *testing.T) {
		hub := &hub{
			started: func(s *Session, _ vap.SessionStart) (SessionHandler, error) {
				if s.ID()%2 == 0 {
					s.Grant()
				}
				return newEar(), nil
			},
			notified: func(ClientInfo, []vap.Capability) {},
		}
		h := newHouse(t, quiet(), hub)
		defer h.close()
		h.connect()
		bad := fakePeer{"udp:bad"}
		random := rand.New(rand.NewPCG(4, 5))
		var pending atomic.Int32
		serve := func(path string, body []byte) {
			pending.Add(1)
			req := &coap.Request{Code: codes.POST, Path: path, Body: body}
			h.mux.Serve(bad, req, func(*coap.Response) { pending.Add(-1) })
		}
		serve(pathConnect, vap.AppendConnect(nil, vap.Connect{ID: "bad", Version: vap.Version}))
		for range 20000 {
			session := random.Uint64N(3)
			data := vap.SessionData{
				Session: session, HasSession: random.IntN(4) > 0, Turn: random.Uint32N(3), Seq: random.Uint32N(400),
				Last: random.IntN(50) == 0, Capabilities: []vap.Capability{vap.Sound{Data: make([]byte, 600)}.Capability()},
			}
			body := vap.AppendSessionData(nil, data)
			if random.IntN(3) == 0 {
				body[random.IntN(len(body))] ^= byte(1 << random.IntN(8))
			}
			path := []string{pathStart, pathData, pathData, pathData, pathFromClient, pathClose, pathConnect}[random.IntN(7)]
			if path == pathStart && random.IntN(20) > 0 {
				path = pathData
			}
			serve(path, body)
			m, err := h.server.member(bad, "")
			if err != nil {
				t.Fatal(err)
			}
			m.mu.Lock()
			orphans, s := len(m.orphans.list), m.session
			m.mu.Unlock()
			if orphans > maxOrphans {
				t.Fatalf("%d orphans", orphans)
			}
			if s != nil {
				s.mu.Lock()
				held, finals, starts := len(s.turn.order.held), len(s.turn.finals), len(s.starts)
				s.mu.Unlock()
				if held > maxHeld || finals > maxReplies || starts > maxReplies {
					t.Fatalf("%d fragments, %d and %d requests wait", held, finals, starts)
				}
			}
		}
		if held := h.server.heldBytes.Load(); held > (maxHeld+maxOrphans)*1024 {
			t.Errorf("%d bytes are held for one client", held)
		}
		if err := h.client.Ping(within(t, time.Second)); err != nil {
			t.Errorf("another client: %v", err)
		}
		h.server.Disconnect("bad")
		time.Sleep(time.Minute)
		if held := h.server.heldBytes.Load(); held != 0 || pending.Load() != 0 {
			t.Errorf("%d bytes and %d requests are left", held, pending.Load())
		}
	})
}

// The fragments that wait are bounded for all clients together.
func TestHeldBytesAreBounded(t *testing.T) {
	run(t, func(t *testing.T) {
		hub := &hub{started: func(*Session, vap.SessionStart) (SessionHandler, error) { return newEar(), nil }}
		h := newHouse(t, quiet(), hub)
		defer h.close()
		var refused atomic.Int32
		for n := range 40 {
			peer := fakePeer{coap.PeerID(rune('a' + n))}
			ignore := func(*coap.Response) {}
			h.server.connect(peer, &coap.Request{}, vap.Connect{ID: string(peer.id), Version: vap.Version}, ignore)
			h.server.start(peer, &coap.Request{}, vap.SessionStart{Session: 1, HasSession: true}, ignore)
			for seq := range uint32(10) { // never the first one
				data := vap.SessionData{Session: 1, HasSession: true, Seq: seq + 1}
				h.server.data(peer, &coap.Request{Body: make([]byte, 100<<10)}, data, func(r *coap.Response) {
					if r.Code == codes.ServiceUnavailable {
						refused.Add(1)
					}
				})
			}
		}
		if held := h.server.heldBytes.Load(); held > maxHeldBytes {
			t.Errorf("%d bytes are held", held)
		}
		if refused.Load() == 0 {
			t.Error("nothing was refused")
		}
	})
}
