package hubtest

import (
	"context"
	"time"

	"vapd/protocol/clientregistry"
	"vapd/protocol/vap"
)

// session is one session, as the script wants it.
type session struct {
	hub     *Hub
	session *clientregistry.Session
	script  Script
	decided chan struct{}

	// Guarded by the hub's lock.
	seen   Session
	inTurn []clientregistry.Fragment
}

func (s *session) decide() {
	defer close(s.decided)
	if !pause(s.hub.ctx, s.script.Decide) {
		return
	}
	if s.script.Refuse != nil {
		s.session.Refuse(s.script.Refuse)
		return
	}
	s.session.Grant()
}

// Fragment implements clientregistry.SessionHandler.
func (s *session) Fragment(f clientregistry.Fragment) bool {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.seen.Fragments = append(s.seen.Fragments, f)
	s.inTurn = append(s.inTurn, f)
	if len(s.inTurn) == s.script.HearAfter && !f.Last {
		s.session.Heard(f.Turn, f.Seq)
	}
	if f.Last && s.script.Answer != nil {
		a := s.script.Answer(f.Turn, s.inTurn)
		s.inTurn = nil
		s.hub.wg.Go(func() { s.answer(f.Turn, a) })
	}
	return true
}

// Ended implements clientregistry.SessionHandler.
func (s *session) Ended(err error) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.seen.Ended, s.seen.Why = true, err
}

// answer answers, but never before the session was granted.
func (s *session) answer(turn uint32, a Answer) {
	<-s.decided
	if a.Error != nil {
		s.session.Fail(turn, a.Error)
		return
	}
	answer := vap.Answer{Capabilities: a.Capabilities, EndSession: !a.Keep}
	if len(a.Pieces) == 0 {
		s.session.Answer(turn, answer)
		return
	}
	stream := s.session.Stream(a.Codec, a.Rate)
	answer.Capabilities = append(answer.Capabilities, stream.Announcement())
	s.session.Answer(turn, answer)
	for i, p := range a.Pieces {
		if !pause(s.hub.ctx, a.PieceTime) || stream.Send(s.hub.ctx, p, i == len(a.Pieces)-1) != nil {
			return
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	if d == 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
