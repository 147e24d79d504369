package pairing

import (
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"

	"vapd/protocol/coap"
)

// satellite is who keeps one Keyring and serves rotations.
type satellite struct {
	*Rotation
	mux  *coap.Mux
	ring Keyring
	err  error // of Offer
}

func newSatellite(t *testing.T, p Pairing) *satellite {
	t.Helper()
	s := &satellite{mux: new(coap.Mux), ring: Keyring{Current: p.Key}}
	r, err := NewRotation(RotationConfig{
		Pairing: func(peer coap.Peer) (Pairing, bool) {
			p := p
			p.Key = s.ring.Current
			return p, peer.Identity() == p.Identity()
		},
		Offer: func(p Pairing) error {
			if s.err == nil {
				s.ring = s.ring.Offer(p.Key)
			}
			return s.err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Rotation = r
	r.Register(s.mux)
	t.Cleanup(r.Close)
	return s
}

func (s *satellite) line(identity string) *line {
	return &line{mux: s.mux, from: netip.MustParseAddrPort("192.0.2.9:5684"), identity: identity}
}

// paired is a hub and a satellite that use a key.
func paired(t *testing.T) (*hub, *satellite, Pairing) {
	t.Helper()
	p := Pairing{HubID: hubID, HubName: "home", ID: me.ID, Name: me.Name, Key: Key{1, 2, 3}}
	h := newHub(t, newStore())
	h.keys.rings[me.ID] = Keyring{Current: p.Key}
	return h, newSatellite(t, p), p
}

func TestRotate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s, p := paired(t)
		for range 2 { // the second time before the first new key was used
			if err := h.Rotate(t.Context(), s.line(p.Identity())); err != nil {
				t.Fatal(err)
			}
			hub := h.keys.rings[me.ID]
			if hub.Current != p.Key || s.ring.Current != p.Key {
				t.Error("the old key went before the new one was used")
			}
			if hub.Next != s.ring.Next || hub.Next == (Key{}) || hub.Next == p.Key {
				t.Error("the new keys differ, or are none")
			}
		}
		h.expect(t, Rotated, Rotated)
	})
}

func TestRotateFails(t *testing.T) {
	lose := func(l *line) {
		l.down = func(*coap.Request, *coap.Response) *coap.Response { return nil }
	}
	change := func(f func(m *message)) func(l *line) {
		return func(l *line) {
			l.up = func(req *coap.Request) *coap.Request {
				m, _ := decode(req.Body)
				f(&m)
				return &coap.Request{Code: req.Code, Path: req.Path, Body: m.encode()}
			}
		}
	}
	for name, c := range map[string]struct {
		identity func(p Pairing) string
		line     func(l *line)
		disk     error // of the satellite
		stored   bool  // by the satellite
	}{
		"answer lost":       {line: lose, stored: true},
		"satellite's disk":  {disk: errDisk},
		"not secured":       {identity: func(Pairing) string { return "" }},
		"another satellite": {identity: func(p Pairing) string { return "x#" + p.Key.ID() }},
		"another key":       {identity: func(p Pairing) string { return p.ID + "#00000000" }},
		"key of order one":  {line: change(func(m *message) { clear(m.key) })},
		"no key":            {line: change(func(m *message) { m.key = nil })},
		"another hub":       {line: change(func(m *message) { m.hubID = "other" })},
		"another version":   {line: change(func(m *message) { m.version = 2 })},
	} {
		inTime(t, name, func(t *testing.T) {
			h, s, p := paired(t)
			s.err = c.disk
			identity := p.Identity()
			if c.identity != nil {
				identity = c.identity(p)
			}
			l := s.line(identity)
			if c.line != nil {
				c.line(l)
			}
			if err := h.Rotate(t.Context(), l); err == nil {
				t.Error("rotated")
			}
			if hub := h.keys.rings[me.ID]; hub != (Keyring{Current: p.Key}) {
				t.Error("the hub's keys changed")
			}
			if s.ring.Current != p.Key || (s.ring.Next != Key{}) != c.stored {
				t.Error("the satellite's keys changed")
			}
			h.expect(t)
		})
	}
}

// A hub whose disk is full rotates nothing; the satellite tries its new key in vain, and
// keeps the old one.
func TestRotateHubDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s, p := paired(t)
		h.keys.err = errDisk
		if err := h.Rotate(t.Context(), s.line(p.Identity())); !errors.Is(err, errDisk) {
			t.Error(err)
		}
		if s.ring.Current != p.Key || h.keys.rings[me.ID].Current != p.Key {
			t.Error("the old key is gone")
		}
	})
}

// A request that no link secures changes nothing, whoever's it claims to be.
func TestRotationIsForTheHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, s, p := paired(t)
		for _, identity := range []string{"", "mallory#" + p.Key.ID()} {
			body := message{version: Version, hubID: hubID, key: make([]byte, curveSize)}.encode()
			if _, err := post(t.Context(), s.line(identity), pathRotate, body); err == nil {
				t.Errorf("%q rotated a key", identity)
			}
		}
		if s.ring != (Keyring{Current: p.Key}) {
			t.Error("the keys changed")
		}
		s.Close()
		body := message{version: Version, hubID: hubID, key: make([]byte, curveSize)}.encode()
		if _, err := post(t.Context(), s.line(p.Identity()), pathRotate, body); !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}
