package coap

import (
	"bytes"
	"slices"
	"testing"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"pgregory.net/rapid"
)

func TestFrame(t *testing.T) {
	f := frame{}
	// RFC 7252 appendix A, figure 16: GET coap://server/temperature, CON, id 0x7d34.
	if err := f.parse([]byte("\x40\x01\x7d\x34\xbbtemperature")); err != nil {
		t.Fatal(err)
	}
	var o options
	o.read(f.opts)
	if f.typ != message.Confirmable || f.code != codes.GET || f.mid != 0x7d34 || joined(o.segments) != "temperature" || len(f.payload) != 0 {
		t.Errorf("got %+v", f)
	}
	// Figure 17: its answer, 2.05 with payload "22.3 C" and a token.
	if err := f.parse([]byte("\x61\x45\x7d\x35\x20\xff22.3 C")); err != nil {
		t.Fatal(err)
	}
	if f.typ != message.Acknowledgement || f.code != codes.Content || string(f.token.bytes()) != " " || string(f.payload) != "22.3 C" || len(f.opts) != 0 {
		t.Errorf("got %+v", f)
	}
	// An option's value that ends in 0xff is no payload marker.
	if err := f.parse([]byte("\x40\x01\x00\x01\xb2a\xff")); err != nil || string(f.opts[0].Value) != "a\xff" {
		t.Errorf("got %v, %+v", err, f)
	}
}

// TestMessages writes any message and reads it back.
func TestMessages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := message.Type(rapid.IntRange(0, 3).Draw(t, "type"))
		code := codes.Code(rapid.IntRange(1, 255).Draw(t, "code"))
		mid := rapid.Uint16().Draw(t, "id")
		tok := rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "token")
		ids := rapid.SliceOfN(rapid.Uint16Range(1, 65535), 0, 8).Draw(t, "options")
		slices.Sort(ids)
		var opts []message.Option
		for _, id := range ids {
			opts = append(opts, message.Option{ID: message.OptionID(id), Value: rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "value")})
		}
		payload := rapid.SliceOfN(rapid.Byte(), 0, 1300).Draw(t, "payload")
		var m encoder
		k := token{n: uint8(len(tok))}
		copy(k.b[:], tok)
		m.start(typ, code, mid, k)
		for _, o := range opts {
			m.option(o.ID, o.Value)
		}
		b, err := m.finish(payload)
		if err != nil {
			return // more than a datagram
		}
		var f frame
		if err := f.parse(b); err != nil {
			t.Fatalf("%x: %v", b, err)
		}
		if f.typ != typ || f.code != code || f.mid != mid || f.token != k || !bytes.Equal(f.payload, payload) || len(f.opts) != len(opts) {
			t.Fatalf("%x: got %+v", b, f)
		}
		for i, o := range f.opts {
			if o.ID != opts[i].ID || !bytes.Equal(o.Value, opts[i].Value) {
				t.Fatalf("%x: option %d: got %v", b, i, o)
			}
		}
	})
}

func TestBlockValue(t *testing.T) {
	for _, tt := range []struct {
		b      block
		value  uint32
		offset int
	}{
		{block{0, false, 0}, 0, 0},
		{block{1, true, 2}, 0x1a, 64},
		{block{1<<20 - 1, true, 6}, 0xfffffe, 1<<30 - 1<<10},
	} {
		if tt.b.value() != tt.value || blockOf(tt.value) != tt.b || tt.b.offset() != tt.offset {
			t.Errorf("%+v: value %x, offset %d", tt.b, tt.b.value(), tt.b.offset())
		}
	}
	for size, want := range map[int]int{16: 0, 1024: 6, 15: -1, 0: -1, 2048: -1, 48: -1, -16: -1} {
		szx, ok := szxOf(size)
		if ok != (want >= 0) || ok && int(szx) != want {
			t.Errorf("size %d: got %d, %t", size, szx, ok)
		}
	}
}
