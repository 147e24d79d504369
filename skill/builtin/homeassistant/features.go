package homeassistant

import (
	"slices"
	"strings"

	"vapd/skill/builtin/homeassistant/api"
)

// features are the bits of supported_features that services need, as the domains' entity
// features count them. Whether lights, fans and thermostats can be turned on and off is not
// among them: those of before 2024.8 do not say.
func features() map[string]int {
	return map[string]int{
		"cover.open_cover": 1, "cover.close_cover": 2, "cover.set_cover_position": 4, "cover.stop_cover": 8,
		"fan.set_percentage":       1,
		"climate.set_temperature":  1, // one, rather than a range
		"media_player.media_pause": 1, "media_player.turn_on": 128, "media_player.turn_off": 256, "media_player.media_play": 16384,
	}
}

// able reports whether an entity can do something now: what players can depends on what they
// do. One that does not say is tried.
func (s *Skill) able(e *entity, what service) bool {
	if e.domain == "light" {
		return !what.dims() || e.dimmable()
	}
	state, _ := s.state(e)
	has, need := state.Attributes.Features.Value, features()[e.domain+"."+what.name]
	return has == nil || int(*has)&need == need
}

// dims reports whether a service sets a brightness.
func (s service) dims() bool {
	for key := range s.data {
		if strings.HasPrefix(key, "brightness") {
			return true
		}
	}
	return false
}

// dimmable reports whether a light can be anything but on and off. Home Assistant turns one
// on that can't, and says nothing of it.
func (e *entity) dimmable() bool {
	return len(e.modes) == 0 || slices.ContainsFunc(e.modes, func(m api.Text) bool { return m != "onoff" && m != "unknown" })
}
