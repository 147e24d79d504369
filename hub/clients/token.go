package clients

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// RandomTokens makes tokens of 256 random bits, of which a hash without salt is safe to
// keep: nobody can try them all.
type RandomTokens struct{}

// New makes a token and the hash to keep of it.
func (RandomTokens) New() (token string, hash []byte, err error) {
	var b [32]byte
	rand.Read(b[:]) // never fails
	token = base64.RawURLEncoding.EncodeToString(b[:])
	sum := sha256.Sum256([]byte(token))
	return token, sum[:], nil
}

// Matches reports whether hash is that of token, in constant time.
func (RandomTokens) Matches(token string, hash []byte) bool {
	sum := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(sum[:], hash) == 1
}
