package pairing

import (
	"bytes"
	"testing"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
)

func seeds(f *testing.F) {
	f.Add(message{version: Version, id: me.ID, name: me.Name}.padded())
	f.Add(message{version: Version, id: me.ID, share: bytes.Repeat([]byte{4}, shareSize)}.padded())
	f.Add(message{session: make([]byte, sessionSize), key: make([]byte, curveSize), nonce: make([]byte, nonceSize)}.encode())
	f.Add(message{session: make([]byte, sessionSize), confirm: make([]byte, hashSize)}.encode())
	f.Add(message{hubID: hubID, hubName: "home", session: make([]byte, sessionSize), commitment: make([]byte, hashSize)}.encode())
	f.Add([]byte("\x81\xa2id\xc0"))
	f.Add([]byte("\x81\xa1x\x91\x91\x91\xc0"))
	f.Add([]byte("\xdf\xff\xff\xff\xff"))
}

// Whatever bytes come, nothing panics, and what was understood is understood again.
func FuzzMessage(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, e := decode(b)
		if e != nil {
			return
		}
		again, e := decode(m.encode())
		if e != nil || !bytes.Equal(m.encode(), again.encode()) {
			t.Fatalf("%x, then %x: %v", m.encode(), again.encode(), e)
		}
	})
}

// Whatever a stranger sends to any resource, it is answered, and gets no key.
func FuzzServer(f *testing.F) {
	seeds(f)
	h := newHub(f, newStore())
	paths := []string{pathHello, pathKey, pathConfirm, pathShare, pathProof}
	f.Fuzz(func(t *testing.T, b []byte) {
		if h.OpenPush() != nil {
			t.Fatal("no window")
		}
		for _, path := range paths {
			resp, err := h.line().Do(t.Context(), &coap.Request{Code: codes.POST, Path: path, Body: b})
			if err != nil || resp == nil {
				t.Fatal(err)
			}
		}
		nothing(t, h)
		h.mu.Lock()
		h.told = h.told[:0]
		h.mu.Unlock()
		h.log.Reset()
	})
}

// Whatever a hub answers, the satellite has no pairing of it, and no panic.
func FuzzClient(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		mux := new(coap.Mux)
		for _, path := range []string{pathHello, pathKey, pathConfirm, pathShare, pathProof} {
			mux.Handle(codes.POST, path, func(_ coap.Peer, _ *coap.Request, reply func(*coap.Response)) {
				reply(&coap.Response{Code: codes.Changed, Body: b})
			})
		}
		l := &line{mux: mux}
		if r := push(t, l); r.err == nil || r.code != (Code{}) {
			t.Fatalf("paired: %v", r.code)
		}
	})
}

// Whatever a file or a QR code says, nothing panics, and what was taken is taken again.
func FuzzText(f *testing.F) {
	f.Add(string(KeyFile{Pairing{hubID, "home", satelliteID, "kitchen", Key{1}}, "x"}.Encode()))
	f.Add(string(KeyFile{Pairing{hubID, "home", SkillID("org.example.dice"), "dice", Key{1}}, ""}.Encode()))
	f.Add(Invitation{hubID, "192.0.2.1:5683", Passcode{"12345678"}}.URI())
	f.Add("vapd:pair?%")
	f.Add("1234-5678")
	f.Fuzz(func(t *testing.T, text string) {
		if k, err := ParseKeyFile([]byte(text)); err == nil {
			if again, err := ParseKeyFile(k.Encode()); err != nil || again != k {
				t.Fatalf("a key file is not read again: %v", err)
			}
		}
		if i, err := ParseInvitation(text); err == nil {
			if again, err := ParseInvitation(i.URI()); err != nil || again != i {
				t.Fatalf("%s: %v", i.URI(), err)
			}
		}
		if p, err := ParsePasscode(text); err == nil && len(p.Reveal()) != 9 {
			t.Fatalf("%q", p.Reveal())
		}
	})
}
