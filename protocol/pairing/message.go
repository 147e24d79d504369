package pairing

import (
	"fmt"
	"math"

	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/tinylib/msgp/msgp"

	"vapd/protocol/vap"
)

// Version of these messages, which goes into everything that is derived.
const Version = 1

// Paths of the requests, all POST to the hub but pathRotate, which goes to the satellite.
const (
	pathHello   = "vap/pairing/push/hello"
	pathKey     = "vap/pairing/push/key"
	pathConfirm = "vap/pairing/push/confirm"
	pathShare   = "vap/pairing/code/share"
	pathProof   = "vap/pairing/code/confirm"
	pathRotate  = "vap/pairing/rotate"
)

// Sizes in bytes.
const (
	maxMessage  = 1024
	maxFields   = 32
	sessionSize = 16
	nonceSize   = 32
	hashSize    = 32
	curveSize   = 32 // of an X25519 public key
	shareSize   = 65 // of a SPAKE2+ share: an uncompressed point of P-256
	// firstSize is the least size of a first message, padded: longer than any answer
	// to it, so that a forged sender's address multiplies nothing.
	firstSize = 400
)

// message is every message of this package: a MessagePack map of those fields that the
// step has.
type message struct {
	version                uint64
	id, name               string
	hubID, hubName         string
	session                []byte
	key, nonce, commitment []byte
	share, confirm         []byte
	pad                    []byte
}

// texts and blobs are the fields by their names on the wire, in their order.
func (m *message) texts() []textField {
	return []textField{
		{"id", &m.id, MaxID}, {"name", &m.name, MaxName}, {"hubId", &m.hubID, MaxID}, {"hubName", &m.hubName, MaxName},
	}
}

func (m *message) blobs() []blobField {
	return []blobField{
		{"session", &m.session, sessionSize},
		{"key", &m.key, curveSize},
		{"nonce", &m.nonce, nonceSize},
		{"commitment", &m.commitment, hashSize},
		{"share", &m.share, shareSize},
		{"confirm", &m.confirm, hashSize},
	}
}

type textField struct {
	name  string
	value *string
	max   int
}

type blobField struct {
	name  string
	value *[]byte
	size  int // exactly
}

// encode writes the fields that are not empty.
func (m message) encode() []byte {
	b := msgp.AppendMapHeader(nil, 0)
	if m.version != 0 {
		b[0]++
		b = msgp.AppendUint64(msgp.AppendString(b, "version"), m.version)
	}
	for _, f := range m.texts() {
		if *f.value != "" {
			b[0]++
			b = msgp.AppendString(msgp.AppendString(b, f.name), *f.value)
		}
	}
	for _, f := range append(m.blobs(), blobField{"pad", &m.pad, 0}) {
		if len(*f.value) > 0 {
			b[0]++
			b = msgp.AppendBytes(msgp.AppendString(b, f.name), *f.value)
		}
	}
	return b
}

// padded is encode for a first message, at least firstSize bytes.
func (m message) padded() []byte {
	b := m.encode()
	const header = len("\xa3pad\xc4\x00") // the least that the field itself takes
	if missing := firstSize - header - len(b); missing > 0 {
		m.pad = make([]byte, missing)
		b = m.encode()
	}
	return b
}

func malformed(object string) *vap.Error {
	return &vap.Error{Code: codes.BadRequest, Type: vap.TypeMalformed, Object: object}
}

// decode reads a message and checks the length of every field that is there. Unknown
// fields are skipped, nil is an absent one.
func decode(b []byte) (m message, e *vap.Error) {
	if len(b) > maxMessage {
		return m, &vap.Error{Code: codes.RequestEntityTooLarge, Type: vap.TypeTooLarge}
	}
	n, b, err := msgp.ReadMapHeaderBytes(b)
	if err != nil || n > maxFields {
		return m, malformed("")
	}
	for range n {
		var name []byte
		if name, b, err = msgp.ReadStringZC(b); err != nil {
			return m, malformed("")
		}
		if b, err = m.field(string(name), b); err != nil {
			return m, malformed(fieldName(string(name)))
		}
	}
	if len(b) > 0 {
		return m, malformed("")
	}
	return m, nil
}

// fieldName keeps what a peer made up out of the answer.
func fieldName(name string) string {
	var m message
	for _, f := range m.texts() {
		if f.name == name {
			return name
		}
	}
	for _, f := range m.blobs() {
		if f.name == name {
			return name
		}
	}
	return ""
}

// field reads the value of one field and returns what follows it.
func (m *message) field(name string, b []byte) (rest []byte, err error) {
	if msgp.IsNil(b) {
		return b[1:], nil
	}
	if name == "version" {
		m.version, rest, err = msgp.ReadUint64Bytes(b)
		if m.version > math.MaxUint8 {
			err = fmt.Errorf("version %d", m.version)
		}
		return rest, err
	}
	for _, f := range m.texts() {
		if f.name != name {
			continue
		}
		*f.value, rest, err = msgp.ReadStringBytes(b)
		if err == nil && (len(*f.value) > f.max || !printable(*f.value)) {
			err = fmt.Errorf("%s of %d bytes", name, len(*f.value))
		}
		return rest, err
	}
	for _, f := range m.blobs() {
		if f.name != name {
			continue
		}
		*f.value, rest, err = msgp.ReadBytesBytes(b, nil)
		if err == nil && len(*f.value) != f.size {
			err = fmt.Errorf("%s of %d bytes", name, len(*f.value))
		}
		return rest, err
	}
	return msgp.Skip(b)
}

// need returns the error of the first named field that is missing.
func (m *message) need(names ...string) *vap.Error {
	for _, name := range names {
		if !m.has(name) {
			return &vap.Error{Code: codes.RequestEntityIncomplete, Type: vap.TypeMissingField, Object: name}
		}
	}
	return nil
}

func (m *message) has(name string) bool {
	for _, f := range m.texts() {
		if f.name == name {
			return *f.value != ""
		}
	}
	for _, f := range m.blobs() {
		if f.name == name {
			return len(*f.value) > 0
		}
	}
	return name == "version" && m.version != 0
}
