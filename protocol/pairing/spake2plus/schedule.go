package spake2plus

import (
	"crypto/hkdf"
	"crypto/hmac"
	"encoding/binary"
	"hash"
)

// Session is what both sides have to agree on, and what their keys are bound to. Context
// names the protocol and whatever was negotiated. Identities may be empty where they are
// known otherwise (RFC 9383 section 3.3).
type Session struct{ Context, Prover, Verifier []byte }

// appendPart appends part with its length as 8 bytes, little endian.
func appendPart(b, part []byte) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(len(part))), part...)
}

// transcript is TT of RFC 9383 section 3.3.
func (s suite[P]) transcript(session Session, shareP, shareV []byte, z, v P, w0 []byte) []byte {
	var tt []byte
	for _, part := range [][]byte{
		session.Context, session.Prover, session.Verifier, s.constant(s.m).Bytes(), s.constant(s.n).Bytes(),
		shareP, shareV, z.Bytes(), v.Bytes(), w0,
	} {
		tt = appendPart(tt, part)
	}
	return tt
}

// keys is the key schedule of RFC 9383 section 3.4.
type keys struct {
	confirmP, confirmV []byte // the two messages, not their keys
	shared             []byte
}

func (s suite[P]) schedule(tt, shareP, shareV []byte) (k keys, err error) {
	h := s.hash()
	h.Write(tt)
	main := h.Sum(nil)
	confirm, err := hkdf.Key(s.hash, main, nil, "ConfirmationKeys", 2*s.macKey)
	if err != nil {
		return k, err
	}
	if k.shared, err = hkdf.Key(s.hash, main, nil, "SharedKey", h.Size()); err != nil {
		return k, err
	}
	k.confirmP = s.mac(confirm[:s.macKey], shareV)
	k.confirmV = s.mac(confirm[s.macKey:], shareP)
	return k, nil
}

func hmacOf(h func() hash.Hash) func(key, data []byte) []byte {
	return func(key, data []byte) []byte {
		m := hmac.New(h, key)
		m.Write(data)
		return m.Sum(nil)
	}
}
