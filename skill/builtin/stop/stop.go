// Package stop is a skill that silences whatever sounds: "stop", "never mind", "be quiet".
package stop

import (
	"context"
	"embed"

	"vapd/protocol/vap"
	"vapd/skill"
)

//go:embed *.toml
var manifest embed.FS

// ID is the skill's.
const ID = "org.vapd.stop"

// New makes the skill.
func New(options ...func(*skill.Config)) *skill.Skill {
	return skill.New(ID, manifest, options...).Handle("stop", func(context.Context, *skill.Request) (skill.Answer, error) {
		return skill.Answer{}.With(vap.StopCapability()), nil
	})
}
