package daemon

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"

	"vapd/hub/skills"
	"vapd/skill"
	"vapd/skill/builtin"
)

// runBuiltin runs them until ctx ends, in wg. They are skills as all others, but for the way
// to the hub.
func runBuiltin(ctx context.Context, wg *sync.WaitGroup, hub *skills.Skills, state string, logger *slog.Logger) {
	for id, newSkill := range builtin.All() {
		s := newSkill(skill.Via(within(hub)), skill.State(filepath.Join(state, "skills", id)), skill.Log(logger))
		wg.Go(func() {
			if err := s.Run(ctx); err != nil {
				logger.Error("a skill of the hub's own does not run", "skill", id, "error", err)
			}
		})
	}
}

// within connects a skill with the hub that it is in.
func within(hub *skills.Skills) skill.Connect {
	return func(s skill.Service) (skill.Line, error) {
		return hub.Join(skills.Local{
			ID: s.ID, Name: s.Name, NLU: s.NLU, Events: s.Events, Handle: s.Handle, CanAnswer: s.CanAnswer,
		}), nil
	}
}
