package clientregistry

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// Orphans are fragments whose sessionStart has not come yet. They wait as long as a client
// has patience, in which a sessionStart that is lost is sent five times.
const (
	maxOrphans = 16
	orphanWait = 2 * time.Second
)

type orphan struct {
	data  vap.SessionData
	size  int
	at    time.Time
	reply func(*coap.Response)
}

// orphans are those of one client; all belong to one session.
type orphans struct {
	list  []orphan
	timer *time.Timer
}

func (o *orphans) take() []orphan {
	if o.timer != nil {
		o.timer.Stop()
	}
	list := o.list
	*o = orphans{}
	return list
}

func (s *Server) refuseAll(list []orphan, e *vap.Error) {
	for _, o := range list {
		s.release(o.size)
		o.reply(e.Response())
	}
}

// start begins a session (seed, "Session start").
func (s *Server) start(peer coap.Peer, _ *coap.Request, m vap.SessionStart, reply func(*coap.Response)) {
	client, e := s.member(peer, m.ClientID)
	if e != nil {
		reply(e.Response())
		return
	}
	if !m.HasSession {
		m.Session, m.Turn = rand.Uint64(), 1
	}
	client.mu.Lock()
	old := client.session
	client.mu.Unlock()
	if old != nil && m.HasSession && old.id == m.Session {
		old.startedAgain(reply)
		return
	}
	if old != nil {
		old.end(ErrReplaced, notFound("session"))
	}
	session := &Session{server: s, member: client, id: m.Session, raw: !m.HasSession}
	session.turn.number = m.Turn
	session.starts = append(session.starts, reply)
	handler, err := s.cfg.Policy.Started(session, m)
	if err != nil {
		session.Refuse(vap.AsError(err))
		return
	}
	s.open(session, handler)
}

// open lets fragments come, those first that came too early.
func (s *Server) open(session *Session, handler SessionHandler) {
	m := session.member
	session.mu.Lock()
	session.handler = handler
	session.restartIdle()
	over := session.ended
	session.mu.Unlock()
	m.mu.Lock()
	gone := m.gone
	early := m.orphans.take()
	if !over && gone == nil {
		m.session = session
	}
	m.mu.Unlock()
	if gone != nil {
		session.end(gone, unauthorized())
	}
	for _, o := range early {
		s.release(o.size)
		if e := session.owns(o.data); e != nil {
			o.reply(e.Response())
			continue
		}
		session.fragment(o.data, o.size, o.at, o.reply)
	}
	session.deliver() // tells the end if the policy refused already
}

// owns says why a fragment is none of the session.
func (s *Session) owns(m vap.SessionData) *vap.Error {
	if m.HasSession == s.raw || m.HasSession && m.Session != s.id {
		return notFound("session")
	}
	return nil
}

// startedAgain answers a sessionStart that came twice.
func (s *Session) startedAgain(reply func(*coap.Response)) {
	s.mu.Lock()
	wait := !s.granted && !s.ended && len(s.starts) < maxReplies
	granted, refusal := s.granted, s.refusal
	if wait {
		s.starts = append(s.starts, reply)
	}
	s.mu.Unlock()
	switch {
	case wait:
	case refusal != nil:
		reply(refusal.Response())
	case granted:
		reply(s.started())
	default:
		reply(busy().Response())
	}
}

// data takes a fragment to its session (seed, sessionData).
func (s *Server) data(peer coap.Peer, req *coap.Request, m vap.SessionData, reply func(*coap.Response)) {
	client, e := s.member(peer, m.ClientID)
	if e != nil {
		reply(e.Response())
		return
	}
	client.mu.Lock()
	session := client.session
	if session == nil || session.owns(m) != nil {
		e = s.adopt(client, orphan{m, len(req.Body), req.Received, reply})
		session = nil
	}
	client.mu.Unlock()
	switch {
	case e != nil:
		reply(e.Response())
	case session != nil:
		session.fragment(m, len(req.Body), req.Received, reply)
	}
}

// adopt keeps a fragment for a while until its sessionStart comes. client.mu is held.
func (s *Server) adopt(client *member, o orphan) *vap.Error {
	if client.past.err != nil && o.data.HasSession && client.past.id == o.data.Session {
		return client.past.err
	}
	list := client.orphans.list
	foreign := len(list) > 0 && (list[0].data.HasSession != o.data.HasSession || list[0].data.Session != o.data.Session)
	if foreign || len(list) >= maxOrphans || isCancel(o.data) || client.gone != nil || !s.hold(o.size) {
		return notFound("session")
	}
	client.orphans.list = append(list, o)
	if client.orphans.timer == nil {
		var timer *time.Timer
		timer = time.AfterFunc(orphanWait, func() {
			client.mu.Lock()
			var late []orphan
			if client.orphans.timer == timer {
				late = client.orphans.take()
			}
			client.mu.Unlock()
			s.refuseAll(late, notFound("session"))
		})
		client.orphans.timer = timer
	}
	return nil
}

// retryDelivery is when a handler that had no room is asked again.
const retryDelivery = 20 * time.Millisecond

// isCancel reports whether a fragment is the client's way to end a session at once.
func isCancel(m vap.SessionData) bool {
	_, stop := vap.Find(m.Capabilities, vap.CapStop)
	return stop && m.Last
}

