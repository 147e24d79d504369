// Package repeat is a skill that says again what was said last: "repeat that".
package repeat

import (
	"context"
	"embed"
	"strings"

	"vapd/protocol/vap"
	"vapd/skill"
)

//go:embed *.toml
var manifest embed.FS

// ID is the skill's.
const ID = "org.vapd.repeat"

// New makes the skill.
func New(options ...func(*skill.Config)) *skill.Skill {
	s := skill.New(ID, manifest, options...)
	return s.Handle("repeat", func(ctx context.Context, r *skill.Request) (skill.Answer, error) {
		c, err := s.QueryOne(ctx, r.Client, vap.AskSaid)
		if skill.NotFound(err) {
			return skill.Say("I have not said anything yet."), nil
		}
		if err != nil {
			return skill.Answer{}, err
		}
		text, _ := c.Fields["text"].(string)
		// Who was asked can answer now. What it says of itself, that it has said nothing, it
		// may say again: it is what it said last.
		return skill.Answer{Say: text, Ask: strings.HasSuffix(text, "?")}, nil
	})
}
