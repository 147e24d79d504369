package skillregistry

import (
	"slices"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// query answers what a skill wants to know (seed, query). Whatever becomes of its parts,
// all of it is 2.05.
func (s *Server) query(peer coap.Peer, _ *coap.Request, m vap.Query, reply func(*coap.Response)) {
	k, e := s.member(peer, m.SkillID)
	if e != nil {
		reply(e.Response())
		return
	}
	answer := vap.QueryAnswer{Data: make([]vap.ClientAnswer, len(m.Data))}
	done := countdown(len(m.Data), func() {
		reply(&coap.Response{Code: codes.Content, Body: vap.AppendQueryAnswer(nil, k.form, answer)})
	})
	for i, q := range m.Data {
		s.cfg.Policy.Queried(k.snapshot(), q, func(results []vap.QueryResult) {
			answer.Data[i] = vap.ClientAnswer{ClientID: q.ClientID, Results: complete(q, results)}
			done()
		})
	}
}

// complete adds what is asked for and not answered.
func complete(q vap.ClientQuery, results []vap.QueryResult) []vap.QueryResult {
	for _, c := range q.Capabilities {
		if !slices.ContainsFunc(results, func(r vap.QueryResult) bool { return r.Name == c.Name }) {
			results = append(results, vap.QueryNotFound(c.Name, vap.KindCapability, c.Name))
		}
	}
	return results
}
