package netsim

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/udp/coder"
	"github.com/tinylib/msgp/msgp"
)

// Describe decodes a datagram of CoAP (RFC 7252), with its MessagePack body, to one
// line for people:
//
//	CON 4711 POST vap/clientRegistry/sessionData {data: <640 bytes>, seq: 3}
//
// What it can't decode it shows as bytes.
func Describe(datagram []byte) string {
	m := message.Message{Options: make(message.Options, 0, 32)}
	n, err := coder.DefaultCoder.Decode(datagram, &m)
	if err != nil || n != len(datagram) {
		return fmt.Sprintf("not CoAP: %d bytes %s", len(datagram), hex(datagram))
	}
	words := []string{kind(m.Type), fmt.Sprint(m.MessageID)}
	if m.Code != codes.Empty {
		words = append(words, code(m.Code))
	}
	if path := pathOf(m.Options); path != "" {
		words = append(words, path)
	}
	words = append(words, optionsOf(m.Options)...)
	if len(m.Payload) > 0 {
		words = append(words, body(m.Payload))
	}
	return strings.Join(words, " ")
}

func kind(t message.Type) string {
	switch t {
	case message.Confirmable:
		return "CON"
	case message.NonConfirmable:
		return "NON"
	case message.Acknowledgement:
		return "ACK"
	}
	return "RST"
}

// code is a method by name, anything else as the RFC writes it: 2.05.
func code(c codes.Code) string {
	if c <= codes.DELETE {
		return c.String()
	}
	return fmt.Sprintf("%d.%02d", c>>5, c&31)
}

func pathOf(opts message.Options) string {
	var path []string
	var query []string
	for _, o := range opts {
		switch o.ID {
		case message.URIPath:
			path = append(path, text(o.Value))
		case message.URIQuery:
			query = append(query, text(o.Value))
		}
	}
	if len(query) == 0 {
		return strings.Join(path, "/")
	}
	return strings.Join(path, "/") + "?" + strings.Join(query, "&")
}

// optionsOf describes the options that help to follow a transfer.
func optionsOf(opts message.Options) []string {
	var words []string
	for _, o := range opts {
		switch o.ID {
		case message.Block1:
			words = append(words, "block1:"+block(o.Value))
		case message.Block2:
			words = append(words, "block2:"+block(o.Value))
		case message.MaxAge:
			words = append(words, fmt.Sprintf("max-age:%d", number(o.Value)))
		}
	}
	return words
}

// block is a block option (RFC 7959 section 2.2): its number, size, and + when more
// follow.
func block(value []byte) string {
	v := number(value)
	more := ""
	if v&8 != 0 {
		more = "+"
	}
	return fmt.Sprintf("%d%s/%d", v>>4, more, 16<<(v&7))
}

// number is a uint option (RFC 7252 section 3.2).
func number(value []byte) uint32 {
	var b [4]byte
	copy(b[max(0, 4-len(value)):], value[:min(len(value), 4)])
	return binary.BigEndian.Uint32(b[:])
}

const (
	maxText  = 80  // bytes of one text that are shown
	maxBody  = 400 // bytes of one line's body
	maxDepth = 8   // of what is nested in a body
)

// body is MessagePack, or text, or bytes.
func body(b []byte) string {
	var line strings.Builder
	if b[0]&0xf0 == 0x80 || b[0] == 0xde || b[0] == 0xdf { // a map, as all of VAP's bodies are
		if rest, err := appendValue(&line, b, 0); err == nil && len(rest) == 0 {
			return shorten(line.String(), maxBody)
		}
	}
	if printable(b) {
		return text(b)
	}
	return fmt.Sprintf("<%d bytes>", len(b))
}

// appendValue writes the first value of MessagePack in b and returns the rest.
func appendValue(line *strings.Builder, b []byte, depth int) ([]byte, error) {
	if depth > maxDepth {
		rest, err := msgp.Skip(b)
		line.WriteString("...")
		return rest, err
	}
	switch msgp.NextType(b) {
	case msgp.MapType:
		return appendMap(line, b, depth)
	case msgp.ArrayType:
		return appendArray(line, b, depth)
	case msgp.BinType:
		data, rest, err := msgp.ReadBytesZC(b)
		fmt.Fprintf(line, "<%d bytes>", len(data))
		return rest, err
	case msgp.StrType:
		data, rest, err := msgp.ReadStringZC(b)
		line.WriteString(text(data))
		return rest, err
	}
	v, rest, err := msgp.ReadIntfBytes(b)
	fmt.Fprint(line, v)
	return rest, err
}

func appendMap(line *strings.Builder, b []byte, depth int) ([]byte, error) {
	n, b, err := msgp.ReadMapHeaderBytes(b)
	if err != nil {
		return b, err
	}
	line.WriteByte('{')
	for i := range n {
		if i > 0 {
			line.WriteString(", ")
		}
		var key []byte
		if key, b, err = msgp.ReadMapKeyZC(b); err != nil {
			return b, err
		}
		line.WriteString(text(key) + ": ")
		if b, err = appendValue(line, b, depth+1); err != nil {
			return b, err
		}
	}
	line.WriteByte('}')
	return b, nil
}

func appendArray(line *strings.Builder, b []byte, depth int) ([]byte, error) {
	n, b, err := msgp.ReadArrayHeaderBytes(b)
	if err != nil {
		return b, err
	}
	line.WriteByte('[')
	for i := range n {
		if i > 0 {
			line.WriteString(", ")
		}
		if b, err = appendValue(line, b, depth+1); err != nil {
			return b, err
		}
	}
	line.WriteByte(']')
	return b, nil
}

// text is b in quotes if it needs them, and not too long.
func text(b []byte) string {
	if !printable(b) {
		return hex(b)
	}
	s := shorten(string(b), maxText)
	if s == "" || strings.ContainsAny(s, " ,:{}[]\"") {
		return fmt.Sprintf("%q", s)
	}
	return s
}

func printable(b []byte) bool {
	return utf8.Valid(b) && !slices.ContainsFunc([]rune(string(b)), func(r rune) bool { return !unicode.IsPrint(r) })
}

func hex(b []byte) string {
	if len(b) > 16 {
		return fmt.Sprintf("%x...", b[:16])
	}
	return fmt.Sprintf("%x", b)
}

// shorten cuts s at a rune.
func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "..."
}
