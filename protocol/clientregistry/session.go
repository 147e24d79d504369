package clientregistry

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// Bounds of a session.
const (
	maxReplies  = 4 // requests that wait for the same answer
	minGapWait  = 500 * time.Millisecond
	maxGapWait  = 2 * time.Second
	answerLimit = 60 * time.Second // for the policy, after which it is 5.00
)

// Session is a session as the hub's policy sees it. Its methods may be called from any
// goroutine and return at once.
type Session struct {
	server *Server
	member *member
	id     uint64
	raw    bool // the peer numbers nothing

	mu      sync.Mutex
	handler SessionHandler
	granted bool
	// recorded says so in the answer to sessionStart.
	recorded bool
	starts   []func(*coap.Response) // sessionStarts that wait for the decision
	turn     turn
	streams  []*Stream
	// playing is when the client will have played what it got so far.
	playing time.Time
	closing bool // the answer says so

	ended      bool
	err        error // why, for the handler
	refusal    *vap.Error
	told       bool
	delivering bool
	retrying   bool // the handler had no room

	gapTimer    *time.Timer
	gapFor      uint32 // the fragment that gapTimer waits for
	idleTimer   *time.Timer
	idleAt      time.Time
	idleRefusal *vap.Error
}

// turn is the running utterance of a session.
type turn struct {
	number uint32
	order  reorder[incoming]
	lost   int  // before the next fragment
	heard  bool // the last fragment was delivered
	// finals are the replies to the last fragment, which wait for the answer.
	finals   []func(*coap.Response)
	answer   *coap.Response
	answered bool // the answer went out
}

// incoming is a fragment on its way to the handler.
type incoming struct {
	f     Fragment
	size  int
	reply func(*coap.Response) // nil when it was answered
}

// ID is the session's id, the client's or (for peers that send none) the Server's.
func (s *Session) ID() uint64 { return s.id }

// Client is whose session it is.
func (s *Session) Client() ClientInfo { return s.member.info }

// Recorded has the client told, with Grant, that what is said in the session is kept.
func (s *Session) Recorded() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recorded = true
}

// Grant answers the sessionStart with 2.01.
func (s *Session) Grant() {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return
	}
	s.granted = true
	starts := s.starts
	s.starts = nil
	s.mu.Unlock()
	replyAll(starts, s.started())
}

func (s *Session) started() *coap.Response {
	s.mu.Lock()
	recorded := s.recorded
	s.mu.Unlock()
	body := vap.AppendSessionStarted(nil, vap.SessionStarted{Session: s.id, Recorded: recorded})
	return &coap.Response{Code: codes.Created, Body: body}
}

// Refuse answers the sessionStart, and every fragment from then on, with e, and ends
// the session.
func (s *Session) Refuse(e *vap.Error) { s.end(e, e) }

// Heard tells the client that turn's utterance has ended with fragment seq. A client
// that did not list listen ends by itself.
func (s *Session) Heard(turn, seq uint32) {
	listen := vap.Listen{Session: s.id, Turn: turn, Seq: seq}.Capability()
	listen.From = vap.System
	s.mu.Lock()
	over := s.ended || turn != s.turn.number || s.turn.heard
	s.mu.Unlock()
	if _, ok := s.Client().Offer(vap.CapListen); !ok || over {
		return
	}
	body := vap.AppendNotification(nil, vap.Notification{Capabilities: []vap.Capability{listen}})
	req := &coap.Request{Code: codes.POST, Path: pathToClient, Body: body}
	// A client that does not get it goes on sending, and the session's end tells it.
	s.Client().Peer.Start(context.Background(), req, func(*coap.Response, error) {})
}

// Answer answers the last fragment of turn, which may not have come yet. Capabilities
// that the client did not list are left out. When a.EndSession is true the session is
// over once streams of it have been sent.
func (s *Session) Answer(turn uint32, a vap.Answer) {
	a.Capabilities = s.Client().takes(a.Capabilities)
	r := &coap.Response{Code: codes.Created, Body: vap.AppendAnswer(nil, a)}
	s.mu.Lock()
	if s.ended || turn != s.turn.number || s.turn.answer != nil {
		s.mu.Unlock()
		return
	}
	s.turn.answer, s.closing = r, a.EndSession
	s.playing = time.Now().Add(soundsOf(a.Capabilities))
	finals := s.takeFinals()
	s.restartIdle()
	s.mu.Unlock()
	replyAll(finals, r)
	s.endIfDone()
}

// takeFinals is who waits for the answer, which is there. s.mu is held.
func (s *Session) takeFinals() []func(*coap.Response) {
	finals := s.turn.finals
	s.turn.finals = nil
	s.turn.answered = s.turn.answered || len(finals) > 0
	return finals
}

// Fail answers the last fragment of turn with e and ends the session.
func (s *Session) Fail(turn uint32, e *vap.Error) {
	s.mu.Lock()
	stale := turn != s.turn.number
	s.mu.Unlock()
	if !stale {
		s.end(e, e)
	}
}

