package coap

import (
	"container/list"
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"
)

// peerKey is what tells peers apart: the association, or else the address and port.
type peerKey struct {
	addr        netip.AddrPort
	association *Association
}

func (p Path) key() peerKey {
	if p.Association != nil {
		return peerKey{association: p.Association}
	}
	return peerKey{addr: p.Peer}
}

// peer is what the Endpoint knows of one association, or of one address and port. A
// peer that was forgotten for lack of room still serves as a handle: its methods find
// or make the present one.
type peer struct {
	e   *Endpoint
	id  PeerID
	key peerKey
	peerState
}

// peerState is guarded by Endpoint.mu.
type peerState struct {
	elem        *list.Element // in e.idle; nil when forgotten
	path        Path          // on which it was last heard
	nextMID     uint16
	exchanges   map[uint16]*exchange // by our message id
	calls       map[token]*Call      // that wait for a response
	queue       []*Call              // that wait for their turn
	outstanding int                  // of calls, against NSTART
	pending     int                  // its requests that we have not done with
	memory      memory
	rto         rtoEstimator
	proof       proof
	observers   map[token]*Observer    // of our resources
	observing   map[token]*Observation // of its resources
	uploads     []*transfer
	answers     []*transfer
	stats       Stats
}

func (p *peer) ID() PeerID { return p.id }

func (p *peer) Addr() netip.AddrPort {
	if p.key.association == nil {
		return p.key.addr
	}
	p.e.mu.Lock()
	defer p.e.mu.Unlock()
	return p.present().path.Peer
}

func (p *peer) Verified() bool { return p.key.association != nil }

func (p *peer) Identity() string {
	if p.key.association == nil {
		return ""
	}
	return p.key.association.Identity
}

// present is the peer as the Endpoint knows it now, or p when it was forgotten. mu is
// held.
func (p *peer) present() *peer {
	if known := p.e.peers[p.key]; known != nil {
		return known
	}
	return p
}

func (p *peer) Do(ctx context.Context, req *Request) (*Response, error) {
	return p.e.do(ctx, p, req)
}

func (p *peer) Start(ctx context.Context, req *Request, done func(*Response, error)) *Call {
	return p.e.start(ctx, p, req, done)
}

func (p *peer) Stats() Stats {
	p.e.mu.Lock()
	defer p.e.mu.Unlock()
	p = p.present()
	s := p.stats
	s.RTT = p.rto.strong.srtt
	if s.RTT == 0 {
		s.RTT = p.rto.weak.srtt
	}
	return s
}

// newPeer makes a peer that is not remembered yet.
func (e *Endpoint) newPeer(path Path) *peer {
	id := PeerID("udp:" + path.Peer.String())
	if a := path.Association; a != nil {
		id = PeerID(fmt.Sprintf("dtls:%s#%d", a.Identity, a.N))
	}
	way := Path{Peer: path.Peer, Association: path.Association}
	return &peer{e: e, id: id, key: path.key(), peerState: e.newPeerState(way)}
}

func (e *Endpoint) newPeerState(path Path) peerState {
	trusted := path.Association != nil || e.cfg.Trusted(path.Peer.Addr())
	return peerState{path: path, nextMID: uint16(rand.Uint32()), proof: proof{trusted: trusted}}
}

// remember returns the peer of path, made when there is none, as the least idle
// one; nil when there is no room since all are busy. mu is held.
func (e *Endpoint) remember(path Path, handle *peer) *peer {
	if p := e.peers[path.key()]; p != nil {
		e.idle.MoveToBack(p.elem)
		return p
	}
	if len(e.peers) >= e.cfg.MaxPeers && !e.forgetIdle() {
		return nil
	}
	p := handle
	if p == nil {
		p = e.newPeer(path)
	}
	p.elem = e.idle.PushBack(p)
	e.peers[path.key()] = p
	return p
}

// forgetIdle forgets the longest idle peer. Busy ones are passed over (and then
// count as the least idle), a few at most.
func (e *Endpoint) forgetIdle() bool {
	for range 16 {
		p := e.idle.Front().Value.(*peer)
		if !p.busy() {
			p.forget()
			return true
		}
		e.idle.MoveToBack(p.elem)
	}
	return false
}

func (p *peer) busy() bool {
	return len(p.exchanges)+len(p.calls)+len(p.queue)+p.pending+len(p.observers)+len(p.observing) > 0
}

func (p *peer) forget() {
	e := p.e
	for len(p.uploads) > 0 {
		p.uploads[0].drop()
	}
	for len(p.answers) > 0 {
		p.answers[0].drop()
	}
	e.dedupBytes -= p.memory.size()
	e.idle.Remove(p.elem)
	delete(e.peers, p.key)
	p.peerState = e.newPeerState(Path{Peer: p.path.Peer, Association: p.key.association})
}

// heard counts a datagram of the peer and keeps the way back.
func (p *peer) heard(path Path, now time.Time) {
	p.stats.Received++
	p.stats.LastHeard = now
	if !path.Local.IsMulticast() {
		p.path = path
	}
}

func (p *peer) send(packet []byte, path Path, from *exchange, w *work) {
	p.stats.Sent++
	p.e.stats.Sent++
	w.send(packet, path, from)
}

// messageID returns an id that no exchange under way has.
func (p *peer) messageID() uint16 {
	for {
		p.nextMID++
		if p.exchanges[p.nextMID] == nil {
			return p.nextMID
		}
	}
}

// close ends everything the peer has under way with err.
func (p *peer) close(err error, w *work) {
	for len(p.queue) > 0 { // first, as each of the others that ends makes room for one
		p.queue[0].end(nil, err, w)
	}
	for _, o := range p.observers {
		o.end(err, w)
	}
	for _, o := range p.observing {
		o.end(nil, err, w)
	}
	for _, x := range p.exchanges {
		x.stop()
		x.owner.failed(err, w)
	}
	for _, c := range p.calls {
		c.end(nil, err, w)
	}
}
