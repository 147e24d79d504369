package skills

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"vapd/protocol/skillregistry"
	"vapd/protocol/vap"
	"vapd/skill"
)

// line is the way between the hub and a skill in its own program (skill.Line).
type line struct {
	hub *Skills
	skill.Service
}

// Connect lets in a skill that is a part of this program; it is a skill.Connect. What can be
// said to it is understood when it returns. It may have every capability carried out.
func (s *Skills) Connect(service skill.Service) (skill.Line, error) {
	l := &line{s, service}
	s.mu.Lock()
	there := s.locals[l.ID] != nil
	if !there {
		s.locals[l.ID], s.names[l.ID] = l, l.Name
	}
	s.mu.Unlock()
	if there {
		return nil, fmt.Errorf("skills: %q is there already", l.ID)
	}
	if err := l.Register(context.Background(), l.NLU, l.Events); err != nil {
		l.leave()
		return nil, err
	}
	return l, nil
}

func (l *line) leave() {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	delete(l.hub.locals, l.ID)
}

// Run implements skill.Line.
func (l *line) Run(ctx context.Context) error {
	defer l.leave()
	if l.wants(vap.EventStarted) {
		l.hub.tell1(l.ID, vap.EventStarted, "", nil)
	}
	<-ctx.Done()
	return nil
}

func (l *line) wants(event string) bool {
	return skillregistry.SkillInfo{Events: l.Events}.Wants(event)
}

// Register implements skill.Line. Events stay as they are.
func (l *line) Register(_ context.Context, nlu []vap.NLU, _ []string) error {
	sets := Sets(nlu)
	if err := l.hub.model.Replace(l.ID, sets); err != nil {
		return fmt.Errorf("skills: %q: %w", l.ID, err)
	}
	l.hub.learnt(l.ID, sets)
	return nil
}

// Notify implements skill.Line.
func (l *line) Notify(ctx context.Context, items ...vap.NotificationItem) ([]vap.ItemResult, error) {
	results := make([]vap.ItemResult, len(items))
	var refusal error // the first
	refused := 0
	for i, item := range items {
		answer := make(chan error, 1)
		policy{l.hub}.Notified(skillregistry.SkillInfo{ID: l.ID}, item, func(err error) { answer <- err })
		results[i] = vap.ItemResult{Type: item.Type, ClientID: item.ClientID}
		select {
		case err := <-answer:
			if err != nil {
				results[i].Code, refusal = vap.AsError(err).Code, cmp.Or(refusal, err)
				refused++
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("skills: %q tells %q: %w", l.ID, item.ClientID, ctx.Err())
		}
	}
	if refused == len(items) {
		return nil, refusal
	}
	return results, nil
}

// Query implements skill.Line.
func (l *line) Query(ctx context.Context, data ...vap.ClientQuery) ([]vap.ClientAnswer, error) {
	var answers []vap.ClientAnswer
	for _, q := range data {
		answer := make(chan []vap.QueryResult, 1)
		policy{l.hub}.Queried(skillregistry.SkillInfo{ID: l.ID}, q, func(r []vap.QueryResult) { answer <- r })
		select {
		case results := <-answer:
			answers = append(answers, vap.ClientAnswer{ClientID: q.ClientID, Results: results})
		case <-ctx.Done():
			return nil, fmt.Errorf("skills: %q asks %q: %w", l.ID, q.ClientID, ctx.Err())
		}
	}
	return answers, nil
}

// Own are the names of the skills within the hub, by id.
func (s *Skills) Own() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make(map[string]string)
	for id, l := range s.locals {
		names[id] = l.Name
	}
	return names
}

// local is a skill within the hub; nil when there is none of that id.
func (s *Skills) local(id string) *line {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.locals[id]
}

// ask1 asks a skill, wherever it is.
func (s *Skills) ask1(ctx context.Context, skill string, req vap.SkillRequest) (skillregistry.Answer, error) {
	a, err := s.askThere(ctx, skill, req)
	s.watchRequest(skill, req, err)
	return a, err
}

func (s *Skills) askThere(ctx context.Context, skill string, req vap.SkillRequest) (skillregistry.Answer, error) {
	l := s.local(skill)
	if l == nil {
		return s.server.Ask(ctx, skill, req)
	}
	if req.Type == vap.RequestCanYouAnswer {
		return skillregistry.Answer{Confidence: l.CanAnswer(ctx, req)}, ctx.Err()
	}
	a, err := l.Handle(ctx, req)
	if err != nil {
		err = errors.Join(skillregistry.ErrFailed, err)
	}
	return a, err
}
