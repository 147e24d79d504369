package pairing

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"vapd/protocol/coap"
)

// attack plays one push against both sides as a whole, with every message in the order
// that gives the attacker most: he has seen the satellite's key and the hub's commitment
// before he sends his own key to the hub, and had to commit himself to the satellite.
func attack(t *testing.T, rand io.Reader) (satellite, hub Code) {
	t.Helper()
	get := func(n int) []byte {
		b, err := random(rand, n)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	key := func() *ecdh.PrivateKey {
		k, err := newPrivate(rand)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	derive := func(tr pushTranscript, private *ecdh.PrivateKey, public []byte) pushSecrets {
		shared, err := agree(private, public)
		if err != nil {
			t.Fatal(err)
		}
		s, err := tr.derive(shared)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	session := get(sessionSize)
	theirs, his, hers := key(), key(), key() // hub, attacker, satellite
	hub0 := pushTranscript{hubID: hubID, id: satelliteID, session: session, hubKey: theirs.PublicKey().Bytes(), hubNonce: get(nonceSize)}
	hub0.commitment = commitmentTo(session, hub0.hubKey, hub0.hubNonce)
	sat0 := pushTranscript{hubID: hubID, id: satelliteID, session: session, hubKey: his.PublicKey().Bytes(), hubNonce: get(nonceSize)}
	sat0.commitment = commitmentTo(session, sat0.hubKey, sat0.hubNonce)
	sat0.satelliteKey, sat0.satelliteNonce = hers.PublicKey().Bytes(), get(nonceSize)
	hub0.satelliteKey, hub0.satelliteNonce = his.PublicKey().Bytes(), sat0.satelliteNonce
	satSecrets := derive(sat0, hers, sat0.hubKey)
	hubSecrets := derive(hub0, theirs, hub0.satelliteKey)
	return satSecrets.code, hubSecrets.code
}

// Who sits in between is found out but for chance: the codes of both sides have no more
// to do with each other than two random ones.
func TestInBetweenCodesDiffer(t *testing.T) {
	const runs = 2000
	rand := chance(1)
	var digits, colours int
	for range runs {
		a, b := attack(t, rand)
		if a.Digits() == b.Digits() {
			digits++
		}
		if a.Colours() == b.Colours() {
			colours++
		}
	}
	// 0.002 and 9.3 are expected.
	if digits > 0 || colours > 25 || colours == 0 {
		t.Errorf("of %d attacks %d pass by digits, %d by colours", runs, digits, colours)
	}
}

// The same over the whole of both sides: the owner sees that codes differ, refuses, and
// nothing is kept.
func TestInBetween(t *testing.T) {
	inTime(t, "push", func(t *testing.T) {
		h := newHub(t, newStore())
		openPush(t, h)
		rogue := newHub(t, newStore()) // the attacker, as a hub
		openPush(t, rogue)
		shown := make([]Code, 2) // by the satellite, and what the owner compares it with
		errs := make(chan error, 2)
		for i, peer := range []coap.Peer{rogue.line(), h.line()} {
			go func() {
				_, err := NewClient(ClientConfig{}).Push(t.Context(), peer, me, func(_ context.Context, c Code) error { shown[i] = c; return nil })
				errs <- err
			}()
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if shown[0] == (Code{}) || shown[1] == (Code{}) || shown[0] == shown[1] {
			t.Errorf("the satellite shows %v, the hub %v", shown[0], shown[1])
		}
		if h.Approve(shown[0]) == nil {
			t.Error("the hub took the code of the satellite, which is not its own")
		}
		h.Deny()
		rogue.Deny()
		for range 2 {
			if err := <-errs; !errors.Is(err, ErrClosed) {
				t.Error(err)
			}
		}
		nothing(t, h)
	})
}

// The commitment holds: whoever opens it with anything else is refused before a code is
// shown, and so is whoever answers in a way that does not fit.
func TestForgedHub(t *testing.T) {
	other := func(t *testing.T) []byte {
		k, err := newPrivate(chance(9))
		if err != nil {
			t.Fatal(err)
		}
		return k.PublicKey().Bytes()
	}
	for name, c := range map[string]struct {
		path   string
		change func(t *testing.T, m *message)
		shown  bool
	}{
		"another key":        {pathKey, func(t *testing.T, m *message) { m.key = other(t) }, false},
		"another nonce":      {pathKey, func(_ *testing.T, m *message) { m.nonce[0] ^= 1 }, false},
		"another commitment": {pathHello, func(_ *testing.T, m *message) { m.commitment[0] ^= 1 }, false},
		"a key of order one": {pathKey, func(_ *testing.T, m *message) { clear(m.key) }, false},
		"another proof":      {pathConfirm, func(_ *testing.T, m *message) { m.confirm[0] ^= 1 }, true},
	} {
		inTime(t, name, func(t *testing.T) {
			h := newHub(t, newStore())
			h.approving(t, true)
			openPush(t, h)
			l := h.line()
			l.down = func(req *coap.Request, resp *coap.Response) *coap.Response {
				m, e := decode(resp.Body)
				if req.Path == c.path && resp.Code>>5 == 2 && e == nil {
					c.change(t, &m)
					return &coap.Response{Code: resp.Code, Body: m.encode()}
				}
				return resp
			}
			r := push(t, l)
			if !errors.Is(r.err, ErrForged) || r.p != (Pairing{}) || (r.code != Code{}) != c.shown {
				t.Errorf("shown %v, paired %t: %v", r.code, r.p != Pairing{}, r.err)
			}
		})
	}
}

// A hub that committed to a point of small order has its reveal refused, too: the secret
// would be all zero.
func TestSmallOrder(t *testing.T) {
	inTime(t, "hub", func(t *testing.T) {
		h := newHub(t, newStore())
		openPush(t, h)
		l := h.line()
		session, nonce, zero := make([]byte, sessionSize), make([]byte, nonceSize), make([]byte, curveSize)
		l.down = func(req *coap.Request, resp *coap.Response) *coap.Response {
			m := message{hubID: hubID, session: session, commitment: commitmentTo(session, zero, nonce)}
			if req.Path == pathKey {
				m = message{key: zero, nonce: nonce}
			}
			return &coap.Response{Code: 68, Body: m.encode()}
		}
		if r := push(t, l); !errors.Is(r.err, ErrForged) || r.code != (Code{}) {
			t.Errorf("shown %v: %v", r.code, r.err)
		}
	})
	inTime(t, "satellite", func(t *testing.T) {
		h := newHub(t, newStore())
		openPush(t, h)
		l := h.line()
		m := hello(t, l)
		body := message{session: m.session, key: make([]byte, curveSize), nonce: make([]byte, nonceSize)}.encode()
		if _, err := post(t.Context(), l, pathKey, body); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		h.expect(t, Opened, Closed)
	})
}

func hello(t *testing.T, l *line) message {
	t.Helper()
	m, err := post(t.Context(), l, pathHello, message{version: Version, id: me.ID, name: me.Name}.padded(), "session")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// What was sent once is of no use a second time, to nobody.
func TestReplay(t *testing.T) {
	inTime(t, "push", func(t *testing.T) {
		h := newHub(t, newStore())
		h.approving(t, true)
		openPush(t, h)
		var recorded []*coap.Request
		l := h.line()
		l.up = func(req *coap.Request) *coap.Request { recorded = append(recorded, req); return req }
		if r := push(t, l); r.err != nil {
			t.Fatal(r.err)
		}
		before := h.kinds()
		openPush(t, h)
		for _, req := range slices.Backward(recorded) {
			resp, err := h.line().Do(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			m, _ := decode(resp.Body)
			if m.confirm != nil || m.key != nil {
				t.Errorf("%s again is answered %v", req.Path, resp.Code)
			}
		}
		h.expect(t, append(before, Opened)...)
	})
	inTime(t, "key twice", func(t *testing.T) {
		h := newHub(t, newStore())
		openPush(t, h)
		l := h.line()
		m := hello(t, l)
		private, err := newPrivate(chance(3))
		if err != nil {
			t.Fatal(err)
		}
		body := message{session: m.session, key: private.PublicKey().Bytes(), nonce: make([]byte, nonceSize)}.encode()
		if _, err := post(t.Context(), l, pathKey, body, "key", "nonce"); err != nil {
			t.Fatal(err)
		}
		if _, err := post(t.Context(), l, pathKey, body); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		h.expect(t, Opened, Closed)
	})
	inTime(t, "code", func(t *testing.T) {
		h := newHub(t, newStore())
		invitation := openCode(t, h)
		var recorded []*coap.Request
		l := h.line()
		l.up = func(req *coap.Request) *coap.Request { recorded = append(recorded, req); return req }
		if _, err := withCode(t, l, invitation.Passcode); err != nil {
			t.Fatal(err)
		}
		key := h.keys.rings[me.ID]
		openCode(t, h)
		for _, req := range recorded {
			if _, err := h.line().Do(t.Context(), req); err != nil {
				t.Fatal(err)
			}
		}
		if h.keys.rings[me.ID] != key {
			t.Error("a replay changed the key")
		}
		h.expect(t, Opened, Tried, Paired, Opened, Tried)
	})
}

// A session is a number that nobody can guess: what does not know it disturbs nothing.
func TestStrangerDoesNotDisturb(t *testing.T) {
	inTime(t, "push", func(t *testing.T) {
		h := newHub(t, newStore())
		h.on(func(e Event) {
			if e.Kind == Compare {
				time.AfterFunc(10*time.Second, func() { _ = h.Approve(e.Code) })
			}
		})
		openPush(t, h)
		stop := make(chan struct{})
		go func() {
			session, zero := bytes.Repeat([]byte{1}, sessionSize), make([]byte, 32)
			for {
				for path, m := range map[string]message{
					pathKey:     {session: session, key: zero, nonce: zero},
					pathConfirm: {session: session, confirm: zero},
					pathProof:   {session: session, confirm: zero},
				} {
					_, _ = post(t.Context(), h.line(), path, m.encode())
				}
				select {
				case <-stop:
					return
				case <-time.After(10 * time.Millisecond):
				}
			}
		}()
		r := push(t, h.line())
		close(stop)
		if r.err != nil {
			t.Fatal(r.err)
		}
		same(t, h, r.p)
	})
}

// Only so many strangers are told to the owner, and remembered.
func TestManyAsk(t *testing.T) {
	inTime(t, "asked", func(t *testing.T) {
		h := newHub(t, newStore())
		for i := range 1000 {
			body := message{version: Version, id: string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + "x"}.padded()
			_, _ = post(t.Context(), h.line(), pathHello, body)
		}
		if n := len(h.kinds()); n != maxAsked || len(h.asked) != maxAsked {
			t.Errorf("the owner is told of %d, %d are remembered", n, len(h.asked))
		}
		pass(PushWindow)
		hello := message{version: Version, id: "later"}.padded()
		_, _ = post(t.Context(), h.line(), pathHello, hello)
		if n := len(h.kinds()); n != maxAsked+1 {
			t.Errorf("two minutes later the owner is told of %d", n)
		}
	})
}
