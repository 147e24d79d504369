package coap

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// TestNSTART: no more requests than that are outstanding to a peer, the others wait
// in order, MaxQueue of them.
func TestNSTART(t *testing.T) {
	withScript(t, Config{NSTART: 2, MaxQueue: 3}, func(t *testing.T, e *Endpoint, s *script) {
		peer := e.Peer(s.addr)
		ended := make(chan string, 10)
		var calls []*Call
		for i := range 6 {
			calls = append(calls, e.Start(t.Context(), peer, &Request{Code: codes.GET, Path: fmt.Sprint(i)}, func(_ *Response, err error) {
				switch {
				case errors.Is(err, ErrBusy):
					ended <- fmt.Sprint(i, " busy")
				case errors.Is(err, context.Canceled):
					ended <- fmt.Sprint(i, " canceled")
				case err != nil:
					ended <- err.Error()
				default:
					ended <- fmt.Sprint(i, " answered")
				}
			}))
		}
		path := func(f frame) string {
			var o options
			o.read(f.opts)
			return joined(o.segments)
		}
		first, second := s.expect("CON 0.01"), s.expect("CON 0.01")
		if path(first) == "1" { // they go at the same time
			first, second = second, first
		}
		s.silence(400 * time.Millisecond)
		calls[2].Cancel()
		s.silence(50 * time.Millisecond)
		// An acknowledgement makes room, a response too.
		s.send(packet(message.Acknowledgement, codes.Empty, second.mid, "", ""))
		if f := s.expect("CON 0.01"); path(f) != "3" {
			t.Errorf("then came %s", path(f))
		}
		s.send(packet(message.Acknowledgement, codes.Content, first.mid, string(first.token.bytes()), ""))
		if f := s.expect("CON 0.01"); path(f) != "4" {
			t.Errorf("then came %s", path(f))
		}
		s.send(packet(message.NonConfirmable, codes.Content, 1, string(second.token.bytes()), ""))
		time.Sleep(100 * time.Millisecond)
		for _, want := range []string{"5 busy", "2 canceled", "0 answered", "1 answered"} {
			if got := <-ended; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
		calls[3].Cancel()
		calls[3].Cancel()
		calls[4].Cancel()
		checkEmpty(t, e)
	})
}

// TestSlowHandler: a peer whose requests wait for replies fills its own places, gets
// 5.03 then, and nobody else waits.
func TestSlowHandler(t *testing.T) {
	var replies []func(*Response)
	handler := func(_ Peer, req *Request, reply func(*Response)) {
		if req.Path == "slow" {
			replies = append(replies, reply)
			return
		}
		reply(&Response{Code: codes.Content})
	}
	withScript(t, Config{Handler: handler, MaxPending: 10}, func(t *testing.T, e *Endpoint, s *script) {
		for i := range 25 {
			s.send(packet(message.NonConfirmable, codes.GET, uint16(i), "t", "", option(message.URIPath, "slow")))
		}
		other := &script{s.net.conn(3), t, e.LocalAddr()}
		start := time.Now()
		other.send(packet(message.Confirmable, codes.GET, 1, "t", ""))
		other.expect("ACK 2.05")
		if d := time.Since(start); d != 2*time.Millisecond {
			t.Errorf("another peer waited %v", d)
		}
		for range 15 {
			f := s.expect("NON 5.03")
			var o options
			if o.read(f.opts); o.maxAge == nil || *o.maxAge != 1 {
				t.Error("5.03 does not say when to come again")
			}
		}
		synctest.Wait()
		if len(replies) != 10 {
			t.Fatalf("handler was called %d times, want 10", len(replies))
		}
		replies[0](&Response{Code: codes.Content})
		replies[0](&Response{Code: codes.Content}) // only once
		s.expect("NON 2.05")
		s.silence(time.Second)
		s.send(packet(message.NonConfirmable, codes.GET, 100, "t", ""))
		s.expect("NON 2.05")
		// Those that are never answered give their places back.
		time.Sleep(250 * time.Second)
		synctest.Wait()
		checkEmpty(t, e)
		replies[1](&Response{Code: codes.Content})
		s.silence(time.Second)
	})
}

// TestGarbageStorm: a storm of random datagrams from ever new addresses leaves room
// and memory for others.
func TestGarbageStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		n := newMemNet()
		e := listen(t, Config{Conn: n.conn(1), Handler: echo, MaxPeers: 50})
		s := &script{n.conn(2), t, e.LocalAddr()}
		b := make([]byte, 64)
		for i := range 20_000 {
			for j := range b {
				b[j] = byte(rng.Uint32())
			}
			if i%2 == 0 {
				b[0] = 0x40 | b[0]&0x3f // the right version
			}
			sendAll(e, spoofed(i), b[:rng.IntN(len(b))])
		}
		s.send(packet(message.Confirmable, codes.GET, 1, "t", "hello"))
		s.expect("ACK 2.05")
		if st := e.Stats(); remembered(e) > 50 || st.Malformed < 10_000 || st.Dropped > 0 {
			t.Errorf("%d peers, stats %+v", remembered(e), st)
		}
		time.Sleep(300 * time.Second)
		synctest.Wait()
		checkEmpty(t, e)
		checkDedup(t, e)
	})
}

