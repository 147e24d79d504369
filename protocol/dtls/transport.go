package dtls

import (
	"bytes"
	"container/list"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"vapd/protocol/coap"
)

var errClosed = fmt.Errorf("dtls: the transport is closed: %w", net.ErrClosed)

// Transport is a coap.PacketConn over one UDP socket, client and server at once. It does
// everything that comes in within ReadPacket, so an Endpoint has to read it for Associate
// to get anywhere.
type Transport struct {
	cfg  Config
	conn coap.PacketConn
	done chan struct{}
	wg   sync.WaitGroup

	ready []packet // decrypted, not returned yet; of the reading goroutine

	mu         sync.Mutex // never held while a callback runs or the socket is used
	closed     bool
	made       uint64 // associations, ever
	all        map[*coap.Association]*association
	byCID      map[uint64]*association
	byAddr     map[netip.AddrPort]*association // those without a CID of ours
	byIdentity map[string][]*association       // of strangers, the oldest first
	idle       list.List                       // *association, the longest idle first
	superseded list.List                       // *association, the earliest first
	onEnd      func(*coap.Association)

	handshakes map[netip.AddrPort]*handshake
	halfOpen   int                  // of strangers
	perAddress map[netip.Prefix]int // of them
	unproven   list.List            // *handshake, the oldest first
	greylist   *greylist
	stats      Stats
}

type packet struct {
	payload []byte
	path    coap.Path
}

// Stats count what happened on a Transport.
type Stats struct {
	Associations int    // now
	HalfOpen     int    // handshakes of strangers, now
	Finished     uint64 // handshakes, both sides
	Failed       uint64 // handshakes: wrong key, unknown identity, no answer
	Refused      uint64 // hellos for lack of room
	Dropped      uint64 // datagrams that belong to nothing, or are no DTLS
	Forged       uint64 // datagrams that no key authenticates, or that came before
	Moved        uint64 // times that a peer was heard from a new address
}

// Listen opens the socket of cfg.
func Listen(cfg Config) (*Transport, error) {
	cfg.setDefaults()
	t := &Transport{
		cfg: cfg, conn: cfg.Conn, done: make(chan struct{}),
		all:        make(map[*coap.Association]*association),
		byCID:      make(map[uint64]*association),
		byAddr:     make(map[netip.AddrPort]*association),
		byIdentity: make(map[string][]*association),
		handshakes: make(map[netip.AddrPort]*handshake),
		perAddress: make(map[netip.Prefix]int),
	}
	if t.conn == nil {
		conn, err := coap.ListenUDP(cfg.Addr)
		if err != nil {
			return nil, err
		}
		t.conn = conn
	}
	t.wg.Go(t.sweep)
	return t, nil
}

// LocalAddr is the address and port of the socket.
func (t *Transport) LocalAddr() netip.AddrPort { return t.conn.LocalAddr() }

// Unwrap is the socket under the Transport.
func (t *Transport) Unwrap() coap.PacketConn { return t.conn }

// OnEnd sets who is told, from any goroutine, that an association has ended. An Endpoint
// sets itself.
func (t *Transport) OnEnd(ended func(*coap.Association)) {
	t.mu.Lock()
	t.onEnd = ended
	t.mu.Unlock()
}

// Stats are the counters at this moment.
func (t *Transport) Stats() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.stats
	s.Associations, s.HalfOpen = len(t.all), t.halfOpen
	return s
}

// End ends an association, and tells its peer.
func (t *Transport) End(a *coap.Association) {
	t.mu.Lock()
	known := t.all[a]
	t.mu.Unlock()
	if known != nil {
		t.end(known)
	}
}

// Revoke ends what strangers made with the identities that are void, handshakes
// included. Take their keys away first.
func (t *Transport) Revoke(void func(identity string) bool) {
	underWay := make(map[*handshake]string)
	t.mu.Lock()
	for _, h := range t.handshakes {
		if !h.client {
			underWay[h] = h.identity
		}
	}
	t.mu.Unlock()
	for h, identity := range underWay {
		if void(identity) {
			h.cancel()
		}
	}
	var made, end []*association // those of handshakes that were faster included
	t.mu.Lock()
	for _, as := range t.byIdentity {
		made = append(made, as...)
	}
	t.mu.Unlock()
	for _, a := range made {
		if void(a.Identity) {
			end = append(end, a)
		}
	}
	t.end(end...)
}

// Close says goodbye to every peer, closes the socket and joins the goroutines.
func (t *Transport) Close() error {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return nil
	}
	t.closed = true
	all := make([]*association, 0, len(t.all))
	for _, a := range t.all {
		all = append(all, a)
	}
	for _, h := range t.handshakes {
		h.cancel()
	}
	t.mu.Unlock()
	close(t.done)
	t.end(all...)
	err := t.conn.Close()
	t.wg.Wait()
	return err
}

