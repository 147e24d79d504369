package skillregistry

import (
	"slices"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// register takes what a skill wants to be asked (seed, registerIntents).
func (s *Server) register(peer coap.Peer, _ *coap.Request, m vap.RegisterIntents, reply func(*coap.Response)) {
	k, e := s.member(peer, m.SkillID)
	if e == nil {
		e = check(m, s.cfg.KnowsEntity)
	}
	if e == nil && !k.begin() {
		e = busy()
	}
	if e != nil {
		reply(e.Response())
		return
	}
	m.NLU = spoken(m.NLU, k.langs)
	s.cfg.Policy.Registered(k.snapshot(), m, func(err error) {
		k.registered(m.Events, err)
		if err != nil {
			s.refuse("registration could not be taken", m.SkillID, err, reply)
			return
		}
		var answer vap.IntentsRegistered
		for _, n := range m.NLU {
			answer.Langs = append(answer.Langs, n.Language)
		}
		reply(&coap.Response{Code: codes.Created, Body: vap.AppendIntentsRegistered(nil, k.form, answer)})
	})
}

// begin begins a registration; false says that one is under way, since of two at once
// nobody knew which is the later.
func (k *skill) begin() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.registering {
		return false
	}
	k.registering = true
	return true
}

func (k *skill) registered(events []string, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.registering = false
	if err == nil {
		k.events = events
	}
}

// spoken leaves the sets of languages that the hub speaks, in any country.
func spoken(sets []vap.NLU, langs []vap.Language) []vap.NLU {
	if len(langs) == 0 {
		return sets
	}
	return slices.DeleteFunc(sets, func(n vap.NLU) bool {
		return !slices.ContainsFunc(langs, func(l vap.Language) bool { return l.Language == n.Language.Language })
	})
}
