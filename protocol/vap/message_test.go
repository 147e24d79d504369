package vap

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/tinylib/msgp/msgp"
	"pgregory.net/rapid"

	"vapd/internal/sharedtest"
)

// Bytes that the reference implementation's structs make (serde 1.0.152 and rmp-serde
// 1.1.1), as map and as array.
const (
	goldenConnectNamed = "83a26964b0636f6d2e6578616d706c652e74657374a46e616d65a174aa76617056657273696f6ea5416c706861"
	goldenConnectArray = "93b0636f6d2e6578616d706c652e74657374a174a5416c706861"
	goldenCapability   = "82a46e616d65a474657874a474657874a26869"
)

func fromHex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestConnectGolden(t *testing.T) {
	want := Connect{ID: "com.example.test", Name: "t", Version: "Alpha"}
	for _, golden := range []string{goldenConnectNamed, goldenConnectArray} {
		got, err := ParseConnect(fromHex(t, golden))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("ParseConnect(%s) = %+v, %v", golden, got, err)
		}
	}
	if got := hex.EncodeToString(AppendConnect(nil, want)); got != goldenConnectNamed {
		t.Errorf("AppendConnect = %s, want %s", got, goldenConnectNamed)
	}
}

func TestCapabilityGolden(t *testing.T) {
	c := TextCapability(CapText, "hi")
	if got := hex.EncodeToString(appendCapability(nil, c)); got != goldenCapability {
		t.Errorf("encoded %s, want %s", got, goldenCapability)
	}
	d := decoder{b: fromHex(t, goldenCapability)}
	if got := d.capability(); d.end() != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("decoded %+v, %v", got, d.end())
	}
}

