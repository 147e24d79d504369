package clientregistry

import (
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// maxDeciding is how many connects may wait for the policy.
const maxDeciding = 1024

// fullRetry is when a client may ask again that found no place.
const fullRetry = time.Minute

// connect introduces a client (seed, "Init").
func (s *Server) connect(peer coap.Peer, req *coap.Request, m vap.Connect, reply func(*coap.Response)) {
	elsewhere, refusal := s.admit(peer, len(req.Body), m)
	if refusal != nil {
		reply(refusal.Response())
		return
	}
	s.cfg.Policy.Connect(peer, m, elsewhere, func(c vap.Connected, err error) {
		s.mu.Lock()
		s.deciding--
		s.mu.Unlock()
		if err == nil {
			err = s.join(peer, m)
		}
		if err != nil {
			e := vap.AsError(err)
			if e.Type == vap.TypeInternal {
				s.cfg.Logger.Error("connect could not be decided", "client", m.ID, "error", err)
			}
			reply(e.Response())
			return
		}
		c.HubID = s.cfg.ID
		reply(&coap.Response{Code: codes.Created, Body: vap.AppendConnected(nil, c)})
	})
}

// admit checks what needs no policy.
func (s *Server) admit(peer coap.Peer, size int, m vap.Connect) (elsewhere bool, e *vap.Error) {
	if e := m.Check(size); e != nil {
		return false, e
	}
	s.mu.Lock()
	known := s.byID[m.ID]
	e = s.roomFor(m.ID)
	if e == nil && s.deciding >= maxDeciding {
		e = busy()
	}
	if e == nil {
		s.deciding++
	}
	s.mu.Unlock()
	return known != nil && known.info.Peer.ID() != peer.ID() && s.alive(known), e
}

// roomFor says why there is no room for a client. s.mu is held.
func (s *Server) roomFor(id string) *vap.Error {
	if s.closed {
		return busy()
	}
	if s.byID[id] == nil && len(s.byID) >= s.cfg.MaxClients {
		return &vap.Error{Code: codes.TooManyRequests, Type: vap.TypeTooManyClients, RetryAfter: fullRetry}
	}
	return nil
}

// join makes the client a member, in the place of an older connection of its id, and
// of what was at its address.
func (s *Server) join(peer coap.Peer, req vap.Connect) error {
	m := &member{heard: time.Now(), info: ClientInfo{
		ID: req.ID, Name: req.Name, Peer: peer, Capabilities: req.Capabilities, Listed: req.HasCapabilities,
	}}
	s.mu.Lock()
	older := []*member{s.byID[req.ID], s.byPeer[peer.ID()]}
	s.mu.Unlock()
	for _, o := range older {
		if o != nil {
			s.remove(o, ErrReplaced)
		}
	}
	s.mu.Lock()
	if e := s.roomFor(req.ID); e != nil {
		s.mu.Unlock()
		return e
	}
	if s.byID[req.ID] != nil || s.byPeer[peer.ID()] != nil {
		s.mu.Unlock() // two connects of one client at once; the other came first
		return busy()
	}
	s.byID[req.ID], s.byPeer[peer.ID()] = m, m
	s.mu.Unlock()
	s.cfg.Policy.Joined(m.info)
	return nil
}

// remove ends what the client had. Only the first of several calls does something.
func (s *Server) remove(m *member, why error) {
	s.mu.Lock()
	there := s.byID[m.info.ID] == m
	if there {
		delete(s.byID, m.info.ID)
		delete(s.byPeer, m.info.Peer.ID())
	}
	s.mu.Unlock()
	if !there {
		return
	}
	reason := why
	if reason == nil {
		reason = ErrCancelled
	}
	m.mu.Lock()
	m.gone = reason
	session, announcement, waiting := m.session, m.announcement, m.orphans.take()
	m.mu.Unlock()
	s.refuseAll(waiting, unauthorized())
	if session != nil {
		session.end(reason, unauthorized())
	}
	if announcement != nil {
		announcement.end(reason)
	}
	s.cfg.Policy.Left(m.info, why)
}

// member is the client that connected from peer and, if it says who it is, is that.
func (s *Server) member(peer coap.Peer, clientID string) (*member, *vap.Error) {
	s.mu.Lock()
	m := s.byPeer[peer.ID()]
	closed := s.closed
	s.mu.Unlock()
	switch {
	case closed:
		return nil, busy()
	case m == nil, clientID != "" && clientID != m.info.ID:
		return nil, unauthorized()
	}
	m.mu.Lock()
	m.heard = time.Now()
	m.mu.Unlock()
	return m, nil
}

// goodbye closes a connection (seed, "When closing").
func (s *Server) goodbye(peer coap.Peer, _ *coap.Request, c vap.ClientClose, reply func(*coap.Response)) {
	s.mu.Lock()
	m := s.byID[c.ClientID]
	s.mu.Unlock()
	switch {
	case m == nil:
		e := &vap.Error{Code: codes.BadRequest, Type: vap.TypeWrongClientID, Object: c.ClientID}
		reply(e.Response())
	case m.info.Peer.ID() != peer.ID():
		reply(unauthorized().Response())
	default:
		s.remove(m, nil)
		reply(&coap.Response{Code: codes.Deleted})
	}
}

// notified takes what a client reports of itself.
func (s *Server) notified(peer coap.Peer, _ *coap.Request, n vap.Notification, reply func(*coap.Response)) {
	m, e := s.member(peer, n.ClientID)
	if e != nil {
		reply(e.Response())
		return
	}
	done := func(err error) {
		if err != nil {
			reply(vap.AsError(err).Response())
			return
		}
		reply(&coap.Response{Code: codes.Changed})
	}
	if len(n.Capabilities) == 0 {
		done(nil)
		return
	}
	s.cfg.Policy.Notified(m.info, n.Capabilities, done)
}
