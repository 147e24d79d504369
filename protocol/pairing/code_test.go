package pairing

import (
	"errors"
	"testing"

	"vapd/protocol/coap"
)

func openCode(t *testing.T, h *hub) Invitation {
	t.Helper()
	i, err := h.OpenCode("192.0.2.1:5683")
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func withCode(t *testing.T, peer coap.Peer, code Passcode) (Pairing, error) {
	t.Helper()
	return NewClient(ClientConfig{}).WithCode(t.Context(), peer, me, "", code)
}

// wrong is another code than p.
func wrong(t *testing.T, p Passcode) Passcode {
	t.Helper()
	digits := []byte(p.digits)
	digits[7] = '0' + (digits[7]-'0'+1)%10
	other, err := ParsePasscode(string(digits))
	if err != nil {
		t.Fatal(err)
	}
	return other
}

func TestWithCode(t *testing.T) {
	inTime(t, "typed", func(t *testing.T) {
		h := newHub(t, newStore())
		invitation := openCode(t, h)
		p, err := withCode(t, h.line(), invitation.Passcode)
		if err != nil {
			t.Fatal(err)
		}
		same(t, h, p)
		h.expect(t, Opened, Tried, Paired)
		if _, err := withCode(t, h.line(), invitation.Passcode); !errors.Is(err, ErrClosed) {
			t.Errorf("a second use of the code: %v", err)
		}
	})
	inTime(t, "scanned", func(t *testing.T) {
		h := newHub(t, newStore())
		i, err := ParseInvitation(openCode(t, h).URI())
		if err != nil {
			t.Fatal(err)
		}
		p, err := NewClient(ClientConfig{}).WithCode(t.Context(), h.line(), me, i.HubID, i.Passcode)
		if err != nil {
			t.Fatal(err)
		}
		same(t, h, p)
	})
	inTime(t, "another hub", func(t *testing.T) {
		h := newHub(t, newStore())
		i := openCode(t, h)
		if _, err := NewClient(ClientConfig{}).WithCode(t.Context(), h.line(), me, "org.vapd.hub.other", i.Passcode); !errors.Is(err, ErrOtherHub) {
			t.Error(err)
		}
		nothing(t, h)
	})
	inTime(t, "after four wrong ones", func(t *testing.T) {
		h := newHub(t, newStore())
		code := openCode(t, h).Passcode
		for range CodeTries - 1 {
			if _, err := withCode(t, h.line(), wrong(t, code)); !errors.Is(err, ErrWrongCode) {
				t.Error(err)
			}
		}
		p, err := withCode(t, h.line(), code)
		if err != nil {
			t.Fatal(err)
		}
		same(t, h, p)
	})
}

func TestWithCodeFails(t *testing.T) {
	inTime(t, "five wrong ones", func(t *testing.T) {
		h := newHub(t, newStore())
		code := openCode(t, h).Passcode
		for range CodeTries {
			if p, err := withCode(t, h.line(), wrong(t, code)); !errors.Is(err, ErrWrongCode) || p != (Pairing{}) {
				t.Error(err)
			}
		}
		if _, err := withCode(t, h.line(), code); !errors.Is(err, ErrClosed) {
			t.Errorf("the right code after five wrong ones: %v", err)
		}
		pass(lastProof) // the owner need not wait for ten minutes
		h.expect(t, Opened, Tried, Tried, Tried, Tried, Tried, Closed)
		for i, e := range h.told[1 : 1+CodeTries] {
			if e.TriesLeft != CodeTries-1-i {
				t.Errorf("after try %d there are %d left", i+1, e.TriesLeft)
			}
		}
		nothing(t, h)
	})
	inTime(t, "five guesses that are not finished", func(t *testing.T) {
		h := newHub(t, newStore())
		code := openCode(t, h).Passcode
		l := h.line()
		l.up = func(req *coap.Request) *coap.Request {
			if req.Path == pathProof {
				return nil
			}
			return req
		}
		guess, cancel := message{version: Version, id: "stranger", share: make([]byte, shareSize)}, 0
		for range 20 {
			_, err := post(t.Context(), l, pathShare, guess.padded())
			if errors.Is(err, ErrClosed) {
				cancel++
			}
		}
		if cancel != 20-CodeTries {
			t.Errorf("%d of 20 guesses were refused", cancel)
		}
		if _, err := withCode(t, h.line(), code); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
	})
	inTime(t, "after ten minutes", func(t *testing.T) {
		h := newHub(t, newStore())
		code := openCode(t, h).Passcode
		pass(CodeWindow)
		if _, err := withCode(t, h.line(), code); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		h.expect(t, Opened, Closed)
	})
	inTime(t, "no window", func(t *testing.T) {
		h := newHub(t, newStore())
		code, err := ParsePasscode("12345678")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := withCode(t, h.line(), code); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		h.expect(t)
	})
	inTime(t, "the disk is full", func(t *testing.T) {
		h := newHub(t, newStore())
		code := openCode(t, h).Passcode
		h.keys.err = errDisk
		if p, err := withCode(t, h.line(), code); err == nil || p != (Pairing{}) {
			t.Errorf("paired, although the hub could keep nothing")
		}
		h.expect(t, Opened, Tried, Closed)
	})
}

// A forged proof ends the try, and the right one comes too late.
func TestForgedProof(t *testing.T) {
	inTime(t, "proof", func(t *testing.T) {
		h := newHub(t, newStore())
		code := openCode(t, h).Passcode
		l := h.line()
		l.up = func(req *coap.Request) *coap.Request {
			if m, e := decode(req.Body); e == nil && req.Path == pathProof {
				m.confirm[0] ^= 1
				return &coap.Request{Code: req.Code, Path: req.Path, Body: m.encode()}
			}
			return req
		}
		if p, err := withCode(t, l, code); !errors.Is(err, ErrClosed) || p != (Pairing{}) {
			t.Error(err)
		}
		nothing(t, h)
		h.expect(t, Opened, Tried)
	})
}

// Names and ids are part of what is proved: who changes one on the way is found out.
func TestChangedNames(t *testing.T) {
	for name, c := range map[string]struct{ up, down func(m *message) }{
		"satellite's id":   {up: func(m *message) { m.id = "org.vapd.satellite.mallory" }},
		"satellite's name": {up: func(m *message) { m.name = "bedroom" }},
		"hub's id":         {down: func(m *message) { m.hubID = "org.vapd.hub.mallory" }},
		"hub's name":       {down: func(m *message) { m.hubName = "Mallory's" }},
	} {
		inTime(t, name, func(t *testing.T) {
			h := newHub(t, newStore())
			code := openCode(t, h).Passcode
			l := h.line()
			l.up = func(req *coap.Request) *coap.Request {
				m, _ := decode(req.Body)
				if c.up == nil || req.Path != pathShare {
					return req
				}
				c.up(&m)
				return &coap.Request{Code: req.Code, Path: req.Path, Body: m.padded()}
			}
			l.down = func(_ *coap.Request, resp *coap.Response) *coap.Response {
				m, _ := decode(resp.Body)
				if c.down == nil || m.hubID == "" {
					return resp
				}
				c.down(&m)
				return &coap.Response{Code: resp.Code, Body: m.encode()}
			}
			if p, err := withCode(t, l, code); !errors.Is(err, ErrWrongCode) || p != (Pairing{}) {
				t.Error(err)
			}
			nothing(t, h)
		})
	}
}
