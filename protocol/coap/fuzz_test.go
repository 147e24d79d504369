package coap

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"pgregory.net/rapid"
)

func FuzzOptions(f *testing.F) {
	f.Add([]byte("\x40\x01\x7d\x34\xbbtemperature"))
	f.Add(block1(1, "x", "tag", 3, true, 16, strings.Repeat("a", 16)))
	f.Add(packet(message.NonConfirmable, codes.GET, 7, "tok", "x", option(message.URIHost, "h"), option(message.ETag, "e"),
		option(message.URIPort, "\x16\x33"), option(message.URIPath, "a"), option(message.ContentFormat, "*"), option(message.MaxAge, "\x01"),
		option(message.URIQuery, "q=1"), option(message.Accept, "("), option(message.Block2, "\x06"), option(message.Size2, "\x10"),
		option(message.ProxyURI, "coap://x"), option(message.Size1, "\x10"), option(message.NoResponse, "\x02"), option(65001, "?")))
	f.Fuzz(func(t *testing.T, b []byte) {
		var fr frame
		if fr.parse(b) != nil {
			return
		}
		var o options
		o.read(fr.opts)
		_, _ = joined(o.segments), textsOf(o.queries)
		if o.hasBlock1 && o.block1.value() > 1<<24 || len(o.tag) > 8 || len(o.etag()) > 8 {
			t.Errorf("%+v", o)
		}
		if n := len(b) - len(fr.payload); n > maxDatagram || len(fr.payload) > maxDatagram {
			return
		}
		// What was read is written, and read again the same.
		var m encoder
		m.start(fr.typ, fr.code, fr.mid, fr.token)
		for _, opt := range fr.opts {
			m.option(opt.ID, opt.Value)
		}
		again, err := m.finish(fr.payload)
		if err != nil {
			return
		}
		var g frame
		if err := g.parse(again); err != nil {
			t.Fatalf("%x became %x: %v", b, again, err)
		}
		if !bytes.Equal(g.payload, fr.payload) || len(g.opts) != len(fr.opts) {
			t.Fatalf("%x became %x", b, again)
		}
	})
}

// FuzzDatagram feeds a whole endpoint with datagrams of three peers, of which one
// speaks to a group. It must bear everything, keep its bounds and send only what is
// well-formed.
func FuzzDatagram(f *testing.F) {
	join := func(packets ...[]byte) []byte {
		var b []byte
		for i, p := range packets {
			b = append(b, byte(i))
			b = binary.BigEndian.AppendUint16(b, uint16(len(p)))
			b = append(b, p...)
		}
		return b
	}
	a16 := strings.Repeat("a", 16)
	f.Add(join(packet(message.Confirmable, codes.GET, 1, "t", ""), []byte("\x40\x01\x00\x07\xff"), packet(message.Confirmable, codes.Empty, 2, "", "")))
	f.Add(join(block1(1, "x", "", 0, true, 16, a16), block1(1, "x", "", 0, true, 16, a16), nil, block1(2, "x", "", 1, false, 16, "end")))
	f.Add(join(packet(message.Confirmable, codes.POST, 1, "t", strings.Repeat(a16, 10), option(message.URIPath, "echo"), option(message.Block2, "\x00")),
		nil, nil, packet(message.Confirmable, codes.POST, 2, "t", "", option(message.URIPath, "echo"), option(message.Block2, "\x10"))))
	f.Add(join(nil, nil, packet(message.NonConfirmable, codes.GET, 1, "t", "", option(message.URIPath, ".well-known"), option(message.URIPath, "core"))))
	f.Add(join(packet(message.Acknowledgement, codes.Content, 1, "token123", "", option(message.Block2, "\x08"))))
	f.Add(join(packet(message.Confirmable, codes.GET, 1, "t", "", option(message.Observe, ""), option(message.URIPath, "obs")), nil, nil,
		packet(message.Confirmable, codes.GET, 2, "t", "", option(message.Observe, "\x01"), option(message.URIPath, "obs"))))
	f.Add(join(packet(message.Confirmable, codes.Content, 1, "watching", "", option(message.Observe, "\x07"), option(message.Block2, "\x08")), nil, nil,
		packet(message.NonConfirmable, codes.Content, 2, "watching", "new", option(message.Observe, "\x08")), nil, nil,
		packet(message.Confirmable, codes.NotFound, 3, "watching", "")))
	f.Fuzz(func(t *testing.T, b []byte) {
		var packets []memPacket
		for len(b) >= 3 {
			n := min(int(binary.BigEndian.Uint16(b[1:])), len(b)-3)
			packets = append(packets, memPacket{b[3 : 3+n], pathOf(b[0])})
			b = b[3+n:]
		}
		feed(t, packets)
	})
}

