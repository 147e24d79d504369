package skills

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/hub/intent/nlu"
	"vapd/protocol/coap"
	"vapd/protocol/control"
	"vapd/protocol/skillregistry"
	"vapd/protocol/vap"
)

// policy answers the registry (skillregistry.Policy).
type policy struct{ *Skills }

func (p policy) Connect(peer coap.Peer, req vap.Connect, elsewhere bool, reply func(vap.SkillConnected, error)) {
	if p.local(req.ID) != nil {
		reply(vap.SkillConnected{}, &vap.Error{Code: codes.Unauthorized, Type: vap.TypeConnectionDenied, Object: req.ID})
		return
	}
	later(p.admit, func() {
		token, err := p.cfg.Admit(peer, req, elsewhere)
		if err != nil {
			reply(vap.SkillConnected{}, err)
			return
		}
		reply(vap.SkillConnected{Langs: p.cfg.Languages, Token: token}, nil)
	}, func(err error) { reply(vap.SkillConnected{}, err) })
}

func (p policy) Registered(s skillregistry.SkillInfo, r vap.RegisterIntents, reply func(error)) {
	later(p.learn, func() {
		sets := Sets(r.NLU)
		err := p.model.Replace(s.ID, sets)
		if err == nil {
			p.learnt(s.ID, sets)
			p.cfg.Logger.Info("a skill is understood", "skill", s.ID, "languages", len(r.NLU))
		}
		reply(wireError(err))
	}, reply)
}

// Sets is what a skill registers, as the model has it.
func Sets(in []vap.NLU) []nlu.Set {
	out := make([]nlu.Set, len(in))
	for i, n := range in {
		out[i].Language = n.Language.String()
		for _, in := range n.Intents {
			made := nlu.Intent{Name: in.Name, Utterances: in.Utterances}
			for _, s := range in.Slots {
				made.Slots = append(made.Slots, nlu.Slot(s))
			}
			out[i].Intents = append(out[i].Intents, made)
		}
		for _, e := range n.Entities {
			made := nlu.Entity{Name: e.Name, Strict: e.Strict}
			for _, v := range e.Values {
				made.Values = append(made.Values, nlu.Value(v))
			}
			out[i].Entities = append(out[i].Entities, made)
		}
	}
	return out
}

// wireError is what a skill is told of a registration that is refused.
func wireError(err error) error {
	var invalid *nlu.Invalid
	if !errors.As(err, &invalid) {
		return err
	}
	switch invalid.Reason {
	case nlu.MissingEntity, nlu.EmptyEntity, nlu.CyclicEntity:
		return &vap.Error{Code: codes.RequestEntityIncomplete, Type: vap.TypeMissingEntity, Object: invalid.Object}
	case nlu.MissingSlot:
		return &vap.Error{Code: codes.RequestEntityIncomplete, Type: vap.TypeMissingSlot, Object: invalid.Object}
	}
	return &vap.Error{Code: codes.BadRequest, Type: vap.TypeMalformed, Object: invalid.Object}
}

// may are the capabilities that a skill may use, and the first that it may not.
func (s *Skills) may(skill string, all []vap.Capability) (may []vap.Capability, denied string) {
	own := s.local(skill) != nil
	for _, c := range all {
		if own || s.cfg.May(skill, c.Name) {
			may = append(may, c)
			continue
		}
		s.cfg.Logger.Warn("a skill may not do that: the owner of the hub can grant it", "skill", skill, "capability", c.Name,
			"remedy", "'vapd hub skills grant "+skill+" "+c.Name+"'")
		if denied == "" {
			denied = c.Name
		}
	}
	return may, denied
}

// askWait is how long a satellite has to answer a query.
const askWait = 2 * time.Second

// Queried tells a skill what it may know of a satellite or the hub.
func (p policy) Queried(s skillregistry.SkillInfo, q vap.ClientQuery, reply func([]vap.QueryResult)) {
	there := q.ClientID == vap.System || p.cfg.Satellites.Known(q.ClientID)
	var results []vap.QueryResult
	var asked []vap.Capability // of a satellite
	for _, c := range q.Capabilities {
		_, denied := p.may(s.ID, []vap.Capability{c})
		switch {
		case !there:
			results = append(results, vap.QueryNotFound(c.Name, vap.KindClient, q.ClientID))
		case denied != "":
			results = append(results, vap.QueryUnauthorized(c.Name))
		case q.ClientID != vap.System:
			asked = append(asked, c)
		default:
			results = append(results, p.system(c))
		}
	}
	if len(asked) == 0 {
		reply(results)
		return
	}
	later(p.tell, func() {
		ctx, cancel := context.WithTimeout(context.Background(), askWait)
		defer cancel()
		answered := p.cfg.Satellites.Query(ctx, q.ClientID, asked...)
		for _, c := range asked {
			i := slices.IndexFunc(answered, func(r vap.QueryResult) bool { return r.Name == c.Name })
			if i < 0 {
				results = append(results, vap.QueryNotFound(c.Name, vap.KindCapability, c.Name))
				continue
			}
			results = append(results, answered[i])
		}
		reply(results)
	}, func(err error) {
		for _, c := range asked {
			results = append(results, vap.QueryResult{Name: c.Name, Code: vap.AsError(err).Code})
		}
		reply(results)
	})
}

// system is what the hub has to tell.
func (p policy) system(c vap.Capability) vap.QueryResult {
	if c.Name == vap.AskSkills {
		return vap.QueryContent(p.about())
	}
	if found, ok := p.cfg.Satellites.System(c); ok {
		return vap.QueryContent(found)
	}
	return vap.QueryNotFound(c.Name, vap.KindCapability, c.Name)
}

func (p policy) Joined(s skillregistry.SkillInfo) {
	p.cfg.Logger.Info("a skill connected", "skill", s.ID, "address", s.Peer.Addr())
	p.mu.Lock()
	if len(p.names) < maxNames {
		p.names[s.ID] = s.Name
	}
	p.mu.Unlock()
	p.report(control.HubEvent{Kind: control.EventSkillJoined, Skill: s.ID, Name: s.Name, Address: s.Peer.Addr().String()}, nil)
}

// Left leaves what a skill understands as it is: people are told that it is away.
func (p policy) Left(s skillregistry.SkillInfo, why error) {
	p.cfg.Logger.Info("a skill left", "skill", s.ID, "why", why)
	p.watchLeft(s.ID, why)
}

// Listening tells a skill that its hub has started, as far as the skill can know.
func (p policy) Listening(s skillregistry.SkillInfo) {
	if s.Listening && s.Wants(vap.EventStarted) {
		p.tell1(s.ID, vap.EventStarted, "", nil)
	}
}
