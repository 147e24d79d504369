package skills

import (
	"context"
	"errors"
	"fmt"

	"vapd/protocol/skillregistry"
	"vapd/protocol/vap"
)

// Local is a skill within the hub. It may use every capability.
type Local struct {
	ID, Name  string
	NLU       []vap.NLU
	Events    []string
	Handle    func(context.Context, vap.SkillRequest) (skillregistry.Answer, error)
	CanAnswer func(context.Context, vap.SkillRequest) float32
}

// Line is the way between a Local and the hub. Its methods are those of a skill's connection
// (package skill).
type Line struct {
	hub *Skills
	Local
}

// Join is the way of a Local to the hub; it is there while Run runs.
func (s *Skills) Join(l Local) *Line { return &Line{s, l} }

// Run serves until ctx ends.
func (l *Line) Run(ctx context.Context) error {
	if err := l.Register(ctx, l.NLU, l.Events); err != nil {
		return err
	}
	l.hub.mu.Lock()
	if l.hub.locals[l.ID] != nil {
		l.hub.mu.Unlock()
		return fmt.Errorf("skills: %q is there already", l.ID)
	}
	l.hub.locals[l.ID], l.hub.names[l.ID] = l, l.Name
	l.hub.mu.Unlock()
	defer func() {
		l.hub.mu.Lock()
		defer l.hub.mu.Unlock()
		delete(l.hub.locals, l.ID)
	}()
	if l.wants(vap.EventStarted) {
		l.hub.tell1(l.ID, vap.EventStarted, "", nil)
	}
	<-ctx.Done()
	return nil
}

func (l *Line) wants(event string) bool {
	return skillregistry.SkillInfo{Events: l.Events}.Wants(event)
}

// Register replaces what can be said to it.
func (l *Line) Register(_ context.Context, nlu []vap.NLU, _ []string) error {
	sets := Sets(nlu)
	if err := l.hub.model.Replace(l.ID, sets); err != nil {
		return fmt.Errorf("skills: %q: %w", l.ID, err)
	}
	l.hub.learnt(l.ID, sets)
	return nil
}

// Notify says something to satellites.
func (l *Line) Notify(_ context.Context, items ...vap.NotificationItem) ([]vap.ItemResult, error) {
	results := make([]vap.ItemResult, len(items))
	for i, item := range items {
		answer := make(chan error, 1)
		policy{l.hub}.Notified(skillregistry.SkillInfo{ID: l.ID}, item, func(err error) { answer <- err })
		results[i] = vap.ItemResult{Type: item.Type, ClientID: item.ClientID}
		if err := <-answer; err != nil {
			results[i].Code = vap.AsError(err).Code
		}
	}
	return results, nil
}

// Query asks satellites, or the hub.
func (l *Line) Query(_ context.Context, data ...vap.ClientQuery) ([]vap.ClientAnswer, error) {
	var answers []vap.ClientAnswer
	for _, q := range data {
		answer := make(chan []vap.QueryResult, 1)
		policy{l.hub}.Queried(skillregistry.SkillInfo{ID: l.ID}, q, func(r []vap.QueryResult) { answer <- r })
		answers = append(answers, vap.ClientAnswer{ClientID: q.ClientID, Results: <-answer})
	}
	return answers, nil
}

// local is a skill within the hub; nil when there is none of that id.
func (s *Skills) local(id string) *Line {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.locals[id]
}

// ask1 asks a skill, wherever it is.
func (s *Skills) ask1(ctx context.Context, skill string, req vap.SkillRequest) (skillregistry.Answer, error) {
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
