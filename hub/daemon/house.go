package daemon

import (
	"path/filepath"

	"vapd/skill"
	"vapd/skill/builtin/homeassistant"
)

// newHouse is the skill that speaks of a house; nil where the settings name none.
func newHouse(o Options, state string, connect skill.Connect) (*homeassistant.Skill, error) {
	c := o.Config.Skills.HomeAssistant
	if c.URL == "" {
		return nil, nil
	}
	return homeassistant.New(
		homeassistant.Config{URL: c.URL, TokenFile: c.TokenFile, Allow: c.Allow, Logger: o.Logger},
		skill.Via(connect), skill.State(filepath.Join(state, "skills", homeassistant.ID)), skill.Log(o.Logger),
	)
}
