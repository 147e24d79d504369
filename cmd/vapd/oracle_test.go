package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"testing/fstest"

	"vapd/skill"
)

// asSkill makes the test binary run as a skill of that id.
const asSkill = "VAPD_TEST_AS_SKILL"

// oracle is a skill that knows one answer, made as an author would.
func oracle(id string) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	manifest := fstest.MapFS{"en.toml": {Data: []byte("name = \"Oracle\"\n[intents.ask]\nutterances = [\"ask the oracle\"]\n")}}
	s := skill.New(id, manifest, skill.Log(log))
	s.Handle("ask", func(context.Context, *skill.Request) (skill.Answer, error) { return skill.Say("Perhaps."), nil })
	if err := s.Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
