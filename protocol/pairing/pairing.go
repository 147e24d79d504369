package pairing

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"
)

// KeySize is the size of a Key in bytes.
const KeySize = 32

// Key is what a hub and one satellite share: the pre-shared key of their DTLS. It prints
// as "(secret)" whatever the verb, and refuses to be marshalled: who keeps it writes
// key[:].
type Key [KeySize]byte

const hidden = "(secret)"

// Format hides the key from every verb of fmt.
func (Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// LogValue hides the key from logs.
func (Key) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText refuses, so that no encoder writes a key that is a field of something.
func (Key) MarshalText() ([]byte, error) {
	return nil, errors.New("pairing: a key is not marshalled by itself: write its bytes where they are wanted")
}

// ID tells the keys of one satellite apart and says nothing of the key: 8 hex digits.
func (k Key) ID() string {
	sum := sha256.Sum256(append([]byte("vapd pairing 1 key id"), k[:]...))
	return hex.EncodeToString(sum[:keyIDSize/2])
}

// Pairing is the result of all three ways, the same on both sides.
type Pairing struct {
	HubID, HubName string
	// ID and Name are the satellite's.
	ID, Name string
	Key      Key
}

// Identity is the PSK identity (RFC 4279) under which the satellite uses the key: its
// id, "#" and the key's ID. It names the key, not only the satellite, so that a hub can
// take an old and a new key of one satellite at the same time.
func (p Pairing) Identity() string { return p.ID + "#" + p.Key.ID() }

// keyIDSize is the length of Key.ID in characters.
const keyIDSize = 8

// SplitIdentity takes apart what Identity made: whose the key is, and the Key.ID of it.
func SplitIdentity(identity string) (id, keyID string, ok bool) {
	i := strings.LastIndexByte(identity, '#')
	if i < 1 || len(identity)-i-1 != keyIDSize {
		return "", "", false
	}
	return identity[:i], identity[i+1:], true
}

// Limits of what a side says of itself, in bytes. An identity has to fit the 128 bytes
// that every peer takes (RFC 4279 section 5.3).
const (
	MaxID   = 128 - keyIDSize - 1
	MaxName = 64
)

// Satellite is who wants to be paired: a satellite, or a skill.
type Satellite struct {
	ID   string // 1 to MaxID bytes; of a skill what SkillID made
	Name string // for people; at most MaxName bytes
}

// validID and validName keep what could disturb a log or a screen out of both.
func validID(id string) bool { return id != "" && len(id) <= MaxID && printable(id) }

func validName(name string) bool { return len(name) <= MaxName && printable(name) }

// printable reports whether s has nothing that moves a cursor or turns text around.
func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.In(r, unicode.Cc, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
	})
}

func checkParty(what, id, name string) error {
	if !validID(id) {
		return fmt.Errorf("pairing: id %q of the %s: want 1 to %d bytes without control characters", id, what, MaxID)
	}
	if !validName(name) {
		return fmt.Errorf("pairing: name %q of the %s: want at most %d bytes without control characters", name, what, MaxName)
	}
	return nil
}