// endIfDone ends the session when its last answer went out and was heard to the end.
func (s *Session) endIfDone() {
	s.mu.Lock()
	done := s.closing && s.turn.answered && len(s.streams) == 0
	s.mu.Unlock()
	if done {
		s.end(nil, notFound("session"))
	}
}

// end ends the session for the reason why; whatever waits, and what is late, is
// answered refusal. The first call counts.
func (s *Session) end(why error, refusal *vap.Error) {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return
	}
	s.ended, s.err, s.refusal = true, why, refusal
	waiting := append(s.starts, s.turn.finals...)
	for _, e := range s.turn.order.held {
		s.server.release(e.v.size)
		if e.v.reply != nil {
			waiting = append(waiting, e.v.reply)
		}
	}
	streams := s.streams
	s.starts, s.turn.finals, s.turn.order.held, s.streams = nil, nil, nil, nil
	for _, t := range []*time.Timer{s.gapTimer, s.idleTimer} {
		if t != nil {
			t.Stop()
		}
	}
	s.mu.Unlock()
	replyAll(waiting, refusal.Response())
	for _, o := range streams {
		o.breakOff(why)
	}
	s.member.forget(s, refusal)
	s.deliver()
}

// forget makes s the member's past session.
func (m *member) forget(s *Session, refusal *vap.Error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.session == s {
		m.session = nil
	}
	m.past.id, m.past.err = s.id, refusal
}

// restartIdle ends the session when nothing comes for too long: the next fragment, the
// policy's answer, its audio, or the next turn after playback. s.mu is held.
func (s *Session) restartIdle() {
	wait, refusal := s.server.cfg.IdleSession, notFound("session")
	switch {
	case s.ended:
		return
	case len(s.streams) > 0:
		wait = answerLimit
	case s.turn.answered:
		wait += max(time.Until(s.playing), 0)
	case s.turn.heard && s.turn.answer == nil:
		wait = answerLimit
		refusal = &vap.Error{Code: codes.InternalServerError, Type: vap.TypeInternal}
	}
	before := s.idleAt
	s.idleAt, s.idleRefusal = time.Now().Add(wait), refusal
	switch {
	case s.idleTimer == nil:
		s.idleTimer = time.AfterFunc(wait, s.idle)
	case s.idleAt.Before(before):
		s.idleTimer.Reset(wait)
	}
}

// idle ends the session, or waits on if something came since its timer was set: a
// timer that every fragment set anew would cost more than the fragment.
func (s *Session) idle() {
	s.mu.Lock()
	left, refusal := time.Until(s.idleAt), s.idleRefusal
	if left > 0 && !s.ended {
		s.idleTimer.Reset(left)
	}
	s.mu.Unlock()
	if left <= 0 {
		s.end(ErrIdle, refusal)
	}
}

// restartGap waits for the missing fragment before those that are there. s.mu is held.
func (s *Session) restartGap() {
	next, number := s.turn.order.next, s.turn.number
	gap := !s.ended && !s.turn.heard && s.turn.order.gap()
	if s.gapTimer != nil && (!gap || s.gapFor != next) {
		s.gapTimer.Stop()
		s.gapTimer = nil
	}
	if gap && s.gapTimer == nil {
		s.gapFor = next
		wait := time.Until(s.turn.order.gapSince().Add(gapWait(s.Client().Peer)))
		s.gapTimer = time.AfterFunc(wait, func() { s.passOver(number, next) })
	}
}

// passOver gives up waiting for fragment next of a turn, and those after it that are
// missing as well.
func (s *Session) passOver(number, next uint32) {
	s.mu.Lock()
	lost := 0
	if s.turn.number == number && s.turn.order.next == next {
		lost = s.turn.order.skip()
		s.turn.lost += lost
	}
	s.mu.Unlock()
	if lost > 0 {
		s.server.cfg.Logger.Warn("fragments were lost", "client", s.Client().ID, "turn", number, "first", next, "lost", lost)
	}
	s.deliver()
}

// gapWait is how long a missing piece is waited for: some round trips, in which it is
// sent again several times.
func gapWait(peer coap.Peer) time.Duration {
	return min(max(8*peer.Stats().RTT, minGapWait), maxGapWait)
}

// streamed implements streamOwner.
func (s *Session) streamed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.restartIdle()
}

// streamDone implements streamOwner.
func (s *Session) streamDone(o *Stream, played time.Time) {
	s.mu.Lock()
	if at := slices.Index(s.streams, o); at >= 0 {
		s.streams = slices.Delete(s.streams, at, at+1)
	}
	if played.After(s.playing) {
		s.playing = played
	}
	s.restartIdle()
	s.mu.Unlock()
	s.endIfDone()
}

func replyAll(replies []func(*coap.Response), r *coap.Response) {
	for _, reply := range replies {
		reply(r)
	}
}
