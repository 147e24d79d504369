package clientregistry

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// A client that is let in can't do anything in another's name, nor with another's session,
// though it knows its number and its id.
func TestImpostor(t *testing.T) {
	run(t, func(t *testing.T) {
		mine, theirs := newEar(), newEar()
		hub := &hub{started: func(s *Session, _ vap.SessionStart) (SessionHandler, error) {
			s.Grant()
			if s.Client().ID == "bad" {
				return theirs, nil
			}
			return mine, nil
		}}
		var reported []string
		hub.notified = func(c ClientInfo, _ []vap.Capability) { reported = append(reported, c.ID) }
		hub.connect = func(peer coap.Peer, req vap.Connect, _ bool) (vap.Connected, error) {
			if req.ID == "bad" || peer.Addr().String() == clientAddr {
				return vap.Connected{}, nil
			}
			return vap.Connected{}, unauthorized() // as a policy does that knows who has which key
		}
		h := newHouse(t, quiet(), hub)
		defer h.close()
		h.connect()
		good := h.client.cfg.ID
		talk := h.client.Start(vap.SessionStart{Turn: 1})
		turn := talk.Turn(1)
		if err := turn.Send(pcm(0)); err != nil {
			t.Fatal(err)
		}
		<-talk.Decided()
		bad := h.stranger("192.0.2.66:666")
		bad.must(bad.connect("bad"), codes.Created)

		id := talk.ID()
		sound := vap.AppendSessionData(nil, vap.SessionData{Session: id, HasSession: true, Turn: 1, Seq: 1, Last: true, Capabilities: []vap.Capability{pcm(9)}})
		stop := vap.AppendSessionData(nil, vap.SessionData{Session: id, HasSession: true, Turn: 1, Seq: 1, Last: true, Capabilities: []vap.Capability{vap.StopCapability()}})
		for _, c := range []struct {
			name string
			path string
			body []byte
			want codes.Code
		}{
			{"sound into its session", pathData, sound, codes.NotFound},
			{"the end of its session", pathData, stop, codes.NotFound},
			{"sound in its name", pathData, vap.AppendSessionData(nil, vap.SessionData{Session: id, HasSession: true, ClientID: good}), codes.Unauthorized},
			{"a session in its name", pathStart, vap.AppendSessionStart(nil, vap.SessionStart{Session: 7, HasSession: true, ClientID: good}), codes.Unauthorized},
			{"a report in its name", pathFromClient, vap.AppendNotification(nil, vap.Notification{ClientID: good, Capabilities: []vap.Capability{pcm(1)}}), codes.Unauthorized},
			{"a goodbye in its name", pathClose, vap.AppendClientClose(nil, vap.ClientClose{ClientID: good}), codes.Unauthorized},
			{"its id for one's own", pathConnect, vap.AppendConnect(nil, vap.Connect{ID: good, Name: "n", Version: vap.Version}), codes.Unauthorized},
			{"a session of the same number", pathStart, start(id), codes.Created},
		} {
			if r := bad.post(c.path, c.body); r.Code != c.want {
				t.Errorf("%s: %v %v, want %v", c.name, r.Code, vap.ErrorFrom(r), c.want)
			}
		}
		// The other one goes on as if nothing had been.
		if err := turn.Send(pcm(1)); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if reported != nil {
			t.Errorf("%v reported", reported)
		}
		if over, why := mine.end(); over || len(mine.heard()) != 2 || len(theirs.heard()) != 0 {
			t.Errorf("its session ended %t (%v) with %d fragments; %d went into the other's", over, why, len(mine.heard()), len(theirs.heard()))
		}
		if talk.Err() != nil || len(h.server.Clients()) != 2 {
			t.Errorf("its session: %v, clients %v", talk.Err(), h.server.Clients())
		}
	})
}

// A client that begins one session after the other keeps nothing but the last one, and
// nobody else from being served.
func TestSessionFlood(t *testing.T) {
	run(t, func(t *testing.T) {
		var open, ended int
		hub := &hub{started: func(s *Session, _ vap.SessionStart) (SessionHandler, error) {
			open++
			if s.ID()%3 > 0 {
				s.Grant()
			}
			return endCounter{&ended}, nil
		}}
		h := newHouse(t, quiet(), hub)
		defer h.close()
		h.connect()
		bad := fakePeer{"udp:bad"}
		serve := func(path string, body []byte) {
			h.mux.Serve(bad, &coap.Request{Code: codes.POST, Path: path, Body: body}, func(*coap.Response) {})
		}
		serve(pathConnect, vap.AppendConnect(nil, vap.Connect{ID: "bad", Version: vap.Version}))
		goroutines := runtime.NumGoroutine()
		const floods = 3000
		for i := range uint64(floods) {
			serve(pathStart, start(i))
			serve(pathData, fragment(i, 3, false))
			serve(pathData, fragment(i+1, 0, false))
		}
		if more := runtime.NumGoroutine() - goroutines; more > 4 {
			t.Errorf("%d more goroutines", more)
		}
		if open-ended != 1 || open < floods {
			t.Errorf("%d sessions began, %d ended", open, ended)
		}
		if held := h.server.heldBytes.Load(); held > maxOrphans*1024 {
			t.Errorf("%d bytes are held", held)
		}
		if err := h.client.Ping(within(t, time.Second)); err != nil {
			t.Errorf("another client: %v", err)
		}
		h.server.Disconnect("bad")
		if ended != open {
			t.Errorf("%d of %d sessions ended", ended, open)
		}
	})
}

// endCounter counts the sessions that ended.
type endCounter struct{ n *int }

func (endCounter) Fragment(Fragment) bool { return true }
func (c endCounter) Ended(error)          { *c.n++ }

// What goes into logs and onto screens has nothing in it that moves a cursor, or makes a
// text look like another.
func TestNamesCanBeShown(t *testing.T) {
	for _, name := range []string{"\x1b[2J", "a\nb", "a\x07", "\u009b31m", "a\u202egnp.exe", "\u2066a", "a\u2028b", "\xff", string(make([]rune, 200))} {
		if vap.Printable(name) {
			t.Errorf("%q is taken", name)
		}
		for what, m := range map[string]vap.Connect{
			"id": {ID: name}, "name": {ID: "a", Name: name},
			"capability": {ID: "a", Capabilities: []vap.Offer{{Name: name}}},
			"codec":      {ID: "a", Capabilities: []vap.Offer{{Name: "x", Codecs: []string{name}}}},
		} {
			m.Version = vap.Version
			if e := m.Check(0); e == nil || e.Type != vap.TypeMalformed {
				t.Errorf("%s %q: %v", what, name, e)
			}
		}
	}
	for _, name := range []string{"", "Küche", "キッチン", "👨‍👩‍👧 room", "غرفة", fmt.Sprint(slices.Repeat([]string{"x"}, 50))} {
		if !vap.Printable(name) {
			t.Errorf("%q is refused", name)
		}
	}
}
