// Package builtin lists the skills that come with the hub. They are made with the package
// for authors, and know of the hub what every skill may know.
package builtin

import (
	"vapd/skill"
	"vapd/skill/builtin/arithmetic"
	"vapd/skill/builtin/timer"
)

// All are the skills by id, still to be made.
func All() map[string]func(...func(*skill.Config)) *skill.Skill {
	return map[string]func(...func(*skill.Config)) *skill.Skill{
		arithmetic.ID: arithmetic.New,
		timer.ID:      timer.New,
	}
}