// The lines of the reference data that are about what this package encodes.
func TestGoldenFile(t *testing.T) {
	data, err := os.ReadFile(sharedtest.Path(t, "golden", "vap", "vectors.txt"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for line := range strings.Lines(string(data)) {
		name, rest, _ := strings.Cut(line, " ")
		f := strings.Fields(rest)
		switch {
		case name == "MsgConnect":
			if m, err := ParseConnect(fromHex(t, f[1])); err != nil || m.Version != Version {
				t.Errorf("%s: %+v, %v", line, m, err)
			}
		case name == "PlainCapability":
			d := decoder{b: fromHex(t, f[1])}
			if c := d.capability(); d.end() != nil || c.Fields["text"] != "hi" {
				t.Errorf("%s: %+v", line, c)
			}
		case name == "Value::Binary":
			d := decoder{b: fromHex(t, f[1])}
			if v, ok := d.value(0).([]byte); d.end() != nil || !ok || !bytes.Equal(v, []byte{0, 255}) {
				t.Errorf("%s: %v", line, v)
			}
		default:
			continue
		}
		found++
	}
	if found != 6 {
		t.Errorf("%d lines were checked", found)
	}
}

// What the reference decoder accepts and rejects in a capability's field.
func TestFieldValues(t *testing.T) {
	field := func(value string) string { return "82a46e616d65a5736f756e64a464617461" + value }
	for _, test := range []struct {
		name, hex string
		want      any
		malformed bool
	}{
		{name: "bin that is not UTF-8", hex: "c403ff00fe", want: []byte{0xff, 0, 0xfe}},
		{name: "array of integers", hex: "9300ccffccfe", want: []byte{0, 255, 254}},
		{name: "array with a larger integer", hex: "92cd010001", want: []any{int64(256), int64(1)}},
		{name: "array with a negative integer", hex: "9201ff", want: []any{int64(1), int64(-1)}},
		{name: "empty array", hex: "90", want: []any{}},
		{name: "nil", hex: "c0", want: nil},
		{name: "float 32", hex: "ca3f000000", want: 0.5},
		{name: "nested map", hex: "81a16bca3f000000", want: map[string]any{"k": 0.5}},
		{name: "int 16", hex: "d1ff00", want: int64(-256)},
		{name: "uint 64", hex: "cfffffffffffffffff", want: uint64(1<<64 - 1)},
		{name: "timestamp extension", hex: "d6ff00000000", malformed: true},
		{name: "reserved byte", hex: "c1", malformed: true},
		{name: "array that says more than there is", hex: "ddffffffff01", malformed: true},
		{name: "bytes that end early", hex: "c4ff00", malformed: true},
		{name: "map with a key that is no text", hex: "810102", malformed: true},
		{name: "nested too deep", hex: "9191919191919191919101", malformed: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := decoder{b: fromHex(t, field(test.hex))}
			c := d.capability()
			err := d.end()
			if test.malformed {
				var e *Error
				if !errors.As(err, &e) || e.Code != codes.BadRequest || e.Type != TypeMalformed || e.Object != "data" {
					t.Fatalf("error %v, want malformed data", err)
				}
				return
			}
			if got := c.Fields["data"]; err != nil || !reflect.DeepEqual(got, test.want) {
				t.Fatalf("got %#v, %v, want %#v", got, err, test.want)
			}
		})
	}
}

// pack appends values as MessagePack; maps go as pairs, so that tests can write wrong ones.
func pack(pairs ...any) []byte {
	b := msgp.AppendMapHeader(nil, uint32(len(pairs)/2))
	for _, v := range pairs {
		b = appendValue(b, v)
	}
	return b
}

func TestParseErrors(t *testing.T) {
	connect := func(b []byte) error { _, err := ParseConnect(b); return err }
	start := func(b []byte) error { _, err := ParseSessionStart(b); return err }
	data := func(b []byte) error { _, err := ParseSessionData(b); return err }
	closing := func(b []byte) error { _, err := ParseClientClose(b); return err }
	notification := func(b []byte) error { _, err := ParseNotification(b); return err }
	none := []any{}
	for _, test := range []struct {
		name   string
		parse  func([]byte) error
		body   []byte
		code   codes.Code // 0: no error
		object string
	}{
		{"connect of nothing", connect, nil, codes.BadRequest, ""},
		{"connect of text", connect, []byte("hello"), codes.BadRequest, ""},
		{"connect with bytes after it", connect, append(pack("id", "i", "name", "n", "vapVersion", "Alpha"), 0), codes.BadRequest, ""},
		{"connect without id", connect, pack("name", "n", "vapVersion", "Alpha"), codes.RequestEntityIncomplete, "id"},
		{"connect with nil for its id", connect, pack("id", nil, "name", "n", "vapVersion", "Alpha"), codes.RequestEntityIncomplete, "id"},
		{"connect without name", connect, pack("id", "i", "vapVersion", "Alpha"), codes.RequestEntityIncomplete, "name"},
		{"connect without version", connect, pack("id", "i", "name", "n"), codes.RequestEntityIncomplete, "vapVersion"},
		{"connect with a number for its id", connect, pack("id", 1, "name", "n", "vapVersion", "Alpha"), codes.BadRequest, "id"},
		{"connect as an array too long", connect, fromHex(t, "94a169a16ea5416c706861a174"), codes.BadRequest, ""},
		{"connect with an offer without name", connect, pack("id", "i", "name", "n", "vapVersion", "Alpha", "capabilities", []any{map[string]any{"version": 1}}), codes.RequestEntityIncomplete, "name"},
		{"connect with an unknown field", connect, pack("id", "i", "name", "n", "vapVersion", "Alpha", "colour", map[string]any{"r": 1}), 0, ""},
		{"sessionStart of an empty map", start, pack(), 0, ""},
		{"sessionStart with a capability without name", start, pack("capabilities", []any{map[string]any{"word": "x"}}), codes.RequestEntityIncomplete, "name"},
		{"sessionStart with one capability instead of a list", start, pack("capabilities", map[string]any{"name": "wakeword"}), 0, ""},
		{"sessionStart with a number for its capabilities", start, pack("capabilities", 1), codes.BadRequest, "capabilities"},
		{"sessionStart at a time that is none", start, pack("exactTimeStamp", "noon"), codes.BadRequest, "exactTimeStamp"},
		{"sessionData without capabilities", data, pack("lastFragment", true), codes.RequestEntityIncomplete, "capabilities"},
		{"sessionData without lastFragment", data, pack("capabilities", none), codes.RequestEntityIncomplete, "lastFragment"},
		{"sessionData with a session but no seq", data, pack("sessionId", 1, "capabilities", none, "lastFragment", true), codes.RequestEntityIncomplete, "seq"},
		{"sessionData with a seq too large", data, pack("sessionId", 1, "seq", int64(1)<<32, "capabilities", none, "lastFragment", true), codes.BadRequest, "seq"},
		{"sessionData with a negative seq", data, pack("sessionId", 1, "seq", -1, "capabilities", none, "lastFragment", true), codes.BadRequest, "seq"},
		{"sessionData as an array", data, fromHex(t, "9290c3"), 0, ""},
		{"clientClose without clientId", closing, pack(), codes.RequestEntityIncomplete, "clientId"},
		{"notification without capabilities", notification, pack("clientId", "i"), codes.RequestEntityIncomplete, "capabilities"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.parse(test.body)
			if test.code == 0 {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var e *Error
			if !errors.As(err, &e) || e.Code != test.code || e.Object != test.object {
				t.Fatalf("got %v, want %v %q", err, test.code, test.object)
			}
		})
	}
}

func TestTimestamp(t *testing.T) {
	want := time.Date(2026, 11, 25, 12, 0, 0, 250000000, time.UTC)
	for _, v := range []any{want.UnixMicro(), "2026-11-25T13:00:00.25+01:00"} {
		m, err := ParseSessionStart(pack("exactTimeStamp", v))
		if err != nil || !m.At.Equal(want) {
			t.Errorf("%v: %v, %v", v, m.At, err)
		}
	}
}

func genOffers(t *rapid.T) []Offer {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Offer {
		o := Offer{
			Name:    rapid.StringN(1, 20, -1).Draw(t, "name"),
			Version: rapid.Uint16().Draw(t, "version"),
			Stream:  rapid.Bool().Draw(t, "stream"),
		}
		if rapid.Bool().Draw(t, "sound") {
			o.Codecs = []string{CodecOpus, CodecPCM}
		}
		return o
	}), 0, 5).Draw(t, "offers")
}

