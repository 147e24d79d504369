package hatest

import (
	"fmt"
	"slices"
	"strings"
)

// House is what the server has.
type House struct {
	Areas    []Area
	Floors   []Floor
	Entities []Entity
	Unit     string // of temperatures; "" is °C
	Older    bool   // tells what is exposed as 2024.3 did
}

// Area is a part of a House.
type Area struct {
	ID, Name    string
	Aliases     []string
	Temperature string // the id of the sensor that the owner chose; may be empty
	Floor       string // id; may be empty
}

// Floor is several areas.
type Floor struct {
	ID, Name string
	Aliases  []string
}

// Entity is a thing in a House.
type Entity struct {
	ID         string // "light.kitchen"
	Name       string // friendly_name
	Area       string // id; that of its device when Device is set
	Device     string // id
	Aliases    []string
	State      string
	Attributes map[string]any
	Hidden     bool
	Disabled   bool
	Category   string
	Expose     *bool // nil: the owner did not say
	Legacy     bool  // in no registry
}

// Domain is the first part of an entity's id.
func (e Entity) Domain() string {
	domain, _, _ := strings.Cut(e.ID, ".")
	return domain
}

// Call is a service that was called.
type Call struct {
	Service  string // "light.turn_on"
	Entities []string
	Data     map[string]any
}

// String is c in one line, its entities in their order.
func (c Call) String() string {
	out := c.Service + " " + strings.Join(slices.Sorted(slices.Values(c.Entities)), ",")
	if len(c.Data) > 0 {
		out += fmt.Sprintf(" %v", c.Data)
	}
	return out
}

// service is what a service takes, and does to a state.
type service struct {
	data  []string // keys that it may have
	needs []string // of which it must have one
	state string   // the entities' new one; "" leaves it
	// feature is the bit of supported_features that each entity needs; 0 is none.
	feature int
}

// services are those that the server has.
func services() map[string]service {
	all := map[string]service{
		"light.turn_on": {state: "on", data: []string{"brightness_pct", "brightness_step_pct", "color_name", "rgb_color", "color_temp_kelvin"}},
		"fan.turn_on":   {state: "on", data: []string{"percentage"}},

		"fan.set_percentage":       {state: "on", data: []string{"percentage"}, needs: []string{"percentage"}},
		"cover.open_cover":         {state: "open", feature: 1},
		"cover.close_cover":        {state: "closed", feature: 2},
		"cover.stop_cover":         {feature: 8},
		"cover.set_cover_position": {data: []string{"position"}, needs: []string{"position"}, feature: 4},
		"climate.set_temperature":  {data: []string{"temperature"}, needs: []string{"temperature"}, feature: 1},
		"lock.lock":                {state: "locked"},
		"lock.unlock":              {state: "unlocked"},
		"scene.turn_on":            {},
		"script.turn_on":           {state: "on"},
		"script.turn_off":          {state: "off"},
		"media_player.media_pause": {state: "paused", feature: 1},
		"media_player.media_play":  {state: "playing", feature: 16384},
		"media_player.turn_on":     {state: "on", feature: 128},
		"media_player.turn_off":    {state: "off", feature: 256},
	}
	for _, domain := range []string{"light", "switch", "fan", "climate", "input_boolean", "humidifier"} {
		all[domain+".turn_off"] = service{state: "off"}
		if _, ok := all[domain+".turn_on"]; !ok {
			all[domain+".turn_on"] = service{state: "on"}
		}
	}
	return all
}

// unable is an entity of a call that can't do it; "" when all can. One that says nothing of its
// features can.
func (h House) unable(s service, c Call) string {
	for _, e := range h.Entities {
		has, says := e.Attributes["supported_features"].(int)
		if says && slices.Contains(c.Entities, e.ID) && has&s.feature != s.feature {
			return e.ID
		}
	}
	return ""
}

// check is what is wrong with a call; "" when nothing is.
func (s service) check(c Call) string {
	for key, value := range c.Data {
		if !slices.Contains(s.data, key) {
			return fmt.Sprintf("extra keys not allowed @ data['%s']", key)
		}
		if n, ok := value.(float64); ok && strings.HasSuffix(key, "_pct") && (n < -100 || n > 100) || key == "position" && (n < 0 || n > 100) {
			return fmt.Sprintf("value must be at most 100 for dictionary value @ data['%s']", key)
		}
	}
	for _, key := range s.needs {
		if _, ok := c.Data[key]; !ok {
			return fmt.Sprintf("required key not provided @ data['%s']", key)
		}
	}
	if len(c.Entities) == 0 {
		return "must contain at least one of entity_id, device_id, area_id"
	}
	domain, _, _ := strings.Cut(c.Service, ".")
	for _, id := range c.Entities {
		if d, _, _ := strings.Cut(id, "."); d != domain {
			return fmt.Sprintf("%s is no %s", id, domain)
		}
	}
	return ""
}
