package load

import (
	"encoding/binary"
	"strings"
)

// Codes and types of CoAP messages (RFC 7252 sections 12.1 and 3). What floods a server
// writes its packets itself, so that it costs next to nothing beside the server.
const (
	codePOST    = 0x02
	codePUT     = 0x03
	codeChanged = 0x44
	code503     = 0xa3

	typeCON = 0
	typeACK = 2
	typeRST = 3
)

// Paths of the client registry.
const (
	connectPath = "vap/clientRegistry/connect"
	startPath   = "vap/clientRegistry/sessionStart"
	dataPath    = "vap/clientRegistry/sessionData"
)

// appendRequest appends a confirmable request with a token of 4 bytes to b.
func appendRequest(b []byte, code byte, mid uint16, token uint32, path string, body []byte) []byte {
	b = append(b, 0x40|typeCON<<4|4, code)
	b = binary.BigEndian.AppendUint16(b, mid)
	b = binary.BigEndian.AppendUint32(b, token)
	const uriPath = 11
	delta := byte(uriPath)
	for segment := range strings.SplitSeq(path, "/") {
		if n := len(segment); n < 13 {
			b = append(b, delta<<4|byte(n))
		} else {
			b = append(b, delta<<4|13, byte(n-13)) // up to 268 bytes
		}
		b = append(b, segment...)
		delta = 0
	}
	return append(append(b, 0xff), body...)
}

// reply is what matters of a message that a server sent.
type reply struct {
	kind, code byte
	mid        uint16
	token      uint32 // 0 when it has another length than ours
	rest       []byte // token and what follows
}

func parseReply(b []byte) (r reply, ok bool) {
	if len(b) < 4 || b[0]>>6 != 1 {
		return r, false
	}
	r = reply{kind: b[0] >> 4 & 3, code: b[1], mid: binary.BigEndian.Uint16(b[2:]), rest: b[4:]}
	n := int(b[0] & 15)
	if n > len(r.rest) {
		return r, false
	}
	if n == 4 {
		r.token = binary.BigEndian.Uint32(r.rest)
	}
	r.rest = r.rest[:n]
	return r, true
}

// acknowledge answers a confirmable message of a server: a request with 2.04, a separate
// response with an empty message.
func (r reply) acknowledge() []byte {
	code, token := byte(0), []byte(nil)
	if r.code>>5 == 0 {
		code, token = codeChanged, r.rest
	}
	b := []byte{0x40 | typeACK<<4 | byte(len(token)), code, byte(r.mid >> 8), byte(r.mid)}
	return append(b, token...)
}
