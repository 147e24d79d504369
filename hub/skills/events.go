package skills

import (
	"context"
	"errors"
	"time"

	"vapd/protocol/skillregistry"
	"vapd/protocol/vap"
)

// eventWait is how long a skill has to take an event and say something to it.
const eventWait = 5 * time.Second

// Tell tells the skills that want to know of an event (vap.Event*) at a client, which may be
// none. What they answer is said there. It does not wait.
func (s *Skills) Tell(event, client string, fields map[string]any) {
	for _, k := range s.server.Skills() {
		if k.Wants(event) && k.Listening {
			s.tell1(k.ID, event, client, fields)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, l := range s.locals {
		if l.wants(event) {
			s.tell1(id, event, client, fields)
		}
	}
}

func (s *Skills) tell1(skill, event, client string, fields map[string]any) {
	later(s.events, func() { s.happened(skill, event, client, fields) }, func(error) {
		s.cfg.Logger.Warn("a skill is not told, as too much is to be told", "skill", skill, "event", event)
	})
}

// happened tells one skill, and carries its answer to the client.
func (s *Skills) happened(skill, event, client string, fields map[string]any) {
	ctx, cancel := context.WithTimeout(context.Background(), eventWait)
	defer cancel()
	req := vap.SkillRequest{Client: client, Type: vap.RequestEvent, Event: event}
	if len(fields) > 0 {
		req.Capabilities = []vap.Capability{{Name: event, Fields: fields}}
	}
	a, err := s.ask1(ctx, skill, req)
	may, _ := s.may(skill, a.Capabilities)
	if err == nil && len(may) > 0 && client != "" {
		for i := range may {
			may[i].From = skill
		}
		err = s.cfg.Satellites.Notify(ctx, client, may...)
	}
	if err != nil && !errors.Is(err, skillregistry.ErrNotConnected) {
		s.cfg.Logger.Info("an event came to nothing", "skill", skill, "event", event, "client", client, "error", err)
	}
}