// fragment takes a fragment of the session.
func (s *Session) fragment(m vap.SessionData, size int, at time.Time, reply func(*coap.Response)) {
	if isCancel(m) {
		s.end(ErrCancelled, notFound("session"))
		reply(&coap.Response{Code: codes.Created, Body: vap.AppendAnswer(nil, vap.Answer{EndSession: true})})
		return
	}
	s.mu.Lock()
	r, abandoned := s.accept(m, size, at, reply)
	s.mu.Unlock()
	for _, final := range abandoned {
		final(notFound("turn").Response())
	}
	if r != nil {
		reply(r)
	}
	s.deliver()
	s.endIfDone()
}

// accept keeps a fragment for delivery. It returns the response to it; nil when that
// comes with the delivery or with the answer. s.mu is held.
func (s *Session) accept(m vap.SessionData, size int, at time.Time, reply func(*coap.Response)) (r *coap.Response, abandoned []func(*coap.Response)) {
	if s.ended {
		return s.refusal.Response(), nil
	}
	if s.raw {
		s.number(&m)
	}
	t := &s.turn
	switch {
	case m.Turn < t.number:
		return notFound(fmt.Sprintf("turn %d", m.Turn)).Response(), nil
	case m.Turn > t.number && s.closing:
		return notFound("session").Response(), nil
	case m.Turn > t.number:
		abandoned = s.nextTurn(m.Turn)
	}
	arrived := t.order.classify(m.Seq)
	switch {
	case arrived == arrivedLate:
		return fragmentLost(m.Seq).Response(), abandoned
	case arrived == arrivedNew && t.heard:
		return notFound(fmt.Sprintf("turn %d", m.Turn)).Response(), abandoned
	case arrived == arrivedTooEarly,
		m.Last && len(t.finals) >= maxReplies,
		arrived == arrivedNew && !s.server.hold(size):
		return busy().Response(), abandoned
	}
	in := incoming{size: size, f: Fragment{
		Turn: m.Turn, Seq: m.Seq, Capabilities: m.Capabilities, Last: m.Last, Received: at,
	}}
	switch {
	case m.Last && t.answer == nil:
		t.finals = append(t.finals, reply)
	case m.Last:
		r, t.answered = t.answer, true
	case arrived == arrivedNew && m.Seq == t.order.next && !s.delivering:
		in.reply = reply
	default:
		r = &coap.Response{Code: codes.Continue}
	}
	if arrived == arrivedNew {
		t.order.add(m.Seq, in, time.Now())
	}
	return r, abandoned
}

func fragmentLost(seq uint32) *vap.Error {
	return &vap.Error{
		Code: codes.RequestEntityIncomplete, Type: vap.TypeFragmentLost, Object: fmt.Sprintf("seq %d", seq),
	}
}

// number gives a fragment of a peer that numbers nothing its place: as it came.
func (s *Session) number(m *vap.SessionData) {
	m.Turn = s.turn.number
	if s.turn.answered {
		m.Turn++
		return
	}
	m.Seq = s.turn.order.next + uint32(len(s.turn.order.held))
}

// nextTurn begins turn number. Who waits for the answer of the one before waits in
// vain. s.mu is held.
func (s *Session) nextTurn(number uint32) (abandoned []func(*coap.Response)) {
	abandoned = s.turn.finals
	for _, e := range s.turn.order.held {
		s.server.release(e.v.size)
		if e.v.reply != nil {
			abandoned = append(abandoned, e.v.reply)
		}
	}
	s.turn = turn{number: number}
	s.restartGap()
	return abandoned
}

// deliver gives the handler what is next, and its end. One goroutine at a time does,
// and without the lock, as the handler may call the session's methods.
func (s *Session) deliver() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.delivering || s.handler == nil {
		return
	}
	s.delivering = true
	for !s.ended && !s.turn.heard {
		in, ok := s.turn.order.peek()
		if !ok || !s.deliverOne(in) {
			break
		}
	}
	s.delivering = false
	s.restartGap()
	if s.ended && !s.told {
		s.told = true
		why := s.err
		s.mu.Unlock()
		s.handler.Ended(why)
		s.mu.Lock()
	}
}

// deliverOne gives the handler one fragment; false when it has no room. s.mu is held,
// but not while the handler works and the peer is answered.
func (s *Session) deliverOne(in incoming) (took bool) {
	number := s.turn.number
	in.f.Lost = s.turn.lost
	s.mu.Unlock()
	took = s.handler.Fragment(in.f)
	s.mu.Lock()
	if s.ended || s.turn.number != number {
		return true // it was answered where that changed
	}
	switch {
	case took:
		s.turn.order.pop()
		s.turn.lost = 0
		s.turn.heard = in.f.Last // nothing after it is delivered
		s.server.release(in.size)
		s.restartIdle()
	case in.reply != nil:
		s.turn.order.drop()
		s.server.release(in.size)
	default:
		// The peer thinks that it has arrived: it stays until there is room.
		s.deliverLater()
	}
	if in.reply != nil {
		r := &coap.Response{Code: codes.Continue}
		if !took {
			r = busy().Response()
		}
		s.mu.Unlock()
		in.reply(r)
		s.mu.Lock()
	}
	return took
}

// deliverLater asks a handler that had no room again in a while. s.mu is held.
func (s *Session) deliverLater() {
	if s.retrying {
		return
	}
	s.retrying = true
	time.AfterFunc(retryDelivery, func() {
		s.mu.Lock()
		s.retrying = false
		s.mu.Unlock()
		s.deliver()
	})
}
