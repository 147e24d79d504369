package load

import (
	"sync/atomic"

	"vapd/protocol/clientregistry"
	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// Bare is a hub without anything behind its protocol: it takes everybody, grants every
// session and answers at once. It shows what the protocol alone costs, over whatever
// transport an endpoint has.
type Bare struct {
	server *clientregistry.Server
	spoken atomic.Int64
}

// NewBare makes a Bare for most clients.
func NewBare(most int) *Bare {
	b := new(Bare)
	b.server = clientregistry.NewServer(clientregistry.ServerConfig{Policy: b, ID: "bare", Name: "bare", MaxClients: most})
	return b
}

// Register serves the client registry on mux.
func (b *Bare) Register(mux *coap.Mux) { b.server.Register(mux) }

// Close ends all sessions. The endpoint stays open.
func (b *Bare) Close() { b.server.Close() }

// Utterances is how many were heard to their end.
func (b *Bare) Utterances() int64 { return b.spoken.Load() }

// Connect implements clientregistry.Policy.
func (b *Bare) Connect(_ coap.Peer, _ vap.Connect, _ bool, reply func(vap.Connected, error)) {
	reply(vap.Connected{Locales: []string{"en-US"}}, nil)
}

// Started implements clientregistry.Policy.
func (b *Bare) Started(s *clientregistry.Session, _ vap.SessionStart) (clientregistry.SessionHandler, error) {
	s.Grant()
	return &bareSession{hub: b, session: s}, nil
}

// Notified implements clientregistry.Policy.
func (b *Bare) Notified(_ clientregistry.ClientInfo, _ []vap.Capability, reply func(error)) {
	reply(nil)
}

// Joined implements clientregistry.Policy.
func (b *Bare) Joined(clientregistry.ClientInfo) {}

// Left implements clientregistry.Policy.
func (b *Bare) Left(clientregistry.ClientInfo, error) {}

// bareSession has heard enough after a second of sound, and answers with text.
type bareSession struct {
	hub     *Bare
	session *clientregistry.Session
	n       int
}

// enough is how many fragments a Bare listens to.
const enough = 100

func (b *bareSession) Fragment(f clientregistry.Fragment) bool {
	if b.n++; b.n == enough {
		b.session.Heard(f.Turn, f.Seq)
	}
	if f.Last {
		b.hub.spoken.Add(1)
		b.session.Answer(f.Turn, vap.Answer{EndSession: true, Capabilities: []vap.Capability{vap.TextCapability(vap.CapVoice, "yes")}})
	}
	return true
}

func (b *bareSession) Ended(error) {}
