package dtls

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

func TestWindow(t *testing.T) {
	w := window{next: 10, seen: ^uint64(0)} // after a handshake
	for _, c := range []struct {
		seq           uint64
		fresh, newest bool
	}{
		{9, false, false},
		{0, false, false},
		{10, true, true},
		{10, false, false},
		{12, true, true},
		{11, true, false},
		{11, false, false},
		{200, true, true},
		{137, true, false},
		{136, false, false}, // 64 before the newest
		{137, false, false},
		{1<<48 - 1, true, true},
		{200, false, false},
	} {
		if got := w.fresh(c.seq); got != c.fresh {
			t.Fatalf("%d is fresh: %t, want %t", c.seq, got, c.fresh)
		}
		if !c.fresh {
			continue
		}
		if got := w.note(c.seq); got != c.newest {
			t.Fatalf("%d is the newest: %t, want %t", c.seq, got, c.newest)
		}
	}
}

// TestWindowOnce: in whatever order, no record is taken twice, and none is refused that
// is new and within 64 of the newest.
func TestWindowOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w window
		took := make(map[uint64]bool)
		var newest uint64
		for _, seq := range rapid.SliceOf(rapid.Uint64Range(0, 300)).Draw(t, "seqs") {
			want := !took[seq] && (len(took) == 0 || seq+64 > newest)
			if got := w.fresh(seq); got != want {
				t.Fatalf("%d after %d is fresh: %t", seq, newest, got)
			}
			if want {
				w.note(seq)
				took[seq] = true
				newest = max(newest, seq)
			}
		}
	})
}

// hello is the start of a ClientHello.
func hello(random byte) []byte {
	b := []byte{typeHandshake, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 46, clientHello, 0, 0, 34, 0, 0, 0, 0, 0, 0, 0, 34, 0xfe, 0xfd}
	return append(b, bytes.Repeat([]byte{random}, 32)...)
}

func TestNextRecord(t *testing.T) {
	r, rest, ok := nextRecord(append(hello(3), 20, 21))
	if !ok || len(rest) != 2 || len(r.raw) != 59 || r.epoch != 0 || r.seq != 0 {
		t.Fatalf("got %+v, %x, %t", r, rest, ok)
	}
	if typ, seq, ok := r.handshakeType(); typ != clientHello || seq != 0 || !ok {
		t.Errorf("it is message %d of type %d", seq, typ)
	}
	if !bytes.Equal(r.helloRandom(), bytes.Repeat([]byte{3}, 32)) {
		t.Errorf("its random is %x", r.helloRandom())
	}
	cid := []byte{typeCID, 0xfe, 0xfd, 0, 1, 0, 0, 0, 1, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 9}
	r, rest, ok = nextRecord(cid)
	if !ok || len(rest) != 0 || r.epoch != 1 || r.seq != 1<<16|2 || r.cid != 0x0102030405060708 || !bytes.Equal(r.body, []byte{9}) {
		t.Errorf("got %+v, %x, %t", r, rest, ok)
	}
	for name, b := range map[string][]byte{
		"empty": nil, "CoAP": {0x40, 1, 0, 0}, "short": cid[:20], "no body": cid[:21],
		"TLS": {22, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, "STUN": make([]byte, 20),
	} {
		if _, _, ok := nextRecord(b); ok {
			t.Errorf("%s is a record", name)
		}
	}
}

// FuzzNextRecord: records lie within their datagram, one after the other.
func FuzzNextRecord(f *testing.F) {
	f.Add(hello(1))
	f.Add(append(hello(1), hello(2)...))
	f.Add([]byte{typeCID, 0xfe, 0xfd, 0, 1, 0, 0, 0, 1, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 9})
	f.Add([]byte{typeAlert, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 51})
	f.Fuzz(func(t *testing.T, d []byte) {
		var all []byte
		for rest := d; ; {
			r, after, ok := nextRecord(rest)
			if !ok {
				all = append(all, rest...)
				break
			}
			if len(r.raw) < headerSize || len(r.body) > len(r.raw) || len(after) >= len(rest) {
				t.Fatalf("record %x of %x", r.raw, rest)
			}
			r.handshakeType()
			r.helloRandom()
			all = append(all, r.raw...)
			rest = after
		}
		if !bytes.Equal(all, d) {
			t.Fatalf("%x became %x", d, all)
		}
	})
}
