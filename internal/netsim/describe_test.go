package netsim

import (
	"strings"
	"testing"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/udp/coder"
	"github.com/tinylib/msgp/msgp"
)

func datagram(t testing.TB, m message.Message) []byte {
	t.Helper()
	b := make([]byte, 4096)
	n, err := coder.DefaultCoder.Encode(m, b)
	if err != nil {
		t.Fatal(err)
	}
	return b[:n]
}

func path(segments string, more ...message.Option) message.Options {
	var opts message.Options
	for s := range strings.SplitSeq(segments, "/") {
		opts = append(opts, message.Option{ID: message.URIPath, Value: []byte(s)})
	}
	return append(opts, more...)
}

func fragment() []byte {
	b := msgp.AppendMapHeader(nil, 4)
	b = msgp.AppendUint64(msgp.AppendString(b, "sessionId"), 7)
	b = msgp.AppendBytes(msgp.AppendString(b, "data"), make([]byte, 640))
	b = msgp.AppendString(msgp.AppendString(b, "text"), "two words\x1b[2J")
	b = msgp.AppendArrayHeader(msgp.AppendString(b, "list"), 2)
	return msgp.AppendNil(msgp.AppendBool(b, true))
}

func TestDescribe(t *testing.T) {
	for name, c := range map[string]struct {
		in   []byte
		want string
	}{
		"request": {
			datagram(t, message.Message{
				Type: message.Confirmable, MessageID: 4711, Code: codes.POST, Payload: fragment(),
				Options: path("vap/clientRegistry/sessionData"),
			}),
			`CON 4711 POST vap/clientRegistry/sessionData {sessionId: 7, data: <640 bytes>, text: 74776f20776f7264731b5b324a, list: [true, <nil>]}`,
		},
		"empty": {[]byte{0x60, 0, 0x12, 0x67}, "ACK 4711"},
		"reset": {[]byte{0x70, 0, 0, 1}, "RST 1"},
		"query": {
			datagram(t, message.Message{
				Type: message.NonConfirmable, MessageID: 1, Code: codes.GET,
				Options: path(".well-known/core", message.Option{ID: message.URIQuery, Value: []byte("rt=vap-client-registry")}),
			}),
			"NON 1 GET .well-known/core?rt=vap-client-registry",
		},
		"response": {
			datagram(t, message.Message{
				Type: message.Acknowledgement, MessageID: 2, Code: codes.Content, Payload: []byte(`</vap>;rt="x"`),
				Options: message.Options{{ID: message.Block2, Value: []byte{0x2e}}},
			}),
			`ACK 2 2.05 block2:2+/1024 "</vap>;rt=\"x\""`,
		},
		"binary":   {datagram(t, message.Message{Type: message.Confirmable, MessageID: 3, Code: codes.POST, Payload: []byte{0, 1, 2}}), "CON 3 POST <3 bytes>"},
		"map, cut": {datagram(t, message.Message{Type: message.Confirmable, MessageID: 3, Code: codes.POST, Payload: []byte{0xdf, 0xff, 0xff, 0xff, 0xff}}), "CON 3 POST <5 bytes>"},
		"garbage":  {[]byte("GET / HTTP/1.1"), "not CoAP: 14 bytes 474554202f20485454502f312e31"},
		"nothing":  {nil, "not CoAP: 0 bytes "},
	} {
		if got := Describe(c.in); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
	}
}

func FuzzDescribe(f *testing.F) {
	f.Add(datagram(f, message.Message{Type: message.Confirmable, MessageID: 1, Code: codes.POST, Payload: fragment(), Options: path("a/b")}))
	f.Add(datagram(f, message.Message{Type: message.Acknowledgement, MessageID: 1, Code: codes.Content, Payload: []byte{0x81, 0xa1, 'x', 0xdd, 0xff, 0xff, 0xff, 0xff}}))
	f.Add([]byte{0x40, 1, 0, 0, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		line := Describe(b)
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' }) {
			t.Errorf("%q would disturb a terminal", line)
		}
		if len(line) > 70_000+4*len(b) {
			t.Errorf("%d bytes became a line of %d", len(b), len(line))
		}
	})
}