// sendAll gives e datagrams without a network.
func sendAll(e *Endpoint, from netip.AddrPort, packets ...[]byte) {
	r := receiver{e: e}
	for _, p := range packets {
		r.receive(p, Path{Peer: from})
	}
}

func spoofed(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 1)
}

// remembered counts those of the peers that e remembers, or all that it does.
func remembered(e *Endpoint, peers ...Peer) (n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range peers {
		if e.peers[peerKey{addr: p.Addr()}] != nil {
			n++
		}
	}
	if len(peers) == 0 {
		n = len(e.peers)
	}
	return n
}

// TestManyPeers: requests from more addresses than are remembered push out the
// longest idle ones, but none with which something is under way.
func TestManyPeers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := listen(t, Config{Conn: newDeafConn(), Handler: echo, MaxPeers: 100})
		busy := e.Peer(netip.MustParseAddrPort("192.0.2.1:1"))
		done := make(chan error, 1)
		c := e.Start(t.Context(), busy, get, func(_ *Response, err error) { done <- err })
		idle := e.Peer(netip.MustParseAddrPort("192.0.2.2:1"))
		sendAll(e, idle.Addr(), packet(message.Confirmable, codes.GET, 1, "t", ""))
		if st := idle.Stats(); st.Received != 1 {
			t.Errorf("stats of a peer: %+v", st)
		}
		for i := range 10_000 {
			sendAll(e, spoofed(i), packet(message.Confirmable, codes.GET, 1, "t", "hello"))
		}
		if n := remembered(e); n != 100 {
			t.Errorf("%d peers are remembered", n)
		}
		if remembered(e, busy) != 1 || remembered(e, idle) != 0 {
			t.Error("the busy peer was forgotten or the idle one was not")
		}
		if st := e.Stats(); st.Received != 10_001 || st.Dropped != 0 {
			t.Errorf("stats: %+v", st)
		}
		// The handle of a forgotten peer goes on to work.
		if st := idle.Stats(); st.Received != 0 {
			t.Errorf("stats of a forgotten peer: %+v", st)
		}
		d := e.Start(t.Context(), idle, get, func(*Response, error) {})
		if remembered(e, idle) != 1 {
			t.Error("the forgotten peer was not remembered again")
		}
		c.Cancel()
		d.Cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// TestAllPeersBusy: when something is under way with everybody who is remembered,
// strangers' requests are dropped.
func TestAllPeersBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := listen(t, Config{Conn: newDeafConn(), Handler: func(Peer, *Request, func(*Response)) {}, MaxPeers: 100})
		for i := range 1000 {
			sendAll(e, spoofed(i), packet(message.NonConfirmable, codes.GET, 1, "t", "hello"))
		}
		if st := e.Stats(); remembered(e) != 100 || st.Dropped != 900 {
			t.Errorf("%d peers, stats %+v", remembered(e), st)
		}
		_, err := e.Peer(spoofed(5000)).Do(t.Context(), get)
		if !errors.Is(err, ErrBusy) {
			t.Errorf("got %v", err)
		}
	})
}

// TestFloodOfAnswers: the answers kept for duplicates are bounded for one peer and
// for all.
func TestFloodOfAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := Config{Conn: newDeafConn(), Handler: echo, DedupMessages: 100, DedupBytes: 20_000, MaxDedupBytes: 100_000}
		e := listen(t, cfg)
		payload := strings.Repeat("x", 1000)
		for i := range 20 {
			for mid := range 200 {
				sendAll(e, spoofed(i), packet(message.Confirmable, codes.GET, uint16(mid), "t", payload[:mid*5]))
			}
			e.mu.Lock()
			if p := e.peers[peerKey{addr: spoofed(i)}]; p.memory.len() > 100 || p.memory.replies > 20_000 {
				t.Errorf("%d messages, %d bytes for one peer", p.memory.len(), p.memory.replies)
			}
			if e.dedupBytes > 100_000 {
				t.Errorf("%d bytes for all", e.dedupBytes)
			}
			e.mu.Unlock()
		}
		checkDedup(t, e)
		time.Sleep(300 * time.Second)
		synctest.Wait()
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.dedupBytes != 0 {
			t.Errorf("%d bytes are left", e.dedupBytes)
		}
	})
}

