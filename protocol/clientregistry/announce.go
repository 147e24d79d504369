package clientregistry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// Notify sends capabilities to a connected client and waits for its answer. Those that
// it did not list are left out; when nothing remains Notify does nothing. A refusal is
// a *vap.Error.
func (s *Server) Notify(ctx context.Context, clientID string, capabilities ...vap.Capability) error {
	m, err := s.connected(clientID)
	if err != nil {
		return err
	}
	return m.notify(ctx, capabilities)
}

// Announce has a client say what it has not asked for: capabilities are the words (voice)
// and what else it is to do, and a stream of sound in the codec, of rate hertz, follows
// them. The client has agreed when Announce returns; Send the sound then, and Close the
// stream. A client that is in a session, or plays an announcement, refuses by a *vap.Error
// of the type busy, which says when to try again.
func (s *Server) Announce(ctx context.Context, clientID, codec string, rate int, capabilities ...vap.Capability) (*Stream, error) {
	m, err := s.connected(clientID)
	if err != nil {
		return nil, err
	}
	a := &announcing{member: m}
	o := s.newStream(m.info, a, codec, rate)
	if err := a.begin(o); err != nil {
		return nil, err
	}
	if err := m.notify(ctx, append(capabilities[:len(capabilities):len(capabilities)], o.Announcement())); err != nil {
		if refused := new(vap.Error); errors.As(err, &refused) {
			o.finish(err)
		} else {
			o.Close() // it may have come all the same
		}
		return nil, err
	}
	return o, nil
}

// Engaged reports whether a connected client is in a session, or plays an announcement, as
// far as the Server knows: it would refuse another.
func (s *Server) Engaged(clientID string) bool {
	m, err := s.connected(clientID)
	if err != nil {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.engaged()
}

// engaged is Engaged; m.mu is held.
func (m *member) engaged() bool { return m.session != nil || m.announcement != nil }

// connected is the client of that id.
func (s *Server) connected(clientID string) (*member, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.byID[clientID]; m != nil {
		return m, nil
	}
	return nil, fmt.Errorf("clientregistry: notification to %q: the client is not connected", clientID)
}

// notify sends what the client listed of capabilities, and waits for its answer.
func (m *member) notify(ctx context.Context, capabilities []vap.Capability) error {
	capabilities = m.info.takes(capabilities)
	if len(capabilities) == 0 {
		return nil
	}
	for i := range capabilities {
		if capabilities[i].From == "" {
			capabilities[i].From = vap.System
		}
	}
	body := vap.AppendNotification(nil, vap.Notification{Capabilities: capabilities})
	r, err := m.info.Peer.Do(ctx, &coap.Request{Code: codes.POST, Path: pathToClient, Body: body})
	if err != nil {
		return fmt.Errorf("clientregistry: notification to %q: %w", m.info.ID, err)
	}
	if e := vap.ErrorFrom(r); e != nil {
		return e
	}
	return nil
}

// announcing owns the stream of an announcement. A client has one at a time.
type announcing struct {
	member *member
	idle   *time.Timer // ends the stream when the client answers nothing any more
}

// begin makes o the announcement of the member, unless that is engaged or gone.
func (a *announcing) begin(o *Stream) error {
	m := a.member
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.gone != nil:
		return fmt.Errorf("clientregistry: notification to %q: %w", m.info.ID, m.gone)
	case m.engaged():
		return busy()
	}
	m.announcement = o
	a.idle = time.AfterFunc(answerLimit, func() { o.end(ErrIdle) })
	return nil
}

// streamed implements streamOwner.
func (a *announcing) streamed() { a.idle.Reset(answerLimit) }

// streamDone implements streamOwner.
func (a *announcing) streamDone(o *Stream, _ time.Time) {
	a.member.mu.Lock()
	defer a.member.mu.Unlock()
	a.idle.Stop()
	if a.member.announcement == o {
		a.member.announcement = nil
	}
}
