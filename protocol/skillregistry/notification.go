package skillregistry

import (
	"sync"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// notified takes answers to requests, and what a skill says on its own (seed,
// notification).
func (s *Server) notified(peer coap.Peer, _ *coap.Request, m vap.SkillNotification, reply func(*coap.Response)) {
	k, e := s.member(peer, m.SkillID)
	if e != nil {
		reply(e.Response())
		return
	}
	results := make([]vap.ItemResult, len(m.Items))
	refusals := make([]*vap.Error, len(m.Items))
	counted := countdown(len(m.Items), func() { reply(k.settle(results, refusals)) })
	for i, item := range m.Items {
		results[i] = vap.ItemResult{Type: item.Type, RequestID: item.RequestID, ClientID: item.ClientID}
		done := func(refusal *vap.Error) {
			results[i].Code = accepted(item)
			if refusal != nil {
				results[i].Code, refusals[i] = refusal.Code, refusal
			}
			counted()
		}
		if item.Type != vap.ItemStandalone {
			done(k.answer(item))
			continue
		}
		s.cfg.Policy.Notified(k.snapshot(), item, func(err error) { done(s.itemRefusal(m.SkillID, err)) })
	}
}

// itemRefusal is what a skill is told of an item for which the policy has an error.
func (s *Server) itemRefusal(skill string, err error) *vap.Error {
	if err == nil {
		return nil
	}
	e := *vap.AsError(err)
	switch e.Type {
	case vap.TypeInternal:
		s.cfg.Logger.Error("what a skill says could not be taken", "skill", skill, "error", err)
	case vap.TypeUnauthorized: // which is of the connection
		e.Type = vap.TypeNotPermitted
	}
	return &e
}

// countdown calls last when done was called n times, or at once when n is 0.
func countdown(n int, last func()) (done func()) {
	if n == 0 {
		last()
	}
	var mu sync.Mutex
	return func() {
		mu.Lock()
		n--
		over := n == 0
		mu.Unlock()
		if over {
			last()
		}
	}
}

// settle is the answer to a notification: 2.05 when all of it is cacheable, an error when
// all of it failed.
func (k *skill) settle(results []vap.ItemResult, refusals []*vap.Error) *coap.Response {
	body := vap.SkillNotified{Items: results}
	if k.form == vap.ReferencePython {
		return &coap.Response{Code: referenceCode(results), Body: vap.AppendSkillNotified(nil, k.form, body)}
	}
	var refused, cacheable int
	worst := 0 // the item that says what happened when all failed
	for n, r := range results {
		switch {
		case refusals[n] != nil:
			refused++
		case r.Code == codes.Content:
			cacheable++
		}
		if r.Code == codes.BadOption && results[worst].Code != codes.BadOption {
			worst = n
		}
	}
	switch {
	case len(results) == 0:
	case refused == len(results):
		r := refusals[worst].Response()
		r.Body = vap.AppendSkillRefused(nil, refusals[worst], body)
		return r
	case cacheable == len(results):
		return &coap.Response{Code: codes.Content, Body: vap.AppendSkillNotified(nil, k.form, body)}
	}
	return &coap.Response{Code: codes.Changed, Body: vap.AppendSkillNotified(nil, k.form, body)}
}

// referenceCode is what the reference skill in Python takes for a success.
func referenceCode(results []vap.ItemResult) codes.Code {
	for _, r := range results {
		if r.Type == vap.ItemStandalone {
			return codes.Content
		}
	}
	return codes.Valid
}
