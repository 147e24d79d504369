package coap

import "errors"

// ErrEnded ends what was under way with a peer whose association has ended.
var ErrEnded = errors.New("coap: the association has ended")

// associations is a PacketConn that tells when an association ends.
type associations interface{ OnEnd(func(*Association)) }

// Forget ends what is under way with the peer of an association with ErrEnded and
// forgets the peer. A Config.Conn that has a method OnEnd calls it itself.
func (e *Endpoint) Forget(a *Association) {
	var w work
	e.mu.Lock()
	if p := e.peers[peerKey{association: a}]; p != nil && !e.closed {
		p.close(ErrEnded, &w)
		p.forget()
	}
	e.mu.Unlock()
	e.run(&w)
}
