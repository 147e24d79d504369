package dtls

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"fmt"

	pion "github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/ciphersuite"
	"github.com/pion/dtls/v3/pkg/crypto/prf"
	"github.com/pion/dtls/v3/pkg/protocol"
	"github.com/pion/dtls/v3/pkg/protocol/recordlayer"
)

// suites are what is offered and accepted; the client's order decides.
func suites() []pion.CipherSuiteID {
	return []pion.CipherSuiteID{
		pion.TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256, // RFC 7905, with forward secrecy
		pion.TLS_PSK_WITH_AES_128_CCM_8,                  // RFC 6655, which RFC 7252 asks for
	}
}

// recordCipher protects records: pion's ciphers, one for each suite.
type recordCipher interface {
	Encrypt(*recordlayer.RecordLayer, []byte) ([]byte, error)
	Decrypt(recordlayer.Header, []byte) ([]byte, error)
}

// secrets are what a finished handshake leaves: the fields of pion's serialized state
// (State.MarshalBinary, a gob) that records need.
type secrets struct {
	CipherSuiteID           uint16
	MasterSecret            []byte
	LocalRandom             [32]byte
	RemoteRandom            [32]byte
	SequenceNumber          uint64 // our next
	RemoteSequenceNumber    uint64 // the peer's next
	LocalConnectionID       []byte
	RemoteConnectionID      []byte
	IsClient                bool
	LocalEpoch, RemoteEpoch uint16
	IdentityHint            []byte // the client's identity, at the server
}

// secretsOf takes the secrets out of a finished handshake, which must not write any
// more: two writers of one sequence of records would use a nonce twice.
func secretsOf(conn *pion.Conn) (*secrets, error) {
	state, ok := conn.ConnectionState()
	if !ok {
		return nil, errors.New("dtls: the handshake left no state")
	}
	b, err := state.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("dtls: %w", err)
	}
	s := new(secrets)
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(s); err != nil {
		return nil, fmt.Errorf("dtls: state of the handshake: %w", err)
	}
	if len(s.MasterSecret) == 0 || s.LocalEpoch != 1 || s.RemoteEpoch != 1 {
		return nil, errors.New("dtls: the handshake left no keys")
	}
	return s, nil
}

// cipher makes the keys of the one epoch that an association has (RFC 5246 section 6.3).
func (s *secrets) cipher() (recordCipher, error) {
	client, server := s.RemoteRandom[:], s.LocalRandom[:]
	if s.IsClient {
		client, server = server, client
	}
	keys := func(key, iv int) (k, localIV, remoteKey, remoteIV []byte, err error) {
		e, err := prf.GenerateEncryptionKeys(s.MasterSecret, client, server, 0, key, iv, sha256.New)
		switch {
		case err != nil:
			return nil, nil, nil, nil, err
		case s.IsClient:
			return e.ClientWriteKey, e.ClientWriteIV, e.ServerWriteKey, e.ServerWriteIV, nil
		}
		return e.ServerWriteKey, e.ServerWriteIV, e.ClientWriteKey, e.ClientWriteIV, nil
	}
	switch id := pion.CipherSuiteID(s.CipherSuiteID); id {
	case pion.TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256:
		key, iv, remoteKey, remoteIV, err := keys(32, 12)
		if err != nil {
			return nil, err
		}
		return ciphersuite.NewChaCha20Poly1305(key, iv, remoteKey, remoteIV)
	case pion.TLS_PSK_WITH_AES_128_CCM_8:
		key, iv, remoteKey, remoteIV, err := keys(16, 4)
		if err != nil {
			return nil, err
		}
		return ciphersuite.NewCCM(ciphersuite.CCMTagLength8, key, iv, remoteKey, remoteIV)
	default:
		return nil, fmt.Errorf("dtls: suite %v was not offered", id)
	}
}

// seal makes a record of the association. It may be called from any goroutine.
func (a *association) seal(typ byte, payload []byte) ([]byte, error) {
	h := recordlayer.Header{
		ContentType:    protocol.ContentType(typ),
		Version:        protocol.Version1_2,
		Epoch:          1,
		SequenceNumber: a.sent.Add(1) - 1,
		ConnectionID:   a.sendCID,
	}
	if len(a.sendCID) > 0 { // DTLSInnerPlaintext, RFC 9146 section 4
		h.ContentType = protocol.ContentTypeConnectionID
	}
	header, err := h.Marshal()
	if err != nil {
		return nil, err
	}
	raw := make([]byte, 0, len(header)+len(payload)+1)
	raw = append(append(raw, header...), payload...)
	if len(a.sendCID) > 0 {
		raw = append(raw, typ)
	}
	return a.cipher.Encrypt(&recordlayer.RecordLayer{Header: h}, raw)
}

// open authenticates a record that is fresh, in place, and returns its type and
// payload. Only the goroutine that reads calls it.
func (a *association) open(r *record) (typ byte, payload []byte, ok bool) {
	if r.epoch != 1 || (r.typ == typeCID) != a.hasCID || r.cid != a.cid || !a.window.fresh(r.seq) {
		return 0, nil, false
	}
	if r.typ == typeChangeCipherSpec { // pion's ciphers take it as it is
		return 0, nil, false
	}
	var h recordlayer.Header
	size := len(r.raw) - len(r.body)
	if a.hasCID {
		h.ConnectionID = r.raw[11 : 11+cidSize]
	}
	plain, err := a.cipher.Decrypt(h, r.raw)
	if err != nil || len(plain) < size {
		return 0, nil, false
	}
	typ, payload = r.typ, plain[size:]
	if a.hasCID {
		payload = bytes.TrimRight(payload, "\x00")
		if len(payload) == 0 {
			return 0, nil, false
		}
		typ, payload = payload[len(payload)-1], payload[:len(payload)-1]
	}
	return typ, payload, true
}
