package skillregistry

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// maxWaiting is how many requests of one skill may wait for its answer, delivered or not.
const maxWaiting = 256

// relationAge is the Max-Age of what a skill observes. It gets requests, not states that
// grow old, and a client that registers again while a request comes could miss it.
const relationAge = uint32(24 * time.Hour / time.Second)

// request is one that a skill has not answered.
type request struct {
	id      uint64
	typ     string
	message *coap.Response
	line    *coap.Observer // on which it was sent
	done    chan outcome   // has room for one
}

type outcome struct {
	answer Answer
	err    error
}

// Ask sends a request to a skill and waits for its answer; id and skill are filled in.
// Requests reach a skill one after the other, the next when the one before was
// acknowledged; behind it 64 wait, and what comes then is ErrBusy. The skill may answer
// in any order. ctx bounds the wait for the answer: after it, an answer is refused, and a
// request that still waits for its turn is not sent any more.
//
// Beside the context's error Ask returns ErrNotConnected, ErrNotListening, ErrBusy,
// ErrGone as soon as the skill is known to be gone, or ErrFailed with the answer of a
// skill that failed.
func (s *Server) Ask(ctx context.Context, skillID string, req vap.SkillRequest) (Answer, error) {
	fail := func(err error) error { return fmt.Errorf("%s to skill %q: %w", req.Type, skillID, err) }
	k := s.find(skillID)
	switch {
	case ctx.Err() != nil:
		return Answer{}, fail(ctx.Err())
	case k == nil:
		return Answer{}, fail(ErrNotConnected)
	}
	req.ID, req.SkillID = s.requests.Add(1), skillID
	age := relationAge
	r := &request{id: req.ID, typ: req.Type, done: make(chan outcome, 1), message: &coap.Response{
		Code: codes.Content, MaxAge: &age, Body: vap.AppendSkillRequest(nil, k.form, req),
	}}
	if err := k.send(r); err != nil {
		return Answer{}, fail(err)
	}
	var o outcome
	select {
	case o = <-r.done:
	case <-ctx.Done():
		if k.take(r.id) {
			r.line.Withdraw(r.message)
			return Answer{}, fail(ctx.Err())
		}
		o = <-r.done // the skill was told that its answer was taken
	}
	if o.err != nil {
		return o.answer, fail(o.err)
	}
	return o.answer, nil
}

// send puts a request on its way.
func (k *skill) send(r *request) error {
	k.mu.Lock()
	r.line = k.line
	var err error
	switch {
	case k.gone != nil:
		err = ErrNotConnected
	case r.line == nil:
		err = ErrNotListening
	case len(k.waiting) >= maxWaiting:
		err = ErrBusy
	default:
		k.waiting[r.id] = r
	}
	k.mu.Unlock()
	if err != nil {
		return err
	}
	if err = r.line.Notify(r.message); err == nil {
		return nil
	}
	k.take(r.id)
	if errors.Is(err, coap.ErrBusy) {
		return ErrBusy
	}
	return ErrNotListening
}

// take takes a request out of those that wait, and reports whether it did.
func (k *skill) take(id uint64) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, waits := k.waiting[id]
	delete(k.waiting, id)
	return waits
}

// answer joins an item to the request that it answers. It refuses what answers none.
func (k *skill) answer(i vap.NotificationItem) *vap.Error {
	k.mu.Lock()
	r := k.waiting[i.RequestID]
	if r == nil || (r.typ == vap.RequestCanYouAnswer) != (i.Type == vap.RequestCanYouAnswer) {
		k.mu.Unlock()
		return &vap.Error{Code: codes.BadOption, Type: vap.TypeWrongRequestID, Object: strconv.FormatUint(i.RequestID, 10)}
	}
	delete(k.waiting, i.RequestID)
	k.mu.Unlock()
	o := outcome{answer: Answer{Capabilities: i.Capabilities, Code: i.Code, Confidence: i.Confidence, KeepOpen: i.KeepOpen}}
	if failed(i.Code) {
		o.err = fmt.Errorf("%w: %d.%02d", ErrFailed, i.Code>>5, i.Code&31)
	}
	r.done <- o
	return nil
}

// accepted is the code of an item that was taken: 2.05 where the skill says that it is
// cacheable.
func accepted(i vap.NotificationItem) codes.Code {
	if i.Code == codes.Content {
		return codes.Content
	}
	return codes.Changed
}

func failed(c codes.Code) bool { return c>>5 >= 4 }

// listen lets a skill observe its requests (seed, GET skills/ID). Without Observe it says
// whether the skill does.
func (s *Server) listen(peer coap.Peer, req *coap.Request, reply func(*coap.Response)) {
	id := lastSegment(req.Path)
	k, e := s.member(peer, id)
	if e != nil && e.Type == vap.TypeWrongSkillID {
		e = notFound(id)
	}
	if e != nil {
		reply(e.Response())
		return
	}
	began, listens := s.pickUp(k, req)
	if !listens {
		reply(notFound("observer").Response())
		return
	}
	age := relationAge
	reply(&coap.Response{Code: codes.Content, MaxAge: &age})
	if began {
		s.cfg.Policy.Listening(k.snapshot())
	}
}

// pickUp makes the observer of req, if it is one, the way of the skill's requests.
func (s *Server) pickUp(k *skill, req *coap.Request) (began, listens bool) {
	k.mu.Lock()
	var o *coap.Observer
	if k.gone == nil {
		o = req.Observe(func(err error) { s.hungUp(k, &o, err) })
	}
	var older *coap.Observer
	var waiting []*request
	if o != nil && o != k.line {
		began = k.line == nil
		older, waiting = k.hangUp()
		k.line = o
	}
	listens = k.line != nil
	k.mu.Unlock()
	failAll(waiting, errObservesAnew)
	if older != nil {
		older.End()
	}
	return began, listens
}

// hungUp is told that an observer is one no more: nothing that it was asked will be
// answered, or acknowledged.
func (s *Server) hungUp(k *skill, o **coap.Observer, err error) {
	k.mu.Lock()
	if k.line != *o {
		k.mu.Unlock()
		return
	}
	_, waiting := k.hangUp()
	k.mu.Unlock()
	if err == nil {
		err = ErrNotListening
	}
	failAll(waiting, err)
	s.cfg.Policy.Listening(k.snapshot())
}

// hangUp takes the line away, with the requests that went over it. k.mu is held.
func (k *skill) hangUp() (line *coap.Observer, waiting []*request) {
	for id, r := range k.waiting {
		waiting = append(waiting, r)
		delete(k.waiting, id)
	}
	line, k.line = k.line, nil
	return line, waiting
}

func failAll(waiting []*request, why error) {
	for _, r := range waiting {
		err := ErrGone
		if why != ErrGone {
			err = fmt.Errorf("%w: %w", ErrGone, why)
		}
		r.done <- outcome{err: err}
	}
}
