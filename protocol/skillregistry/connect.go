package skillregistry

import (
	"fmt"
	"strings"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// maxDeciding is how many connects may wait for the policy.
const maxDeciding = 1024

// fullRetry is when a skill may ask again that found no place.
const fullRetry = time.Minute

// CheckID says what is wrong with the id of a skill, if something is: it has 1 to 128
// letters, digits, dots, dashes and underscores of ASCII, as org.company.product.
func CheckID(id string) error {
	if id == "" || len(id) > maxID || !isID(id) {
		return fmt.Errorf("skillregistry: the id %q of a skill: want up to %d letters, digits, dots, dashes and underscores, as org.company.product", id, maxID)
	}
	return nil
}

const maxID = 128

// isID reports whether s may be a skill's id (seed: "ascii based name"): it can be a
// segment of a path as it is.
func isID(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-", r)
	})
}

// connect introduces a skill (seed, "Init").
func (s *Server) connect(peer coap.Peer, req *coap.Request, m vap.Connect, reply func(*coap.Response)) {
	elsewhere, refusal := s.admit(peer, len(req.Body), m)
	if refusal != nil {
		reply(refusal.Response())
		return
	}
	s.cfg.Policy.Connect(peer, m, elsewhere, func(c vap.SkillConnected, err error) {
		s.mu.Lock()
		s.deciding--
		s.mu.Unlock()
		var k *skill
		if err == nil {
			k, err = s.join(peer, m, c.Langs)
		}
		if err != nil {
			s.refuse("connect could not be decided", m.ID, err, reply)
			return
		}
		c.HubID = s.cfg.ID
		reply(&coap.Response{Code: codes.Created, Body: vap.AppendSkillConnected(nil, k.form, c)})
	})
}

// refuse answers with an error, and logs one that is the hub's own.
func (s *Server) refuse(what, skill string, err error, reply func(*coap.Response)) {
	e := vap.AsError(err)
	if e.Type == vap.TypeInternal {
		s.cfg.Logger.Error(what, "skill", skill, "error", err)
	}
	reply(e.Response())
}

// admit checks what needs no policy.
func (s *Server) admit(peer coap.Peer, size int, m vap.Connect) (elsewhere bool, e *vap.Error) {
	if e := m.Check(size); e != nil {
		return false, e
	}
	if !isID(m.ID) {
		return false, malformed("id")
	}
	s.mu.Lock()
	known := s.skills[m.ID]
	e = s.roomFor(m.ID)
	if e == nil && s.deciding >= maxDeciding {
		e = busy()
	}
	if e == nil {
		s.deciding++
	}
	s.mu.Unlock()
	return known != nil && known.info.Peer.ID() != peer.ID() && s.alive(known), e
}

// roomFor says why there is no room for a skill. s.mu is held.
func (s *Server) roomFor(id string) *vap.Error {
	if s.closed {
		return busy()
	}
	if s.skills[id] == nil && len(s.skills) >= s.cfg.MaxSkills {
		return &vap.Error{Code: codes.TooManyRequests, Type: vap.TypeTooManySkills, RetryAfter: fullRetry}
	}
	return nil
}

// join connects the skill, in the place of an older connection of its id. One peer may
// be several skills.
func (s *Server) join(peer coap.Peer, req vap.Connect, langs []vap.Language) (*skill, error) {
	k := &skill{
		info: SkillInfo{ID: req.ID, Name: req.Name, Peer: peer, Capabilities: req.Capabilities},
		form: s.cfg.Form(req.ID), langs: langs, heard: time.Now(), waiting: make(map[uint64]*request),
	}
	if older := s.find(req.ID); older != nil {
		s.remove(older, ErrReplaced)
	}
	s.mu.Lock()
	if e := s.roomFor(req.ID); e != nil {
		s.mu.Unlock()
		return nil, e
	}
	if s.skills[req.ID] != nil {
		s.mu.Unlock() // two connects of one skill at once; the other came first
		return nil, busy()
	}
	s.skills[req.ID] = k
	s.mu.Unlock()
	s.cfg.Policy.Joined(k.snapshot())
	return k, nil
}

// remove ends what the skill had. Only the first of several calls does something.
func (s *Server) remove(k *skill, why error) {
	s.mu.Lock()
	there := s.skills[k.info.ID] == k
	if there {
		delete(s.skills, k.info.ID)
	}
	s.mu.Unlock()
	if !there {
		return
	}
	reason := why
	if reason == nil {
		reason = ErrGone
	}
	k.mu.Lock()
	k.gone = reason
	line, waiting := k.hangUp()
	k.mu.Unlock()
	failAll(waiting, reason)
	if line != nil {
		lastWord(line, why)
		s.cfg.Policy.Listening(k.snapshot())
	}
	s.cfg.Policy.Left(k.snapshot(), why)
}

// lastWord ends a relation, and says why to a skill that does not know.
func lastWord(line *coap.Observer, why error) {
	var e *vap.Error
	switch why {
	case ErrClosed:
		e = busy()
	case ErrRemoved, ErrReplaced:
		e = unauthorized()
	default:
		line.End()
		return
	}
	_ = line.Update(e.Response()) // it may just have ended
}

// member is the skill of that id, if it connected from peer.
func (s *Server) member(peer coap.Peer, skillID string) (*skill, *vap.Error) {
	s.mu.Lock()
	k, closed := s.skills[skillID], s.closed
	s.mu.Unlock()
	switch {
	case closed:
		return nil, busy()
	case k == nil:
		return nil, wrongSkill(skillID)
	case k.info.Peer.ID() != peer.ID():
		return nil, unauthorized()
	}
	k.mu.Lock()
	k.heard = time.Now()
	k.mu.Unlock()
	return k, nil
}

// goodbye closes a connection (seed, DELETE). A body names the skill once more.
func (s *Server) goodbye(peer coap.Peer, req *coap.Request, reply func(*coap.Response)) {
	id := lastSegment(req.Path)
	err := vap.CheckFormat(req.ContentFormat)
	if err == nil && len(req.Body) > 0 {
		var m vap.SkillClose
		if m, err = vap.ParseSkillClose(req.Body); err == nil && m.SkillID != id {
			err = wrongSkill(m.SkillID)
		}
	}
	if err != nil {
		reply(vap.AsError(err).Response())
		return
	}
	k, e := s.member(peer, id)
	if e != nil {
		reply(e.Response())
		return
	}
	s.remove(k, nil)
	reply(&coap.Response{Code: codes.Deleted})
}

func lastSegment(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
