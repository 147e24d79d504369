package skills

import (
	"context"
	"errors"

	"vapd/internal/metrics"
	"vapd/protocol/control"
	"vapd/protocol/skillregistry"
	"vapd/protocol/vap"
)

// tallies are the counts since the start.
type tallies struct{ requests, notices, left *metrics.Tally }

func newTallies() tallies {
	return tallies{
		requests: metrics.NewTally(control.RequestAnswered, control.RequestLate, control.RequestFailed, control.RequestBusy, control.RequestAway),
		notices:  metrics.NewTally(control.NoticeSaid, control.NoticeKept, control.NoticeRefused, control.NoticeExpired),
		left:     metrics.NewTally(control.LeftGoodbye, control.LeftReconnected, control.LeftRemoved, control.LeftLost),
	}
}

// Metrics are the measurements of the skills for Prometheus.
func (s *Skills) Metrics() []metrics.Family {
	return []metrics.Family{
		metrics.One(metrics.Gauge, "vapd_hub_skills", "Skills of other programs that are connected.", float64(len(s.server.Skills()))),
		s.left.Family("vapd_hub_skills_left_total", "Times that a skill of another program left, by why.", "why"),
		s.requests.Family("vapd_hub_skill_requests_total", "Requests to skills, by what came of them.", "result"),
		s.notices.Family("vapd_hub_skill_notices_total", "What skills said on their own, by what came of it.", "result"),
	}
}

// report tells who watches the hub.
func (s *Skills) report(e control.HubEvent, why error) {
	if why != nil {
		e.Why = why.Error()
	}
	if s.cfg.Report != nil {
		s.cfg.Report(e)
	}
}

// watchLeft takes note that a skill left; why is nil after its goodbye.
func (s *Skills) watchLeft(skill string, why error) {
	result := control.LeftLost
	switch {
	case why == nil:
		result = control.LeftGoodbye
	case errors.Is(why, skillregistry.ErrReplaced):
		result = control.LeftReconnected
	case errors.Is(why, skillregistry.ErrRemoved), errors.Is(why, skillregistry.ErrClosed):
		result = control.LeftRemoved
	}
	s.left.Add(result)
	s.report(control.HubEvent{Kind: control.EventSkillLeft, Skill: skill, Result: result}, why)
}

// watchRequest takes note of what came of a request. One for which nobody waits any more
// says nothing about the skill.
func (s *Skills) watchRequest(skill string, req vap.SkillRequest, err error) {
	var result string
	switch {
	case err == nil:
		s.requests.Add(control.RequestAnswered)
		return
	case errors.Is(err, context.Canceled):
		return
	case errors.Is(err, context.DeadlineExceeded):
		result = control.RequestLate
	case errors.Is(err, skillregistry.ErrBusy):
		result = control.RequestBusy
	case errors.Is(err, skillregistry.ErrFailed):
		result = control.RequestFailed
	default:
		result = control.RequestAway
	}
	s.requests.Add(result)
	s.report(control.HubEvent{Kind: control.EventSkillFailed, Skill: skill, Client: req.Client, Result: result}, err)
}

// watchNotice takes note of what came of a letter.
func (s *Skills) watchNotice(l letter, result string, why error) {
	s.notices.Add(result)
	e := control.HubEvent{Kind: control.EventNotice, Skill: l.Skill, Client: l.Client, Result: result}
	if n, err := vap.ParseNotification(l.Body); err == nil {
		e.Answer, _ = takeWords(n.Capabilities)
	}
	s.report(e, why)
}
