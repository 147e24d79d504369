package dtls

import (
	"container/list"
	"context"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"time"

	"vapd/protocol/coap"
)

// association is what one handshake made. It has no goroutine and no buffer.
type association struct {
	coap.Association
	cipher  recordCipher
	client  bool // we are
	hasCID  bool // the peer sends ours
	cid     uint64
	sendCID []byte
	sent    atomic.Uint64 // our next record

	window window // of the reading goroutine

	// All below is guarded by Transport.mu, and stays when the association has ended.
	path       coap.Path // where it was heard last
	heard      time.Time
	elem       *list.Element // in Transport.idle; nil when ended
	superseded time.Time     // when a newer one of the same identity finished; or zero
}

func newAssociation(s *secrets, identity string, path coap.Path) (*association, error) {
	c, err := s.cipher()
	if err != nil {
		return nil, err
	}
	a := &association{cipher: c, client: s.IsClient, sendCID: s.RemoteConnectionID, path: path}
	a.Identity = identity
	if n := len(s.LocalConnectionID); n == cidSize {
		a.hasCID, a.cid = true, binary.BigEndian.Uint64(s.LocalConnectionID)
	} else if n > 0 {
		return nil, fmt.Errorf("dtls: connection id of %d bytes", n)
	}
	a.sent.Store(s.SequenceNumber)
	// What came in the handshake must not come again.
	a.window = window{next: s.RemoteSequenceNumber, seen: ^uint64(0)}
	return a, nil
}

// install takes up a finished association, and ends those that it replaces or that there
// is no room for. ctx is the handshake's, which Revoke may have ended.
func (t *Transport) install(ctx context.Context, a *association) error {
	var end []*association
	defer func() { t.goodbye(end) }()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return errClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for len(t.all) >= t.cfg.MaxAssociations {
		end = append(end, t.remove(t.idle.Front().Value.(*association)))
	}
	t.made++
	a.N, a.heard = t.made, time.Now()
	if a.hasCID {
		t.byCID[a.cid] = a
	} else {
		if old := t.byAddr[a.path.Peer]; old != nil { // out of reach from now on
			end = append(end, t.remove(old))
		}
		t.byAddr[a.path.Peer] = a
	}
	t.all[&a.Association] = a
	a.elem = t.idle.PushBack(a)
	if a.client {
		return nil
	}
	older := t.byIdentity[a.Identity]
	for len(older) >= t.cfg.MaxPerIdentity {
		end = append(end, t.remove(older[0]))
		older = t.byIdentity[a.Identity]
	}
	for _, o := range older {
		if o.superseded.IsZero() {
			o.superseded = a.heard
			t.superseded.PushBack(o)
		}
	}
	t.byIdentity[a.Identity] = append(older, a)
	return nil
}

// remove forgets an association; the caller says goodbye. mu is held.
func (t *Transport) remove(a *association) *association {
	delete(t.all, &a.Association)
	t.idle.Remove(a.elem)
	a.elem = nil
	switch {
	case a.hasCID:
		delete(t.byCID, a.cid)
	case t.byAddr[a.path.Peer] == a:
		delete(t.byAddr, a.path.Peer)
	}
	if a.client {
		return a
	}
	var rest []*association // of its own, as the older may be under way
	for _, o := range t.byIdentity[a.Identity] {
		if o != a {
			rest = append(rest, o)
		}
	}
	if len(rest) == 0 {
		delete(t.byIdentity, a.Identity)
	} else {
		t.byIdentity[a.Identity] = rest
	}
	return a
}

// end ends associations, those that have not ended. mu is not held.
func (t *Transport) end(as ...*association) {
	var end []*association
	t.mu.Lock()
	for _, a := range as {
		if a.elem != nil {
			end = append(end, t.remove(a))
		}
	}
	t.mu.Unlock()
	t.goodbye(end)
}

// goodbye tells the peers (close_notify, RFC 5246 section 7.2.1) and the Endpoint of
// associations that were removed. mu is not held.
func (t *Transport) goodbye(end []*association) {
	if len(end) == 0 {
		return
	}
	t.mu.Lock()
	ended := t.onEnd
	t.mu.Unlock()
	for _, a := range end {
		if raw, err := a.seal(typeAlert, []byte{warning, closeNotify}); err == nil {
			_ = t.conn.WritePacket(raw, a.path) // a courtesy
		}
		t.cfg.Logger.Debug("dtls: association has ended", "identity", a.Identity, "n", a.N)
		if ended != nil {
			ended(&a.Association)
		}
	}
}

// sweep ends what was idle or superseded for too long, until Close.
func (t *Transport) sweep() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-t.done:
			return
		case now := <-tick.C:
			t.end(t.expired(now)...)
		}
	}
}

// expired forgets old handshakes and returns the associations that should end.
func (t *Transport) expired(now time.Time) []*association {
	var end []*association
	t.mu.Lock()
	defer t.mu.Unlock()
	for el := t.idle.Front(); el != nil; el = el.Next() {
		a := el.Value.(*association)
		if now.Sub(a.heard) < t.cfg.IdleTimeout {
			break
		}
		end = append(end, a)
	}
	for el := t.superseded.Front(); el != nil; el = t.superseded.Front() {
		a := el.Value.(*association)
		if a.elem != nil && now.Sub(a.superseded) < t.cfg.SupersedeAfter {
			break
		}
		t.superseded.Remove(el)
		end = append(end, a)
	}
	for addr, h := range t.handshakes {
		if h.done && now.Sub(h.begun) > t.cfg.HandshakeTimeout {
			delete(t.handshakes, addr)
		}
	}
	for el := t.unproven.Front(); el != nil; el = t.unproven.Front() {
		h := el.Value.(*handshake)
		if now.Sub(h.begun) < unprovenFor {
			break
		}
		t.forget(h)
	}
	return end
}
