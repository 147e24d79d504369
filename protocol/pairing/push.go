package pairing

import (
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
)

// label begins everything that is hashed, so that no hash of another protocol or version
// is one of these.
const label = "vapd pairing 1 "

// digest is the SHA-256 of a purpose and its parts, each with its length before it.
func digest(purpose string, parts ...[]byte) []byte {
	h := sha256.New()
	for _, p := range append([][]byte{[]byte(label + purpose)}, parts...) {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(p))))
		h.Write(p)
	}
	return h.Sum(nil)
}

// random reads n bytes.
func random(rand io.Reader, n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(rand, b); err != nil {
		return nil, fmt.Errorf("pairing: no random numbers: %w", err)
	}
	return b, nil
}

// newPrivate makes an X25519 key from rand.
func newPrivate(rand io.Reader) (*ecdh.PrivateKey, error) {
	b, err := random(rand, curveSize)
	if err != nil {
		return nil, err
	}
	return ecdh.X25519().NewPrivateKey(b)
}

// agree is X25519. An all-zero result, which a peer can force with a point of small
// order, is an error (RFC 7748 section 6.1).
func agree(private *ecdh.PrivateKey, public []byte) ([]byte, error) {
	p, err := ecdh.X25519().NewPublicKey(public)
	if err != nil {
		return nil, err
	}
	return private.ECDH(p)
}

// commitmentTo is what the hub shows before it sees the satellite's key.
func commitmentTo(session, key, nonce []byte) []byte {
	return digest("commitment", session, key, nonce)
}

// pushTranscript is all that both sides of a push saw.
type pushTranscript struct {
	hubID, hubName   string
	id, name         string
	session          []byte
	commitment       []byte
	satelliteKey     []byte
	satelliteNonce   []byte
	hubKey, hubNonce []byte
}

func (t pushTranscript) digest() []byte {
	return digest("push", []byte(t.hubID), []byte(t.hubName), []byte(t.id), []byte(t.name), t.session, t.commitment,
		t.satelliteKey, t.satelliteNonce, t.hubKey, t.hubNonce)
}

// pushSecrets is what both sides of a push derive.
type pushSecrets struct {
	session          []byte
	code             Code
	satelliteConfirm []byte // what the satellite proves itself with
	hubConfirm       []byte // and the hub
	pairing          Pairing
}

// derive makes the secrets of a push from the X25519 result: HKDF-SHA256 (RFC 5869) with
// the transcript as salt, so that ids, keys and nonces of both sides are in each.
func (t pushTranscript) derive(shared []byte) (s pushSecrets, err error) {
	seen := t.digest()
	prk, err := hkdf.Extract(sha256.New, shared, seen)
	if err != nil {
		return s, err
	}
	var out [4][]byte
	for i, purpose := range []string{"code", "satellite confirms", "hub confirms", "key"} {
		if out[i], err = hkdf.Expand(sha256.New, prk, label+"push "+purpose, hashSize); err != nil {
			return s, err
		}
	}
	s.session, s.code = t.session, codeFrom(out[0])
	s.satelliteConfirm, s.hubConfirm = mac(out[1], seen), mac(out[2], seen)
	s.pairing = Pairing{HubID: t.hubID, HubName: t.hubName, ID: t.id, Name: t.name, Key: Key(out[3])}
	return s, nil
}

// codeFrom takes digits and colours from bytes of their own: who could choose the one
// would know nothing of the other.
func codeFrom(b []byte) Code {
	c := Code{digits: uint32(binary.BigEndian.Uint64(b) % 1_000_000)}
	v := binary.BigEndian.Uint64(b[8:])
	for i := range c.colours {
		c.colours[i] = Colour(v % uint64(colourCount))
		v /= uint64(colourCount)
	}
	return c
}

func mac(key, data []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(data)
	return h.Sum(nil)
}
