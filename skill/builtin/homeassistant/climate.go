package homeassistant

import (
	"context"
	"math"
	"strconv"
	"strings"

	"vapd/skill"
	"vapd/skill/builtin/homeassistant/api"
)

// temperature sets thermostats.
func (s *Skill) temperature(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	degrees, ok := s.current().degrees(r.Text("degrees"))
	if !ok {
		return skill.Ask("To how many degrees?"), nil
	}
	f, err := s.thermostats(ctx, r)
	if err == nil {
		err = inRange(f, degrees)
	}
	if err == nil {
		err = s.call(ctx, &f, always("set_temperature", map[string]any{"temperature": degrees}))
	}
	if err != nil {
		return s.answerOf(r, err)
	}
	return f.done("set to %s degrees", number(degrees)), nil
}

// thermostats finds them. Where none is named it is that of the area, and where the whole
// house has one, that one.
func (s *Skill) thermostats(ctx context.Context, r *skill.Request) (found, error) {
	if r.Text("name") == "" {
		again := *r
		again.Slots = map[string]string{"heating": "heating", "area": r.Text("area")}
		for slot, value := range r.Slots {
			again.Slots[slot] = value
		}
		r = &again
	}
	return s.find(ctx, r, in("climate"))
}

// inRange refuses a temperature that a thermostat can't be set to.
func inRange(f found, degrees float64) error {
	for _, e := range f.entities {
		if e.least != nil && e.most != nil && (degrees < *e.least || degrees > *e.most) {
			return replyf("%s can be set from %s to %s degrees.", upper(f.name), number(*e.least), number(*e.most))
		}
	}
	return nil
}

// degrees is a slot of the entity temperature in the unit of the house.
func (h *house) degrees(text string) (float64, bool) {
	value, unit, _ := strings.Cut(text, " ")
	n, err := strconv.ParseFloat(value, 64)
	switch {
	case err != nil:
		return 0, false
	case unit == "F" && h.unit == "°C":
		n = (n - 32) / 1.8
	case unit == "C" && h.unit == "°F":
		n = n*1.8 + 32
	}
	return math.Round(n*2) / 2, true // thermostats have steps of half a degree or more
}

// warmer sets thermostats a degree up or down; of Fahrenheit two.
func (s *Skill) warmer(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, callWait) // for all of them
	defer cancel()
	f, err := s.thermostats(ctx, r)
	if err != nil {
		return s.answerOf(r, err)
	}
	step := 1.0
	if s.current().unit == "°F" {
		step = 2
	}
	if r.Text("warmth") == "cooler" || r.Text("turned") == "down" {
		step = -step
	}
	if !f.leave(func(e *entity) bool { return s.wanted(e) != nil }) {
		have := map[bool]string{true: "have", false: "has"}[f.several]
		return skill.Say("%s %s no temperature that could be changed.", upper(f.name), have), nil
	}
	degrees := 0.0
	for _, e := range f.entities { // each has its own
		degrees = *s.wanted(e) + step
		one := s.current().one(e)
		if err = inRange(one, degrees); err == nil {
			err = s.call(ctx, &one, always("set_temperature", map[string]any{"temperature": degrees}))
		}
		if err != nil {
			return s.answerOf(r, err)
		}
	}
	if len(f.entities) > 1 {
		return f.done("%s", map[bool]string{true: "set higher", false: "set lower"}[step > 0]), nil
	}
	return f.done("set to %s degrees", number(degrees)), nil
}

// wanted is the temperature that a thermostat is set to; nil where it has none, or a range.
func (s *Skill) wanted(e *entity) *float64 {
	state, _ := s.state(e)
	return state.Attributes.Temperature.Value
}

// climateState is how a thermostat is.
func climateState(state api.State) string {
	said := strings.ReplaceAll(string(state.State), "_", " ")
	if wanted := state.Attributes.Temperature.Value; wanted != nil && state.State != "off" {
		said = "set to " + number(*wanted) + " degrees"
	}
	if now := state.Attributes.Current.Value; now != nil {
		said += ", and it is " + number(*now) + " degrees there"
	}
	return said
}
