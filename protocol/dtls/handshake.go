package dtls

import (
	"bytes"
	"container/list"
	"context"
	"crypto/rand"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	pion "github.com/pion/dtls/v3"

	"vapd/protocol/coap"
)

const (
	// flightInterval is the first retransmission timeout; it doubles (RFC 6347 section
	// 4.2.4.1). A home's network answers in less than the second that the RFC names.
	flightInterval = 500 * time.Millisecond
	// refuseAfter is how long after the client named its identity its Finished must have
	// been verified: clients repeat a lost one after one second, and two more; one on
	// GnuTLS when our flight comes for the fourth time, after 3.5 s.
	refuseAfter = 5 * time.Second
	// unprovenFor is how long a stranger may take to return the cookie.
	unprovenFor = 3 * time.Second
	// replaceAfter is how old an unfinished handshake must be for another hello from
	// its address to take its place.
	replaceAfter = 2 * time.Second
	// mtu bounds the datagrams of a handshake: less than 1,280 bytes (IPv6) with the
	// headers of IP and UDP.
	mtu = 1200
	// maxRepeats bounds how often the last flight is sent again.
	maxRepeats = 8
)

// handshake is one under way with an address, by pion. A server's stays for a while to
// repeat its last flight.
type handshake struct {
	t      *Transport
	path   coap.Path
	client bool
	pipe   *pipe
	random []byte // of the hello that began it
	begun  time.Time
	cancel context.CancelFunc
	alert  atomic.Int32 // of the server, plus one
	final  []byte       // our last flight; not sent before the association stands

	// All below is guarded by Transport.mu.
	identity string // that the client named
	elem     *list.Element
	done     bool
	repeats  int
}

// put gives pion a datagram.
func (h *handshake) put(d []byte) bool {
	h.t.mu.Lock()
	done := h.done
	h.t.mu.Unlock()
	return !done && h.pipe.put(d)
}

// shake deals with a datagram of the handshake in clear. h is what is known of its
// address, or nil.
func (t *Transport) shake(h *handshake, r *record, d []byte, path coap.Path) {
	typ, seq, _ := r.handshakeType()
	hello := typ == clientHello && seq == 0
	switch {
	case h == nil && !hello && (typ == clientHello || typ == clientKeyExchange) && t.cfg.Keys != nil:
		t.astray(path)
	case h == nil || hello && t.replaced(h, r.helloRandom()):
		if !hello || t.cfg.Keys == nil || !t.admit(r, d, path) {
			t.count(&t.stats.Dropped)
		}
	case h.client && r.typ == typeAlert:
		h.warned(r.body)
	case !h.put(d):
		t.repeat(h, typ)
	}
}

// replaced reports whether a hello begins another handshake of an address.
func (t *Transport) replaced(h *handshake, random []byte) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !h.client && !bytes.Equal(random, h.random) && (h.done || time.Since(h.begun) > replaceAfter)
}

// repeat sends the last flight again, to a client that repeats its own.
func (t *Transport) repeat(h *handshake, typ byte) {
	t.mu.Lock()
	again := h.done && typ == clientKeyExchange && h.repeats < maxRepeats
	if again {
		h.repeats++
	} else {
		t.stats.Dropped++
	}
	t.mu.Unlock()
	if again {
		_ = t.conn.WritePacket(h.final, h.path)
	}
}

// admit begins the handshake of a stranger, when there is room.
func (t *Transport) admit(r *record, d []byte, path coap.Path) bool {
	random := r.helloRandom()
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.handshakes[path.Peer]
	if random == nil || old != nil && old.client || !t.room(path, random) {
		return false
	}
	if old != nil {
		t.forget(old)
	}
	h := t.newHandshake(path, false)
	h.random = bytes.Clone(random)
	ctx, cancel := context.WithTimeout(context.Background(), t.cfg.HandshakeTimeout)
	h.cancel = cancel
	h.elem = t.unproven.PushBack(h)
	t.handshakes[path.Peer] = h
	t.halfOpen++
	t.perAddress[home(path)]++
	h.pipe.put(d)
	t.wg.Go(func() {
		defer cancel()
		h.serve(ctx)
	})
	return true
}

// room makes room for another stranger, at the cost of the one who has proven nothing
// for the longest. mu is held.
func (t *Transport) room(path coap.Path, random []byte) bool {
	limit := max(t.cfg.MaxHandshakes/4, 1)
	if t.unproven.Len() > limit/2 {
		if t.greylist == nil {
			t.greylist = newGreylist()
		}
		if !t.greylist.repeated(path.Peer, random) {
			return false
		}
	}
	if t.closed || t.halfOpen >= t.cfg.MaxHandshakes || t.perAddress[home(path)] >= max(t.cfg.MaxHandshakes/4, 1) {
		t.stats.Refused++
		return false
	}
	if t.unproven.Len() >= limit {
		t.stats.Refused++
		t.forget(t.unproven.Front().Value.(*handshake))
	}
	return true
}

// home is whose handshakes count together: an IPv4 address, or a /64.
func home(path coap.Path) netip.Prefix {
	bits := 32
	if path.Peer.Addr().Is6() {
		bits = 64
	}
	p, _ := path.Peer.Addr().WithZone("").Prefix(bits)
	return p
}

