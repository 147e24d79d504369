// Package people is a skill that says who speaks: "who am i".
package people

import (
	"context"
	"embed"

	"vapd/skill"
)

//go:embed *.toml
var manifest embed.FS

// ID is the skill's.
const ID = "org.vapd.people"

// New makes the skill.
func New(options ...func(*skill.Config)) *skill.Skill {
	return skill.New(ID, manifest, options...).Handle("who", who)
}

// who says who speaks. A voice is a hint, so it says how sure it is.
func who(_ context.Context, r *skill.Request) (skill.Answer, error) {
	const sure, likely = 0.8, 0.5
	switch {
	case r.Speaker == "" || r.Confidence < likely:
		return skill.Say("I do not know your voice."), nil
	case r.Confidence < sure:
		return skill.Say("I think that you are %s.", r.Speaker), nil
	}
	return skill.Say("You are %s.", r.Speaker), nil
}