// ReadPacket returns the next datagram of an association, or a plain one.
func (t *Transport) ReadPacket(b []byte) (int, coap.Path, error) {
	for {
		if len(t.ready) > 0 {
			p := t.ready[0]
			t.ready = t.ready[1:]
			return copy(b, p.payload), p.path, nil
		}
		n, path, err := t.conn.ReadPacket(b)
		if err != nil {
			return 0, coap.Path{}, err
		}
		// RFC 7983 tells protocols apart by the first byte; CoAP's has its version in
		// the upper two bits.
		if n > 0 && b[0]>>6 == 1 && t.cfg.Plain {
			return n, path, nil
		}
		path.Peer = netip.AddrPortFrom(path.Peer.Addr().Unmap(), path.Peer.Port())
		t.ready = t.ready[:0]
		t.receive(b[:n], path)
		if len(t.ready) > 1 { // their memory is b
			for i := range t.ready {
				t.ready[i].payload = bytes.Clone(t.ready[i].payload)
			}
		}
	}
}

// WritePacket sends to an association, wherever it was heard last, or plain.
func (t *Transport) WritePacket(b []byte, to coap.Path) error {
	if to.Association == nil {
		if !t.cfg.Plain {
			return fmt.Errorf("dtls: %v has no association, and plain CoAP is off: call Associate first", to.Peer)
		}
		return t.conn.WritePacket(b, to)
	}
	t.mu.Lock()
	a := t.all[to.Association]
	var path coap.Path
	if a != nil {
		path = a.path
	}
	t.mu.Unlock()
	if a == nil {
		return coap.ErrEnded
	}
	raw, err := a.seal(typeApplication, b)
	if err != nil {
		return fmt.Errorf("dtls: %w", err)
	}
	if err := t.conn.WritePacket(raw, path); err != nil {
		// The address it should leave from may be gone: leave that to the system.
		t.mu.Lock()
		if a.elem != nil && a.path == path {
			a.path.Local, a.path.Interface = netip.Addr{}, 0
		}
		t.mu.Unlock()
		return err
	}
	return nil
}

// receive deals with a datagram that is not plain CoAP.
func (t *Transport) receive(d []byte, path coap.Path) {
	r, _, ok := nextRecord(d)
	t.mu.Lock()
	if !ok || t.closed {
		t.stats.Dropped++
		t.mu.Unlock()
		return
	}
	var a *association
	switch {
	case r.typ == typeCID:
		a = t.byCID[r.cid]
	case r.epoch > 0:
		a = t.byAddr[path.Peer]
	}
	h := t.handshakes[path.Peer]
	t.mu.Unlock()
	if a != nil {
		records := d
		if h != nil { // who wants them whole, if they turn out to be its own
			records = bytes.Clone(d)
		}
		if t.open(a, records, path) {
			return
		}
	}
	if r.epoch > 0 { // the end of a flight that was reordered, or nothing of ours
		if h == nil || !h.put(d) {
			t.count(&t.stats.Dropped)
		}
		return
	}
	t.shake(h, &r, d, path)
}

func (t *Transport) count(c *uint64) {
	t.mu.Lock()
	*c++
	t.mu.Unlock()
}

// open takes the records of an association. It reports whether one was authentic.
func (t *Transport) open(a *association, d []byte, path coap.Path) (authentic bool) {
	for len(d) > 0 {
		r, rest, ok := nextRecord(d)
		if !ok {
			break
		}
		d = rest
		typ, payload, ok := a.open(&r)
		if !ok {
			continue
		}
		authentic = true
		way := t.heard(a, path, a.window.note(r.seq))
		switch typ {
		case typeApplication:
			t.ready = append(t.ready, packet{payload, way})
		case typeAlert: // fatal, or close_notify: both end it
			if len(payload) == 2 && (payload[0] == 2 || payload[1] == 0) {
				t.end(a)
			}
		}
	}
	if !authentic {
		t.count(&t.stats.Forged)
	}
	return authentic
}

// heard adopts where an authentic record came from, when none newer came from elsewhere
// (RFC 9146 section 6). It returns where the peer is.
func (t *Transport) heard(a *association, path coap.Path, newest bool) coap.Path {
	t.mu.Lock()
	defer t.mu.Unlock()
	if a.elem != nil {
		a.heard = time.Now()
		t.idle.MoveToBack(a.elem)
		if newest {
			if a.path.Peer != path.Peer {
				t.stats.Moved++
			}
			a.path = path
		}
	}
	path = a.path
	path.Association = &a.Association
	return path
}