// TestAnyMessages is FuzzDatagram with messages that are well-formed and meet each
// other: few ids, tokens and resources.
func TestAnyMessages(t *testing.T) {
	option := rapid.Custom(func(t *rapid.T) message.Option {
		id := rapid.SampledFrom([]message.OptionID{
			message.Block1, message.Block1, message.Block2, message.Block2, optionRequestTag, message.Size1, message.ETag,
			message.NoResponse, message.Observe, message.Observe, optionEcho, message.LocationPath, message.IfNoneMatch, message.Accept, message.URIQuery, message.ProxyURI, message.IfMatch,
		}).Draw(t, "option")
		value := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 2, 8, 9, 10, 0x10, 0x12, 0x18, 0x20, 0x28, 0xff}), 0, 3).Draw(t, "value")
		return message.Option{ID: id, Value: value}
	})
	gen := rapid.Custom(func(t *rapid.T) memPacket {
		opts := rapid.SliceOfN(option, 0, 3).Draw(t, "options")
		for _, segment := range rapid.SampledFrom([][]string{{"x"}, {"obs"}, {"obs"}, {"echo"}, {"echo"}, {".well-known", "core"}, {}}).Draw(t, "path") {
			opts = append(opts, message.Option{ID: message.URIPath, Value: []byte(segment)})
		}
		slices.SortStableFunc(opts, func(a, b message.Option) int { return int(a.ID) - int(b.ID) })
		code := codes.Code(rapid.SampledFrom([]uint16{0, 1, 2, 2, 2, 3, 5, 65, 69, 69, 95, 132, 136, 141, 160}).Draw(t, "code"))
		tok := rapid.SampledFrom([]string{"", "a", "token123", "token123", "watching", "watching"}).Draw(t, "token")
		payload := strings.Repeat("x", rapid.SampledFrom([]int{0, 1, 16, 16, 32, 64, 100, 600}).Draw(t, "payload"))
		if code == codes.Empty {
			opts, tok, payload = nil, "", ""
		}
		p := packet(message.Type(rapid.IntRange(0, 3).Draw(t, "type")), code, rapid.Uint16Range(0, 5).Draw(t, "id"), tok, payload, opts...)
		return memPacket{p, pathOf(rapid.Byte().Draw(t, "peer"))}
	})
	rapid.Check(t, func(rt *rapid.T) { feed(t, rapid.SliceOfN(gen, 1, 60).Draw(rt, "messages")) })
}

// pathOf is one of three peers; the last speaks to a group.
func pathOf(b byte) Path {
	return []Path{{Peer: spoofed(1)}, {Peer: spoofed(2)}, {Peer: spoofed(3), Local: groupIPv4}}[b%3]
}

