package pairing

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
)

// Passcode is the eight digits of the code way (26.6 bits, five online tries, ten
// minutes). It is a secret until then, and prints as "(secret)".
type Passcode struct{ digits string }

const passcodeDigits = 8

// newPasscode draws from all 10^8.
func newPasscode(rand io.Reader) (Passcode, error) {
	var b [8]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return Passcode{}, fmt.Errorf("pairing: no random numbers for a code: %w", err)
	}
	// The bias of the remainder is below 2^-37.
	return Passcode{fmt.Sprintf("%08d", binary.BigEndian.Uint64(b[:])%100_000_000)}, nil
}

// ParsePasscode reads what a person typed: eight digits, with any spaces and dashes.
func ParsePasscode(s string) (Passcode, error) {
	digits := strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\t' || r == '\n' || r == '\r' {
			return -1
		}
		return r
	}, s)
	if len(digits) != passcodeDigits || strings.Trim(digits, "0123456789") != "" {
		return Passcode{}, errors.New("pairing: a code has eight digits, as the hub shows them")
	}
	return Passcode{digits}, nil
}

// Reveal is the code in two groups, for the owner's eyes: "1234 5678".
func (p Passcode) Reveal() string {
	if p.digits == "" {
		return ""
	}
	return p.digits[:4] + " " + p.digits[4:]
}

// Format hides the code from every verb of fmt.
func (Passcode) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// LogValue hides the code from logs.
func (Passcode) LogValue() slog.Value { return slog.StringValue(hidden) }

// Invitation is what a QR code says: which hub, where it was when it was made, and the
// code.
type Invitation struct {
	HubID    string
	Address  string // host and port; a hint, may be empty
	Passcode Passcode
}

// URI is the invitation for a QR code: "vapd:pair?at=192.168.1.2%3A5683&code=12345678&hub=ID".
// It holds the code: it is as secret as that.
func (i Invitation) URI() string {
	q := url.Values{"hub": {i.HubID}, "code": {i.Passcode.digits}}
	if i.Address != "" {
		q.Set("at", i.Address)
	}
	return "vapd:pair?" + q.Encode()
}

// maxURI bounds what is read as an invitation, in bytes.
const maxURI = 1024

// ParseInvitation reads what URI made. Parameters that it does not know are ignored.
func ParseInvitation(uri string) (Invitation, error) {
	uri = strings.TrimSpace(uri)
	if len(uri) > maxURI {
		return Invitation{}, fmt.Errorf("pairing: an invitation of %d bytes: at most %d are read", len(uri), maxURI)
	}
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "vapd" || u.Opaque != "pair" {
		// The error of url.Parse quotes the URI, and with it the code.
		return Invitation{}, errors.New("pairing: no invitation: it begins with 'vapd:pair?', as the QR code of 'vapd hub pair' says")
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Invitation{}, errors.New("pairing: a damaged invitation: scan the QR code again")
	}
	i := Invitation{HubID: q.Get("hub"), Address: q.Get("at")}
	if !validID(i.HubID) || !printable(i.Address) {
		return Invitation{}, errors.New("pairing: the invitation names no hub: scan the QR code again")
	}
	i.Passcode, err = ParsePasscode(q.Get("code"))
	return i, err
}
