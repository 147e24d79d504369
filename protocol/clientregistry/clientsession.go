package clientregistry

import (
	"context"
	"fmt"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// ClientSession is a session as the satellite sees it.
type ClientSession struct {
	client  *Client
	id      uint64
	as      string // the client's id
	sender  *sender
	decided chan struct{}

	// What follows is guarded by the client's lock.
	turn    *ClientTurn
	granted bool
	over    bool
	err     error
	// closing says that the answer ended the session, as soon as sound was heard.
	closing bool
	sound   *IncomingStream
}

// ID is the session's id.
func (s *ClientSession) ID() uint64 { return s.id }

// Decided is closed when the hub granted the session, or it ended before; Err tells.
func (s *ClientSession) Decided() <-chan struct{} { return s.decided }

// Err is why the session ended: a *vap.Error, coap.ErrNoReply or context.Canceled; nil
// while it goes on and after it ended well.
func (s *ClientSession) Err() error {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	return s.err
}

// decide is told what became of sessionStart.
func (s *ClientSession) decide(r *coap.Response, err error) {
	if err == nil {
		if e := vap.ErrorFrom(r); e != nil {
			err = e
		}
	}
	if err != nil {
		s.end(err)
		return
	}
	s.client.mu.Lock()
	first := !s.granted && !s.over
	s.granted = true
	s.client.mu.Unlock()
	if first {
		// Whoever missed that the hub records learns it now.
		if m, err := vap.ParseSessionStarted(r.Body); err == nil && m.Recorded && s.client.cfg.Notified != nil {
			s.client.cfg.Notified(vap.Recording{On: true}.Capability())
		}
		close(s.decided)
		s.sender.setLimit(windowCount)
	}
}

// end ends the session with err; the first call counts. It reports whether it was.
func (s *ClientSession) end(err error) (first bool) {
	c := s.client
	c.mu.Lock()
	if s.over {
		c.mu.Unlock()
		return false
	}
	s.over, s.err = true, err
	if c.session == s {
		c.session = nil
	}
	if !s.granted {
		close(s.decided)
	}
	if s.turn != nil {
		s.turn.fail(orCanceled(err))
	}
	streams := c.dropStreams(s, nil)
	c.mu.Unlock()
	c.cfg.Logger.Debug("session ended", "session", s.id, "why", err)
	if s.sender != nil {
		s.sender.close()
	}
	for _, i := range streams {
		i.abandon(orCanceled(err))
	}
	return true
}

// orCanceled is err, or what a turn is told that got no answer in a session that ended well.
func orCanceled(err error) error {
	if err == nil {
		return context.Canceled
	}
	return err
}

// Cancel ends the session at once; nothing more of it is delivered. The hub is told by
// a last fragment with the capability stop.
func (s *ClientSession) Cancel() { s.cancel(context.Canceled) }

func (s *ClientSession) cancel(why error) {
	c := s.client
	c.mu.Lock()
	data := vap.SessionData{
		Session: s.id, HasSession: true, ClientID: s.as, Last: true,
		Capabilities: []vap.Capability{vap.StopCapability()},
	}
	if s.turn != nil {
		data.Turn, data.Seq = s.turn.number, s.turn.seq
	}
	c.mu.Unlock()
	if !s.end(why) || s.sender == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), cancelWait)
	req := &coap.Request{Code: codes.POST, Path: pathData, Body: vap.AppendSessionData(nil, data)}
	s.sender.peer.Start(ctx, req, func(*coap.Response, error) { cancel() })
}

// Turn begins the next turn: turn 1 with the session, later ones when an answer left
// it open. number is the satellite's own count, and grows.
func (s *ClientSession) Turn(number uint32) *ClientTurn {
	t := &ClientTurn{
		session: s, number: number,
		heard: make(chan struct{}), answered: make(chan struct{}),
	}
	c := s.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.over {
		t.fail(orCanceled(s.err))
		return t
	}
	if s.turn != nil {
		s.turn.fail(context.Canceled)
	}
	s.turn = t
	t.repeatedBefore = s.sender.peer.Stats().Retransmitted
	return t
}

// answered is told what the hub said to a fragment.
func (s *ClientSession) answered(p *piece, r *coap.Response, err error) (again time.Duration) {
	if err != nil {
		s.end(err)
		return 0
	}
	c := s.client
	e := vap.ErrorFrom(r)
	c.mu.Lock()
	granted, left := s.granted, s.turn != p.turn
	if e == nil {
		p.turn.acknowledged++
	}
	c.mu.Unlock()
	if told := c.cfg.Acknowledged; told != nil && e == nil && r.Code == codes.Continue {
		told(time.Since(p.born))
	}
	if left {
		return 0 // the next turn began without it
	}
	switch {
	case e == nil && r.Code == codes.Continue:
		s.sender.setLimit(windowCount)
	case e == nil:
		s.answer(r)
	case e.Type == vap.TypeFragmentLost:
		// The hub went on without it.
	case retryAfter(e, p) > 0:
		return retryAfter(e, p)
	case e.Code == codes.NotFound && !granted && p.tries < maxTries:
		return retryPiece // it overtook its sessionStart
	default:
		s.end(e)
	}
	return 0
}

// answer takes the answer to the last fragment.
func (s *ClientSession) answer(r *coap.Response) {
	a, err := vap.ParseAnswer(r.Body)
	if err != nil {
		s.end(fmt.Errorf("clientregistry: the hub's answer: %w", err))
		return
	}
	c := s.client
	c.mu.Lock()
	t := s.turn
	if s.over || t == nil || !t.finished || t.over {
		c.mu.Unlock()
		return
	}
	answer := ClientAnswer{Answer: a}
	if sound, ok := announced(a.Capabilities); ok {
		answer.Sound = c.stream(s, sound)
	}
	dropped := c.dropStreams(s, answer.Sound)
	s.sound, s.closing = answer.Sound, a.EndSession
	t.succeed(answer)
	over := s.closing && s.sound == nil
	c.mu.Unlock()
	for _, i := range dropped {
		i.abandon(context.Canceled)
	}
	if over {
		s.end(nil)
	}
}

// announced finds the announcement of a stream in an answer.
func announced(caps []vap.Capability) (vap.Sound, bool) {
	for _, c := range caps {
		if c.Name != vap.CapSound {
			continue
		}
		if s, err := vap.ParseSound(c); err == nil && s.Stream != 0 && s.Data == nil {
			return s, true
		}
	}
	return vap.Sound{}, false
}
