package skillregistry

import (
	"strconv"
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
	done := countdown(len(m.Items), func() { reply(k.settle(results)) })
	for i, item := range m.Items {
		results[i] = vap.ItemResult{Type: item.Type, RequestID: item.RequestID, ClientID: item.ClientID}
		if item.Type != vap.ItemStandalone {
			results[i].Code = k.answer(item)
			done()
			continue
		}
		s.cfg.Policy.Notified(k.snapshot(), item, func(err error) {
			results[i].Code = accepted(item)
			if err != nil {
				results[i].Code = vap.AsError(err).Code
			}
			done()
		})
	}
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
func (k *skill) settle(results []vap.ItemResult) *coap.Response {
	body := vap.SkillNotified{Items: results}
	if k.form == vap.ReferencePython {
		return &coap.Response{Code: referenceCode(results), Body: vap.AppendSkillNotified(nil, k.form, body)}
	}
	var refused, cacheable int
	worst := 0 // the item that says what happened when all failed
	for n, r := range results {
		switch {
		case failed(r.Code):
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
		e := refusal(results[worst])
		return &coap.Response{Code: e.Code, Body: vap.AppendSkillRefused(nil, e, body)}
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

// refusal is the error of an item that failed.
func refusal(r vap.ItemResult) *vap.Error {
	e := &vap.Error{Code: r.Code, Type: vap.TypeInternal, Object: r.ClientID}
	switch {
	case r.Type != vap.ItemStandalone:
		e.Type, e.Object = vap.TypeWrongRequestID, strconv.FormatUint(r.RequestID, 10)
	case r.Code == codes.NotFound:
		e.Type = vap.TypeNotFound
	case r.Code == codes.Unauthorized: // not TypeUnauthorized, which is of the connection
		e.Type = vap.TypeNotPermitted
	}
	return e
}