// TestFloodOfMessages: what is remembered of many peers' messages stays in bounds,
// also when nothing is answered. The heap is asked, so that all of it counts.
func TestFloodOfMessages(t *testing.T) {
	const limit = 1 << 20
	e := listen(t, Config{
		Conn: newDeafConn(), MaxDedupBytes: limit, MaxPeers: 1000,
		Handler: func(_ Peer, _ *Request, reply func(*Response)) { reply(nil) },
	})
	heap := func() int {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	before := heap()
	for i := range 1000 {
		r, path := receiver{e: e}, Path{Peer: spoofed(i)}
		for mid := range 200 {
			r.receive(packet(message.NonConfirmable, codes.GET, uint16(mid), "", ""), path)
		}
	}
	took := heap() - before
	t.Logf("%d bytes for 1000 peers", took)
	checkDedup(t, e)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.dedupBytes > limit {
		t.Errorf("%d bytes counted", e.dedupBytes)
	}
	if most := limit + 1000<<10; took > most {
		t.Errorf("1000 peers with 200 messages each take %d bytes, want at most %d", took, most)
	}
	if newest := e.peers[peerKey{addr: spoofed(999)}]; newest.memory.len() != 200 {
		t.Errorf("%d messages of the newest peer are remembered, want 200", newest.memory.len())
	}
}

// checkDedup compares the count of remembered bytes with what is there.
func checkDedup(tb testing.TB, e *Endpoint) {
	e.mu.Lock()
	defer e.mu.Unlock()
	sum := 0
	for _, p := range e.peers {
		bytes := 0
		for seq := p.memory.first; seq < p.memory.next; seq++ {
			bytes += len(p.memory.at(seq).reply)
		}
		if bytes != p.memory.replies || len(p.memory.index) > p.memory.len() {
			tb.Errorf("%s: %d bytes counted, %d there; %d ids for %d messages", p.id, p.memory.replies, bytes, len(p.memory.index), p.memory.len())
		}
		sum += p.memory.size()
	}
	if sum != e.dedupBytes {
		tb.Errorf("%d bytes counted for all, %d there", e.dedupBytes, sum)
	}
}

// TestFloodOfBlocks: bodies that are begun and never end are bounded for one peer
// and for all, and don't push out one that makes progress. When the flood is over,
// others have room again after a moment.
func TestFloodOfBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := 0
		handler := func(_ Peer, req *Request, reply func(*Response)) {
			got = len(req.Body)
			reply(&Response{Code: codes.Changed})
		}
		e := listen(t, Config{Conn: newDeafConn(), Handler: handler, MaxTransfers: 4, MaxBlockBytes: 100 << 10})
		honest := netip.MustParseAddrPort("192.0.2.1:1")
		payload := strings.Repeat("x", 1024)
		first := 0
		upload := func(num int, more bool, payload string) {
			sendAll(e, honest, block1(uint16(first+num), "honest", "", uint32(num), more, 1024, payload))
		}
		mid := uint16(0)
		for num := range 20 {
			upload(num, true, payload)
			for i := range 30 {
				for range 5 {
					mid++
					sendAll(e, spoofed(i), block1(mid, fmt.Sprint(mid), "", 0, true, 1024, payload))
				}
			}
			e.mu.Lock()
			for _, p := range e.peers {
				if len(p.uploads) > 4 {
					t.Errorf("%d bodies of one peer", len(p.uploads))
				}
			}
			if e.blockBytes > 100<<10 {
				t.Errorf("%d bytes of blocks", e.blockBytes)
			}
			e.mu.Unlock()
			time.Sleep(100 * time.Millisecond)
		}
		upload(20, false, "end")
		if got != 20*1024+3 {
			t.Errorf("the honest body has %d bytes", got)
		}
		time.Sleep(standsStill)
		first = 100
		for num := range 90 {
			upload(num, true, payload)
		}
		if upload(90, false, "end"); got != 90*1024+3 {
			t.Errorf("the next honest body has %d bytes", got)
		}
		time.Sleep(40 * time.Second)
		synctest.Wait()
		checkEmpty(t, e)
	})
}
