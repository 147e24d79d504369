package clientregistry

import (
	"time"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// Policy is asked for every decision of a hub. Its methods are called on the goroutine
// that reads the socket or on a timer's: they return at once.
type Policy interface {
	// Connect decides about a client that introduces itself, and calls reply once, from
	// any goroutine, since a decision is kept on disk before it is answered. elsewhere
	// says that a client of this id is connected and alive at another address. An error
	// that is not a *vap.Error is answered 5.00.
	Connect(peer coap.Peer, req vap.Connect, elsewhere bool, reply func(vap.Connected, error))
	// Started is told of a session that began; the handler gets its audio from now on.
	// The policy calls Grant or Refuse when it has decided, also from within Started.
	// An error refuses at once, and the handler is told nothing.
	Started(s *Session, start vap.SessionStart) (SessionHandler, error)
	// Notified takes what a connected client reports of itself (timers, volume, log), and
	// calls reply once, from any goroutine, when what has to be kept of it is on the disk.
	// An error that is not a *vap.Error is answered 5.00.
	Notified(c ClientInfo, capabilities []vap.Capability, reply func(error))
	// Joined and Left are told when a client connects, and when it says goodbye (why
	// is nil), is replaced by a new connection (ErrReplaced), falls silent (ErrSilent),
	// or is disconnected by the hub (ErrRemoved, ErrClosed).
	Joined(c ClientInfo)
	Left(c ClientInfo, why error)
}

// SessionHandler gets what a session brings, in order and never concurrently.
type SessionHandler interface {
	// Fragment takes the next fragment of the running turn. It must not block; false
	// says that there is no room, and the peer gets 5.03.
	Fragment(f Fragment) bool
	// Ended is the last call: the session is over, because its last answer was given
	// (nil), by the policy's *vap.Error, or since the client cancelled it
	// (ErrCancelled), began another (ErrReplaced), sent nothing more (ErrIdle) or left.
	Ended(err error)
}

// Fragment is one fragment of an utterance.
type Fragment struct {
	Turn, Seq    uint32
	Capabilities []vap.Capability
	Last         bool
	// Lost is how many fragments before this one never came.
	Lost     int
	Received time.Time
}

// ClientInfo is a connected client.
type ClientInfo struct {
	ID, Name     string
	Peer         coap.Peer
	Capabilities []vap.Offer
	// Listed is false for a client that sent no list of capabilities.
	Listed bool
}

// Offer is the client's offer of the capability of that name.
func (c ClientInfo) Offer(name string) (vap.Offer, bool) {
	return vap.FindOffer(c.Capabilities, name)
}

// takes leaves the capabilities that may be sent to the client: those it listed, or
// what every client understands.
func (c ClientInfo) takes(capabilities []vap.Capability) []vap.Capability {
	taken := make([]vap.Capability, 0, len(capabilities))
	for _, one := range capabilities {
		_, listed := c.Offer(one.Name)
		if listed || !c.Listed && (one.Name == vap.CapVoice || one.Name == vap.CapSound) {
			taken = append(taken, one)
		}
	}
	return taken
}