func genValue(depth int) *rapid.Generator[any] {
	kinds := []*rapid.Generator[any]{
		rapid.Just[any](nil),
		rapid.Bool().AsAny(),
		rapid.Int64().AsAny(),
		rapid.Uint64Range(1<<63, 1<<64-1).AsAny(),
		rapid.Float64().AsAny(),
		rapid.String().AsAny(),
		rapid.SliceOf(rapid.Byte()).AsAny(),
	}
	if depth > 0 {
		kinds = append(kinds,
			rapid.MapOfN(rapid.String(), genValue(depth-1), 0, 3).AsAny(),
			// A list that is not bytes: it begins with text.
			rapid.Map(rapid.SliceOfN(genValue(depth-1), 0, 3), func(v []any) any { return append([]any{"list"}, v...) }),
		)
	}
	return rapid.OneOf(kinds...)
}

func genCapabilities(t *rapid.T) []Capability {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Capability {
		key := rapid.String().Filter(func(s string) bool { return s != "name" && s != "from" })
		return Capability{
			Name:   rapid.StringN(1, 20, -1).Draw(t, "name"),
			From:   rapid.String().Draw(t, "from"),
			Fields: rapid.MapOfN(key, genValue(2), 0, 4).Draw(t, "fields"),
		}
	}), 0, 3).Draw(t, "capabilities")
}