// forget ends a handshake. mu is held.
func (t *Transport) forget(h *handshake) {
	h.cancel()
	if t.handshakes[h.path.Peer] == h {
		delete(t.handshakes, h.path.Peer)
	}
	t.proven(h)
}

// proven takes h off the unproven. mu is held.
func (t *Transport) proven(h *handshake) {
	if h.elem != nil {
		t.unproven.Remove(h.elem)
		h.elem = nil
	}
}

// newHandshake is one that nobody knows of yet.
func (t *Transport) newHandshake(path coap.Path, client bool) *handshake {
	h := &handshake{t: t, path: path, client: client, begun: time.Now(), cancel: func() {}}
	h.pipe = newPipe(net.UDPAddrFromAddrPort(path.Peer), h.send)
	return h
}

// send passes on what pion sends.
func (h *handshake) send(b []byte) {
	r, _, ok := nextRecord(b)
	if ok && !h.client {
		switch typ, _, clear := r.handshakeType(); {
		case r.typ == typeChangeCipherSpec:
			h.final = bytes.Clone(b)
			return
		case clear && typ != helloVerifyRequest: // it returned the cookie
			h.t.mu.Lock()
			h.t.proven(h)
			h.t.mu.Unlock()
		}
	}
	_ = h.t.conn.WritePacket(b, h.path) // what is lost is sent again
}

// serve is the server's side.
func (h *handshake) serve(ctx context.Context) {
	t := h.t
	var timer *time.Timer
	conn, err := pion.ServerWithOptions(h.pipe, h.pipe.addr,
		pion.WithCipherSuites(suites()...),
		pion.WithPSK(func(identity []byte) ([]byte, error) {
			key := h.key(string(identity))
			timer = time.AfterFunc(refuseAfter, h.refuse)
			return key, nil
		}),
		pion.WithPSKIdentityHint([]byte(t.cfg.Hint)),
		pion.WithConnectionIDGenerator(pion.RandomCIDGenerator(cidSize)),
		pion.WithFlightInterval(flightInterval),
		pion.WithMTU(mtu),
		pion.WithLoggerFactory(pionLogger{t.cfg.Logger}),
	)
	var a *association
	if err == nil {
		a, err = h.run(ctx, conn)
	}
	if timer != nil {
		timer.Stop()
	}
	err = t.finished(ctx, h, a, err)
	t.mu.Lock()
	t.halfOpen--
	if n := home(h.path); t.perAddress[n] > 1 {
		t.perAddress[n]--
	} else {
		delete(t.perAddress, n)
	}
	t.proven(h)
	h.done = err == nil
	if err != nil {
		t.forget(h)
	}
	t.mu.Unlock()
	if err == nil { // the association stands: the client may know
		_ = t.conn.WritePacket(h.final, h.path)
	}
}

// key finds the client's key. An identity that is not known gets one that nobody knows,
// so that it fails as a wrong key does, at the same cost (RFC 4279 section 2).
func (h *handshake) key(identity string) []byte {
	h.t.mu.Lock()
	h.identity = identity
	h.t.mu.Unlock()
	if len(identity) <= maxIdentity {
		if key, ok := h.t.cfg.Keys(identity); ok && len(key) > 0 {
			return key
		}
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	return key
}

// refuse ends a handshake whose Finished could not be verified in time.
func (h *handshake) refuse() {
	h.t.mu.Lock()
	done := h.done
	h.t.mu.Unlock()
	if done {
		return
	}
	h.t.warn(h.path, 1, decryptError)
	h.cancel()
}

// astray tells a client in the middle of a handshake that the server knows nothing of it,
// since it was restarted or had no room: it need not wait for an answer. The alert is
// smaller than what it answers.
func (t *Transport) astray(path coap.Path) {
	t.count(&t.stats.Dropped)
	t.warn(path, 0, unexpectedMessage)
}

// warn sends a fatal alert in clear.
func (t *Transport) warn(path coap.Path, number, alert byte) {
	_ = t.conn.WritePacket([]byte{typeAlert, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, number, 0, 2, fatal, alert}, path)
}

// run shakes hands and makes the association.
func (h *handshake) run(ctx context.Context, conn *pion.Conn) (*association, error) {
	defer conn.Close()
	err := conn.HandshakeContext(ctx)
	_ = h.pipe.Close() // pion writes nothing from here on
	if err != nil {
		return nil, err
	}
	s, err := secretsOf(conn)
	if err != nil {
		return nil, err
	}
	identity := h.identity
	if !h.client {
		identity = string(s.IdentityHint)
	}
	return newAssociation(s, identity, h.path)
}

// finished installs what a handshake made, and counts.
func (t *Transport) finished(ctx context.Context, h *handshake, a *association, err error) error {
	log := t.cfg.Logger.With("peer", h.path.Peer, "identity", h.identity)
	if err == nil {
		err = t.install(ctx, a)
	}
	if err != nil {
		t.count(&t.stats.Failed)
		log.Debug("dtls: handshake failed", "err", err)
		return err
	}
	t.count(&t.stats.Finished)
	log.Debug("dtls: handshake finished", "n", a.N, "cid", a.hasCID)
	return nil
}
