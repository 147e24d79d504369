package spake2plus

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"fmt"
	"io"
	"math/big"
)

// hidden keeps what embeds it out of every verb of fmt, and so out of logs.
type hidden struct{}

// Format prints "(secret)".
func (hidden) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "(secret)") }

// Secret is what the prover derives from the password: w0 and w1.
type Secret struct {
	hidden
	w0, w1 []byte
}

// Record is what the verifier keeps of the password: w0 and L = w1*P. It can't be used to
// play the prover without a search for the password.
type Record struct {
	hidden
	w0 []byte
	l  *p256Point
}

// iterations of PBKDF2: the least that RFC 8018 section 4.2 recommends. RFC 9383 asks for
// a PBKDF against who steals a record. Here a password is a passcode of eight digits that
// lives for minutes, in memory: no cost that a small board can bear would save 10^8 codes
// from a search, only their short life does.
const iterations = 1000

// kdfSize is the bytes of each of w0s and w1s: the order's and 64 bits more, so that the
// bias of the remainder is below 2^-64 (RFC 9383 section 3.2).
const kdfSize = 32 + 8

// Derive makes the prover's secret: PBKDF2-HMAC-SHA256 of the password with salt, as in
// RFC 9383 section 3.2 with both identities unknown. Both sides need the same salt.
func Derive(password, salt []byte) *Secret {
	input := appendPart(appendPart(appendPart(nil, password), nil), nil)
	b, err := pbkdf2.Key(sha256.New, string(input), salt, iterations, 2*kdfSize)
	if err != nil {
		panic("spake2plus: " + err.Error()) // only for a wrong length, or a short one in FIPS mode
	}
	order := p256().order
	return &Secret{w0: reduce(b[:kdfSize], order), w1: reduce(b[kdfSize:], order)}
}

// reduce is b modulo order. math/big takes a time that depends on the numbers, by
// nanoseconds behind the milliseconds of PBKDF2, once for each password: nothing that
// could be measured from outside.
func reduce(b []byte, order *big.Int) []byte {
	v := new(big.Int).SetBytes(b)
	return v.Mod(v, order).FillBytes(make([]byte, (order.BitLen()+7)/8))
}

// NewRecord makes the verifier's record.
func NewRecord(s *Secret) (*Record, error) {
	l, err := p256().newPoint().ScalarBaseMult(s.w1)
	if err != nil {
		return nil, fmt.Errorf("spake2plus: %w", err)
	}
	return &Record{w0: s.w0, l: l}, nil
}