func same[M any](t *rapid.T, m M, appendTo func([]byte, M) []byte, parse func([]byte) (M, error)) {
	b := appendTo([]byte("before"), m)
	got, err := parse(b[len("before"):])
	if err != nil || !reflect.DeepEqual(got, m) {
		t.Fatalf("%+v became %+v, %v", m, got, err)
	}
	if again := appendTo(nil, got); !bytes.Equal(again, b[len("before"):]) {
		t.Fatalf("encoded differently the second time")
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String()
		session := rapid.Bool().Draw(t, "session")
		number := func(name string) uint32 {
			if !session {
				return 0
			}
			return rapid.Uint32().Draw(t, name)
		}
		id := uint64(number("id"))<<32 | uint64(number("low"))
		connect := Connect{
			ID: text.Draw(t, "id"), Name: text.Draw(t, "name"), Version: text.Draw(t, "version"),
			Token: text.Draw(t, "token"), HasCapabilities: rapid.Bool().Draw(t, "listed"),
		}
		if connect.HasCapabilities {
			connect.Capabilities = genOffers(t)
		}
		same(t, connect, AppendConnect, ParseConnect)
		connected := Connected{Locales: []string{"en-US"}, Token: connect.Token, HubID: text.Draw(t, "hub")}
		if offers := genOffers(t); len(offers) > 0 {
			connected.Capabilities = offers
		}
		same(t, connected, AppendConnected, ParseConnected)
		caps := genCapabilities(t)
		start := SessionStart{Session: id, HasSession: session, Turn: number("turn"), ClientID: connect.ID, Capabilities: caps}
		if rapid.Bool().Draw(t, "timed") {
			start.At = time.UnixMicro(rapid.Int64Range(0, 1<<50).Draw(t, "at")).UTC()
		}
		same(t, start, AppendSessionStart, ParseSessionStart)
		same(t, SessionData{
			Session: id, HasSession: session, Turn: number("turn"), Seq: number("seq"),
			ClientID: connect.ID, Capabilities: caps, Last: rapid.Bool().Draw(t, "last"),
		}, AppendSessionData, ParseSessionData)
		same(t, Answer{Capabilities: caps, EndSession: rapid.Bool().Draw(t, "end")}, AppendAnswer, ParseAnswer)
		same(t, Notification{ClientID: connect.ID, Capabilities: caps}, AppendNotification, ParseNotification)
		same(t, ClientClose{ClientID: connect.ID}, AppendClientClose, ParseClientClose)
	})
}

// A message can't make its decoding allocate much more than its own size.
func TestDecodingIsBounded(t *testing.T) {
	bombs := map[string][]byte{
		"list of 60000 maps":   append(msgp.AppendArrayHeader(nil, 60000), bytes.Repeat([]byte{0x80}, 60000)...),
		"list of 60000 lists":  append(msgp.AppendArrayHeader(nil, 60000), bytes.Repeat([]byte{0x90}, 60000)...),
		"list of 60000 nils":   append(msgp.AppendArrayHeader(nil, 60000), bytes.Repeat([]byte{0xc0}, 60000)...),
		"60000 lists in lists": bytes.Repeat([]byte{0x91}, 60000),
		"a list of 2^32-1":     msgp.AppendArrayHeader(nil, 1<<32-1),
		"a map of 2^32-1":      msgp.AppendMapHeader(nil, 1<<32-1),
	}
	for name, bomb := range bombs {
		t.Run(name, func(t *testing.T) {
			capability := append(msgp.AppendString(fromHex(t, "82a46e616d65a178"), "v"), bomb...)
			message := append(msgp.AppendString(msgp.AppendMapHeader(nil, 1), "capabilities"), 0x91)
			message = append(message, capability...)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := ParseSessionData(message); err == nil {
				t.Fatal("accepted")
			}
			runtime.ReadMemStats(&after)
			if got := after.TotalAlloc - before.TotalAlloc; got > uint64(len(message))+64<<10 {
				t.Errorf("allocated %d bytes for a message of %d", got, len(message))
			}
		})
	}
}

func TestSessionStartedRoundTrip(t *testing.T) {
	for _, m := range []SessionStarted{{}, {Session: 1 << 63}, {Session: 7, Recorded: true}} {
		if got, err := ParseSessionStarted(AppendSessionStarted(nil, m)); err != nil || got != m {
			t.Errorf("%+v became %+v, %v", m, got, err)
		}
	}
}
