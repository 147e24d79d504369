package builtin

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"

	"vapd/skill"
)

// Own is a skill of the hub's own.
type Own struct {
	*skill.Skill
	started func() // once
	start   <-chan struct{}
}

// New makes all skills. Each keeps what it keeps in a folder of its own in dir.
func New(connect skill.Connect, dir string, logger *slog.Logger) (all []Own) {
	for id, newSkill := range All() {
		start := make(chan struct{})
		o := Own{started: sync.OnceFunc(func() { close(start) }), start: start}
		via := func(s skill.Service) (skill.Line, error) {
			defer o.started()
			return connect(s)
		}
		o.Skill = newSkill(skill.Via(via), skill.State(filepath.Join(dir, id)), skill.Log(logger))
		all = append(all, o)
	}
	return all
}

// Run runs skills until ctx ends. ready is called when each of them is understood, or does
// not run, which is logged.
func Run(ctx context.Context, all []Own, logger *slog.Logger, ready func()) {
	var running sync.WaitGroup
	for _, o := range all {
		running.Go(func() {
			defer o.started()
			if err := o.Skill.Run(ctx); err != nil {
				logger.Error("a skill of the hub's own does not run", "skill", o.ID(), "error", err)
			}
		})
	}
	for _, o := range all {
		<-o.start
	}
	ready()
	running.Wait()
}
