package homeassistant_test

import (
	"testing"
	"testing/synctest"
	"time"

	"vapd/skill/builtin/homeassistant/hatest"
)

// What things can't do is left out, since Home Assistant would do nothing at all, and said.
func TestFeatures(t *testing.T) {
	yes := true
	with := func(features int, more ...any) map[string]any {
		out := map[string]any{"supported_features": features}
		for i := 0; i < len(more); i += 2 {
			out[more[i].(string)] = more[i+1]
		}
		return out
	}
	house := hatest.House{
		Areas: []hatest.Area{{ID: "kitchen", Name: "Kitchen"}},
		Entities: []hatest.Entity{
			{ID: "cover.window", Name: "Roof Window", Area: "kitchen", State: "closed", Attributes: with(1 + 2 + 4 + 8)},
			{ID: "cover.tilt", Name: "Pergola", Area: "kitchen", State: "closed", Attributes: with(16 + 32)},
			{ID: "fan.preset", Name: "Preset Fan", Area: "kitchen", State: "off", Attributes: with(8)},
			{ID: "climate.one", Name: "Radiator", Area: "kitchen", State: "heat", Attributes: with(1, "temperature", 20)},
			{ID: "climate.range", Name: "Heat Pump", Area: "kitchen", State: "heat_cool", Attributes: with(2, "temperature", nil)},
			{ID: "light.plain", Name: "Pantry Lights", Area: "kitchen", State: "off", Attributes: map[string]any{"supported_color_modes": []string{"onoff"}}},
			{ID: "light.bright", Name: "Worktop", Area: "kitchen", State: "off", Attributes: map[string]any{"supported_color_modes": []string{"hs"}}},
			{ID: "media_player.off", Name: "Screen", Area: "kitchen", State: "off", Attributes: with(128)},
			{ID: "input_boolean.guests", Name: "Guest Mode", State: "off", Expose: &yes},
			{ID: "binary_sensor.back", Name: "Back Door", State: "off", Attributes: map[string]any{"device_class": "door"}},
			{ID: "humidifier.cellar", Name: "Cellar Dryer", State: "off"},
		},
	}
	live(t, house, nil, func(t *testing.T, h *home) {
		for _, c := range []struct{ sentence, called, answer string }{
			{"open the covers", "cover.open_cover cover.window", "The covers in the Kitchen are opening. One can not do that."},
			{"open the pergola", "", "The Pergola can not do that."},
			{"set the preset fan to 50 percent", "", "The Preset Fan can not do that."},
			{"turn on the preset fan", "fan.turn_on fan.preset", "The Preset Fan is on."},
			{"set the heat pump to 22 degrees", "", "The Heat Pump can not do that."},
			{"set the temperature to 22 degrees", "climate.set_temperature climate.one map[temperature:22]", "The thermostats in the Kitchen are set to 22 degrees. One can not do that."},
			{"make it warmer", "climate.set_temperature climate.one map[temperature:21]", "The thermostats in the Kitchen are set to 21 degrees. One can not do that."},
			{"turn the heat pump up", "", "The Heat Pump has no temperature that could be changed."},
			{"set the lights to 50 percent", "light.turn_on light.bright map[brightness_pct:50]", "The lights in the Kitchen are at 50 percent. One can not do that."},
			{"dim the pantry lights", "", "The Pantry Lights can not do that."},
			{"make the lights blue", "light.turn_on light.bright map[color_name:blue]", "The lights in the Kitchen are blue. One can not do that."},
			{"turn on the pantry lights", "light.turn_on light.plain", "The Pantry Lights are on."},
			{"are the pantry lights on", "", "Yes, the Pantry Lights are on."},
			{"which lights are on", "", "All lights are on."},
			{"pause the screen", "", "The Screen can not do that."},
			{"turn on the screen", "media_player.turn_on media_player.off", "The Screen is on."},
			{"turn on guest mode", "input_boolean.turn_on input_boolean.guests", "The Guest Mode is on."},
			{"is the back door locked", "", "The Back Door is closed. Nothing tells whether it is locked."},
			{"turn on the cellar dryer", "humidifier.turn_on humidifier.cellar", "The Cellar Dryer is on."},
		} {
			reply := h.say(t, "kitchen", c.sentence)
			if called := h.called(); called != c.called || reply.Say != c.answer {
				t.Errorf("%q: %q, called %q; want %q, %q", c.sentence, reply.Say, called, c.answer, c.called)
			}
		}
	})
}

// While Home Assistant starts, nothing is learnt, and it is said.
func TestStarts(t *testing.T) {
	live(t, someHouse(), nil, func(t *testing.T, h *home) {
		h.Starting(true)
		h.Drop()
		h.Change("entity_registry_updated", func(house *hatest.House) { house.Entities = house.Entities[:1] })
		time.Sleep(10 * time.Second)
		synctest.Wait()
		for _, sentence := range []string{"turn on the kitchen light", "turn on the bedroom fan"} {
			if r := h.say(t, "kitchen", sentence); r.Say != "Home Assistant is starting. Please try again in a minute." {
				t.Errorf("%q: %q", sentence, r.Say)
			}
		}
		h.Change("entity_registry_updated", func(house *hatest.House) { *house = someHouse() })
		h.Starting(false)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if r := h.say(t, "kitchen", "turn on the bedroom fan"); r.Say != "The Bedroom Fan is on." {
			t.Errorf("when it has started: %q", r.Say)
		}
		// One that never gets there is spoken with all the same.
		h.Starting(true)
		h.Drop()
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		if r := h.say(t, "kitchen", "turn on the bedroom fan"); r.Say != "The Bedroom Fan is on." {
			t.Errorf("when it does not get there: %q", r.Say)
		}
	})
}

// Of what is in no registry only administrators are told whether it is exposed: in the
// newer list by its absence.
func TestExposed(t *testing.T) {
	no, yes := false, true
	for name, c := range map[string]struct {
		older, common bool
		expose        *bool
		spoken        bool
	}{
		"exposed":                   {expose: &yes, spoken: true},
		"not exposed":               {expose: &no},
		"undecided":                 {},
		"exposed, older":            {older: true, expose: &yes, spoken: true},
		"not exposed, older":        {older: true, expose: &no},
		"undecided, older":          {older: true, spoken: true},
		"not exposed, not told":     {common: true, expose: &no, spoken: true},
		"undecided, older, no told": {common: true, older: true, spoken: true},
	} {
		house := hatest.House{Older: c.older, Entities: []hatest.Entity{
			{ID: "switch.registered", Name: "Kettle", State: "off", Expose: &yes},
			{ID: "switch.new", Name: "Heater", State: "off"},
			{ID: "switch.legacy", Name: "Toaster", State: "off", Legacy: true, Expose: c.expose},
		}}
		live(t, house, nil, func(t *testing.T, h *home) {
			if c.common {
				h.Common()
				h.Drop()
				time.Sleep(10 * time.Second)
				synctest.Wait()
			}
			h.say(t, "kitchen", "turn on the toaster")
			if called := h.called(); (called != "") != c.spoken {
				t.Errorf("%s: called %q", name, called)
			}
			h.say(t, "kitchen", "turn on the kettle")
			if called := h.called(); called != "switch.turn_on switch.registered" {
				t.Errorf("%s: called %q", name, called)
			}
		})
	}
}
