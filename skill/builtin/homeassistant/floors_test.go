package homeassistant_test

import (
	"testing"

	"vapd/skill/builtin/homeassistant/hatest"
)

// A floor is all its areas.
func TestFloors(t *testing.T) {
	house := hatest.House{
		Floors: []hatest.Floor{{ID: "up", Name: "Upstairs", Aliases: []string{"First Floor"}}, {ID: "ground", Name: "Ground Floor"}},
		Areas: []hatest.Area{
			{ID: "bed", Name: "Bedroom", Floor: "up"},
			{ID: "bath", Name: "Bathroom", Floor: "up"},
			{ID: "kitchen", Name: "Kitchen", Floor: "ground"},
			{ID: "shed", Name: "Shed"},
		},
		Entities: []hatest.Entity{
			{ID: "light.bed", Name: "Bed Lamp", Area: "bed", State: "on"},
			{ID: "light.bath", Name: "Mirror", Area: "bath", State: "off"},
			{ID: "light.kitchen", Name: "Worktop", Area: "kitchen", State: "on"},
			{ID: "light.shed", Name: "Bulb", Area: "shed", State: "on"},
			{ID: "light.porch", Name: "Porch", State: "on"},
		},
	}
	live(t, house, nil, func(t *testing.T, h *home) {
		for _, c := range []struct{ sentence, called, answer string }{
			{"turn off the lights upstairs", "light.turn_off light.bath,light.bed", "The lights upstairs are off."},
			{"turn on the upstairs lights", "light.turn_on light.bath,light.bed", "The lights upstairs are on."},
			{"turn off the lights on the first floor", "light.turn_off light.bath,light.bed", "The lights upstairs are off."},
			{"turn off the lights on the ground floor", "light.turn_off light.kitchen", "The Worktop is off."},
			{"are the lights on upstairs", "", "No, the lights upstairs are off."},
			{"turn on the lights in the bedroom", "light.turn_on light.bed", "The Bed Lamp is on."},
			{"which lights are on upstairs", "", "The Bed Lamp is on."},
		} {
			reply := h.say(t, "kitchen", c.sentence)
			if called := h.called(); called != c.called || reply.Say != c.answer {
				t.Errorf("%q: %q, called %q; want %q, %q", c.sentence, reply.Say, called, c.answer, c.called)
			}
		}
	})
}