// feed gives packets to an endpoint with tight bounds and a call under way.
func feed(t *testing.T, packets []memPacket) {
	mux := hubMux()
	mux.Handle(codes.POST, "echo", echo)
	mux.Handle(codes.PUT, "x", func(Peer, *Request, func(*Response)) {})
	obs := &Observable{Get: func(*Request) *Response { return &Response{Code: codes.Content, Body: make([]byte, 20+len(packets))} }}
	mux.Handle(codes.GET, "obs", obs.Serve)
	conn := &checkingConn{deafConn: newDeafConn(), t: t, sent: make(map[netip.AddrPort]int)}
	e, err := Listen(Config{
		Conn: conn, Handler: mux.Serve, MaxObservers: 3, MaxPeerObservers: 2, MaxNotifications: 2,
		Trusted:  func(a netip.Addr) bool { return a == spoofed(2).Addr() },
		MaxPeers: 2, MaxPending: 3, MaxBody: 512, MaxTransfers: 2, MaxBlockBytes: 1024,
		DedupMessages: 4, DedupBytes: 300, MaxDedupBytes: 1200, BlockSize: 64,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	ended := 0
	call := e.Start(t.Context(), e.Peer(spoofed(1)), &Request{Code: codes.PUT, Body: make([]byte, 100)}, func(*Response, error) { ended++ })
	over := 0
	watch := e.Observe(t.Context(), e.Peer(spoofed(1)), &Request{Code: codes.GET, Path: "x"}, func(_ *Response, err error) {
		if over > 0 {
			t.Error("told after the end")
		} else if err != nil {
			over++
		}
	})
	r := receiver{e: e}
	paid, proved := make(map[netip.AddrPort]int), make(map[netip.AddrPort]bool)
	for _, p := range packets {
		e.mu.Lock()
		if !watch.over {
			delete(watch.peer.observing, watch.token)
			watch.token = token{n: 8, b: [8]byte([]byte("watching"))}
			watch.peer.observing[watch.token] = watch
		}
		if !call.ended { // nobody can guess the token
			delete(call.peer.calls, call.token)
			call.token = token{n: 8, b: [8]byte([]byte("token123"))}
			call.peer.calls[call.token] = call
		}
		e.mu.Unlock()
		paid[p.path.Peer] += len(p.b)
		r.receive(p.b, p.path)
		obs.Changed()
		e.mu.Lock()
		for _, p := range e.peers {
			proved[p.path.Peer] = proved[p.path.Peer] || p.proved(r.now)
		}
		e.mu.Unlock()
	}
	call.Cancel()
	watch.Forget()
	for addr, n := range conn.sent {
		if !proved[addr] && n > 3*paid[addr] || addr == spoofed(3) && n > paid[addr] {
			t.Errorf("%v paid for %d bytes and got %d", addr, paid[addr], n)
		}
	}
	if over != 1 {
		t.Error("the end of the observation was not told")
	}
	checkDedup(t, e)
	e.mu.Lock()
	defer e.mu.Unlock()
	if ended != 1 || len(e.peers) > 2 || e.blockBytes > 1024 || e.dedupBytes > 1200 {
		t.Errorf("call ended %d times, %d peers, %d bytes of blocks, %d of memories", ended, len(e.peers), e.blockBytes, e.dedupBytes)
	}
	for _, p := range e.peers {
		if p.pending < 0 || p.pending > 3+2 || len(p.observers) > 2 || len(p.observing) > 0 || p.outstanding != 0 || len(p.uploads) > 2 || len(p.answers) > 2 {
			t.Errorf("%s: %d pending, %d outstanding, %d and %d transfers", p.id, p.pending, p.outstanding, len(p.uploads), len(p.answers))
		}
	}
}

// checkingConn fails when something malformed is sent, and counts what answers.
type checkingConn struct {
	*deafConn
	t    *testing.T
	mu   sync.Mutex
	sent map[netip.AddrPort]int
}

func (c *checkingConn) WritePacket(b []byte, to Path) error {
	var f frame
	if err := f.parse(b); err != nil {
		c.t.Errorf("sent %x to %v: %v", b, to.Peer, err)
	}
	if to.Local.IsMulticast() {
		c.t.Errorf("sent from %v", to.Local)
	}
	if f.code == codes.Empty || answers(b) {
		c.mu.Lock()
		c.sent[to.Peer] += len(b)
		c.mu.Unlock()
	}
	return nil
}
