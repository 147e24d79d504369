// Package builtin lists the skills that come with the hub. They are made with the package
// for authors, and know of the hub what every skill may know.
package builtin

import (
	"vapd/skill"
	"vapd/skill/builtin/announce"
	"vapd/skill/builtin/arithmetic"
	"vapd/skill/builtin/clock"
	"vapd/skill/builtin/help"
	"vapd/skill/builtin/people"
	"vapd/skill/builtin/repeat"
	"vapd/skill/builtin/stop"
	"vapd/skill/builtin/timer"
	"vapd/skill/builtin/volume"
)

// All are the skills by id, still to be made.
func All() map[string]func(...func(*skill.Config)) *skill.Skill {
	return map[string]func(...func(*skill.Config)) *skill.Skill{
		announce.ID:   announce.New,
		arithmetic.ID: arithmetic.New,
		clock.ID:      clock.New,
		help.ID:       help.New,
		people.ID:     people.New,
		repeat.ID:     repeat.New,
		stop.ID:       stop.New,
		timer.ID:      timer.New,
		volume.ID:     volume.New,
	}
}
