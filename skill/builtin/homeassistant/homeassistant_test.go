package homeassistant_test

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vapd/hub/intent/entity"
	"vapd/hub/intent/nlu"
	"vapd/protocol/skillregistry"
	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/builtin"
	"vapd/skill/builtin/homeassistant"
	"vapd/skill/builtin/homeassistant/hatest"
)

// someHouse has what houses have.
func someHouse() hatest.House {
	no, yes := false, true
	colours := map[string]any{"supported_color_modes": []string{"color_temp", "hs"}}
	class := func(name string) map[string]any { return map[string]any{"device_class": name} }
	sensor := func(name, unit string) map[string]any {
		return map[string]any{"device_class": name, "unit_of_measurement": unit}
	}
	return hatest.House{
		Areas: []hatest.Area{
			{ID: "kitchen", Name: "Kitchen", Aliases: []string{"galley"}},
			{ID: "living", Name: "Living Room", Temperature: "sensor.living_temperature"},
			{ID: "bed", Name: "Bedroom"},
			{ID: "anna", Name: "Anna's Room"},
			{ID: "empty", Name: "Attic"},
			{ID: "office", Name: "Office"},
		},
		Entities: []hatest.Entity{
			{ID: "light.kitchen", Name: "Kitchen Light", Area: "kitchen", State: "off", Attributes: colours},
			{ID: "light.kitchen_counter", Name: "Kitchen Counter", Area: "kitchen", Device: "counter", State: "off"},
			{ID: "light.living_ceiling", Name: "Ceiling Lamp", Area: "living", State: "on", Attributes: map[string]any{"supported_color_modes": []string{"brightness"}}},
			{ID: "light.bed_ceiling", Name: "Ceiling Lamp", Area: "bed", State: "off", Aliases: []string{"moon"}},
			{ID: "light.bed_2", Name: "Nachttisch-Lampe 2", Area: "bed", State: "unavailable"},
			{ID: "light.anna", Name: "Desk (Anna) 💡", Area: "anna", State: "off"},
			{ID: "light.desk", Name: "Desk Lamp", Area: "office", State: "off"},
			{ID: "light.hidden", Name: "Secret Light", Area: "kitchen", State: "off", Hidden: true},
			{ID: "light.disabled", Name: "Broken Light", Area: "kitchen", State: "off", Disabled: true},
			{ID: "switch.config", Name: "Child Lock", Area: "kitchen", State: "off", Category: "config"},
			{ID: "light.kept", Name: "Aquarium Light", Area: "living", State: "off", Expose: &no},
			{ID: "switch.coffee", Name: "Coffee Machine", Area: "kitchen", State: "off"},
			{ID: "switch.tv2", Name: "TV2", Area: "living", State: "off", Legacy: true, Expose: &yes},
			{ID: "fan.bed", Name: "Bedroom Fan", Area: "bed", State: "off"},
			{ID: "cover.living_left", Name: "Left Blind", Area: "living", State: "open", Attributes: class("blind")},
			{ID: "cover.living_right", Name: "Right Blind", Area: "living", State: "closed", Attributes: class("blind")},
			{ID: "cover.garage", Name: "Garage Door", State: "closed", Attributes: class("garage")},
			{ID: "climate.living", Name: "Living Room Thermostat", Area: "living", State: "heat", Attributes: map[string]any{
				"temperature": 20.5, "current_temperature": 19.8, "min_temp": 7, "max_temp": 30,
			}},
			{ID: "climate.bed", Name: "Bedroom Thermostat", Area: "bed", State: "off", Attributes: map[string]any{"temperature": nil, "current_temperature": 18}},
			{ID: "scene.movie", Name: "Movie Night", State: "2026-11-25T20:00:00+00:00"},
			{ID: "script.morning", Name: "Good Morning", State: "off", Expose: &yes},
			{ID: "lock.front", Name: "Front Door", State: "locked", Expose: &yes},
			{ID: "binary_sensor.front", Name: "Front Door", State: "on", Attributes: class("door")},
			{ID: "binary_sensor.kitchen_window", Name: "Kitchen Window", Area: "kitchen", State: "on", Attributes: class("window")},
			{ID: "binary_sensor.bed_window", Name: "Bedroom Window", Area: "bed", State: "off", Attributes: class("window")},
			{ID: "media_player.radio", Name: "Kitchen Radio", Area: "kitchen", State: "playing"},
			{ID: "sensor.living_temperature", Name: "Living Room Temperature", Area: "living", State: "21.54", Attributes: sensor("temperature", "°C")},
			{ID: "sensor.living_tv_temperature", Name: "Television Temperature", Area: "living", State: "40", Attributes: sensor("temperature", "°C")},
			{ID: "sensor.bed_humidity", Name: "Bedroom Humidity", Area: "bed", State: "45", Attributes: sensor("humidity", "%")},
			{ID: "sensor.washing", Name: "Washing Machine Power", State: "1.0", Attributes: sensor("power", "W"), Expose: &yes},
			{ID: "sensor.uptime", Name: "Uptime", State: "1", Attributes: sensor("duration", "d")},
		},
	}
}

// A satellite in a kitchen, and one that is nowhere, in a house.
func TestAHouse(t *testing.T) {
	live(t, someHouse(), nil, func(t *testing.T, h *home) {
		for _, part := range []func(*testing.T, *home){sentences, leftOut, whichRoom, sentencesOfOthers, documentedSentences} {
			part(t, h)
		}
	})
}

// What is said in the kitchen, what is called, and what is answered.
func sentences(t *testing.T, h *home) {
	for _, c := range []struct{ sentence, called, answer string }{
		{"turn on the kitchen light", "light.turn_on light.kitchen", "The Kitchen Light is on."},
		{"Turn the kitchen light off, please.", "light.turn_off light.kitchen", "The Kitchen Light is off."},
		{"turn on kitchen counter", "light.turn_on light.kitchen_counter", "The Kitchen Counter is on."},
		{"turn on the counter", "light.turn_on light.kitchen_counter", "The Kitchen Counter is on."},
		{"switch on the coffee machine", "switch.turn_on switch.coffee", "The Coffee Machine is on."},
		{"turn on the tv2", "switch.turn_on switch.tv2", "The TV2 is on."},
		{"turn on the tv two", "switch.turn_on switch.tv2", "The TV2 is on."},
		{"turn on the desk anna", "light.turn_on light.anna", "The Desk (Anna) 💡 is on."},
		{"turn on the moon", "light.turn_on light.bed_ceiling", "The Ceiling Lamp in the Bedroom is on."},

		// Areas.
		{"turn off the lights", "light.turn_off light.kitchen,light.kitchen_counter", "The lights in the Kitchen are off."},
		{"lights on", "light.turn_on light.kitchen,light.kitchen_counter", "The lights in the Kitchen are on."},
		{"turn on the lights in the galley", "light.turn_on light.kitchen,light.kitchen_counter", "The lights in the Kitchen are on."},
		{"turn off the kitchen lights", "light.turn_off light.kitchen,light.kitchen_counter", "The lights in the Kitchen are off."},
		{"turn on the light in the living room", "light.turn_on light.living_ceiling", "The Ceiling Lamp in the Living Room is on."},
		{"turn on the living room light", "light.turn_on light.living_ceiling", "The Ceiling Lamp in the Living Room is on."},
		{"turn on the lights in anna's room", "light.turn_on light.anna", "The Desk (Anna) 💡 is on."},
		{"turn on the bedroom lights", "light.turn_on light.bed_ceiling", "The lights in the Bedroom are on. One could not be reached."},
		{"turn on the ceiling lamp in the bedroom", "light.turn_on light.bed_ceiling", "The Ceiling Lamp in the Bedroom is on."},
		{"turn on the bedroom ceiling lamp", "light.turn_on light.bed_ceiling", "The Ceiling Lamp in the Bedroom is on."},
		{
			"turn off all the lights", "light.turn_off light.anna,light.bed_ceiling,light.desk,light.kitchen,light.kitchen_counter,light.living_ceiling",
			"All lights are off. One could not be reached.",
		},
		{
			"turn the lights off everywhere", "light.turn_off light.anna,light.bed_ceiling,light.desk,light.kitchen,light.kitchen_counter,light.living_ceiling",
			"All lights are off. One could not be reached.",
		},
		{"turn on the bedroom fan", "fan.turn_on fan.bed", "The Bedroom Fan is on."},
		{"turn on the fan", "fan.turn_on fan.bed", "The Bedroom Fan is on."},

		// Levels and colours.
		{"set the kitchen light to 50 percent", "light.turn_on light.kitchen map[brightness_pct:50]", "The Kitchen Light is at 50 percent."},
		{"dim the lights to twenty percent", "light.turn_on light.kitchen,light.kitchen_counter map[brightness_pct:20]", "The lights in the Kitchen are at 20 percent."},
		{"set the bedroom fan to 30 %", "fan.set_percentage fan.bed map[percentage:30]", "The Bedroom Fan is at 30 percent."},
		{"set the left blind to 40 percent", "cover.set_cover_position cover.living_left map[position:40]", "The Left Blind is at 40 percent."},
		{"dim the lights", "light.turn_on light.kitchen,light.kitchen_counter map[brightness_step_pct:-20]", "The lights in the Kitchen are darker."},
		{"make the kitchen light brighter", "light.turn_on light.kitchen map[brightness_step_pct:20]", "The Kitchen Light is brighter."},
		{"make the kitchen light blue", "light.turn_on light.kitchen map[color_name:blue]", "The Kitchen Light is blue."},
		{"set the kitchen light to light blue", "light.turn_on light.kitchen map[color_name:lightblue]", "The Kitchen Light is light blue."},
		{"turn the kitchen light warm white", "light.turn_on light.kitchen map[color_temp_kelvin:2700]", "The Kitchen Light is warm white."},
		{"make the living room lights red", "", "The Ceiling Lamp in the Living Room has no colours."},

		// Covers.
		{"open the right blind", "cover.open_cover cover.living_right", "The Right Blind is opening."},
		{"close the blinds in the living room", "cover.close_cover cover.living_left,cover.living_right", "The blinds in the Living Room are closing."},
		{"close all the shutters", "cover.close_cover cover.living_left,cover.living_right", "All shutters are closing."},
		{"open the garage door", "", "I may not open the Garage Door. The owner of the hub can allow it."},
		{"set the garage door to 50 percent", "", "I may not open the Garage Door. The owner of the hub can allow it."},
		{"close the garage door", "cover.close_cover cover.garage", "The Garage Door is closing."},

		// Heating.
		{"set the living room thermostat to 22 degrees", "climate.set_temperature climate.living map[temperature:22]", "The Living Room Thermostat is set to 22 degrees."},
		{"set the temperature in the living room to 68 degrees fahrenheit", "climate.set_temperature climate.living map[temperature:20]", "The Living Room Thermostat is set to 20 degrees."},
		{"set the living room thermostat to 50 degrees", "", "The Living Room Thermostat can be set from 7 to 30 degrees."},
		{"make it warmer in the living room", "climate.set_temperature climate.living map[temperature:21.5]", "The Living Room Thermostat is set to 21.5 degrees."},
		{"make it colder in the bedroom", "", "The Bedroom Thermostat has no temperature that could be changed."},

		// Scenes, scripts, locks, players.
		{"activate movie night", "scene.turn_on scene.movie", "Movie Night is set."},
		{"turn on movie night", "scene.turn_on scene.movie", "Movie Night is set."},
		{"turn off movie night", "", "The Movie Night is a scene: it can not be turned off."},
		{"run the script good morning", "script.turn_on script.morning", "Good Morning is started."},
		{"lock the front door", "lock.lock lock.front", "The Front Door is locked."},
		{"lock the doors", "lock.lock lock.front", "The Front Door is locked."},
		{"unlock the front door", "", "I may not unlock the Front Door. The owner of the hub can allow it."},
		{"pause the kitchen radio", "media_player.media_pause media_player.radio", "The Kitchen Radio is paused."},

		// Questions.
		{"is the coffee machine on", "", "Yes, the Coffee Machine is on."},
		{"is the kitchen radio on", "", "No, the Kitchen Radio is off."},
		{"are the lights on in the living room", "", "No, the Ceiling Lamp in the Living Room is off."},
		{"which fans are on", "", "The Bedroom Fan is on."},
		{"is the front door locked", "", "Yes, the Front Door is locked."},
		{"is the front door open", "", "Yes, the Front Door is open."},
		{"is the garage door open", "", "No, the Garage Door is closed."},
		{"which windows are open", "", "The Kitchen Window is open."},
		{"are any windows open", "", "The Kitchen Window is open."},
		{"are all windows closed", "", "The Bedroom Window is closed, the others are not."},
		{"are all the blinds closed", "", "Yes, all blinds are closed."},
		{"which doors are unlocked", "", "No door is unlocked."},
		{"which lights are on in the kitchen", "", "The lights in the Kitchen are on."},
		{"is the window in the bedroom open", "", "No, the Bedroom Window is closed."},
		{"what is the temperature in the living room", "", "The temperature in the Living Room is 21.5 degrees."},
		{"how warm is it in the bedroom", "", "The temperature in the Bedroom is 18 degrees."},
		{"what is the humidity", "", "The humidity in the Bedroom is 45 percent."},
		{"what is the humidity in the kitchen", "", "Nothing tells the humidity in the Kitchen."},
		{"what is the washing machine power", "", "The Washing Machine Power is 1 watt."},
		{"what is the state of the living room thermostat", "", "The Living Room Thermostat is set to 20.5 degrees, and it is 19.8 degrees there."},
		{"what is the state of the front door in the attic", "", ""},

		// What can't be done.
		{"turn on the nachttisch lampe 2", "", "The Nachttisch-Lampe 2 can not be reached."},
		{"turn on the lights in the attic", "", "There is no light in the Attic."},
		{"turn off the terrarium lights", "", "Sorry, I don't know what terrarium is."},
		{"what is the temperature in the fridge", "", "Sorry, I don't know what fridge is."},
		{"what's the humidity in the bedroom", "", "The humidity in the Bedroom is 45 percent."},
		{"turn off the ligths in the kitchen", "light.turn_off light.kitchen,light.kitchen_counter", "The lights in the Kitchen are off."},
	} {
		h.Calls()
		reply := h.say(t, "kitchen", c.sentence)
		if called := h.called(); called != c.called || c.answer != "" && reply.Say != c.answer {
			t.Errorf("%q: %q, called %q; want %q, %q", c.sentence, reply.Say, called, c.answer, c.called)
		}
	}
}

// What nobody may speak of is not understood.
func leftOut(t *testing.T, h *home) {
	for _, name := range []string{"secret light", "broken light", "child lock", "aquarium light"} {
		r := h.say(t, "kitchen", "turn on the "+name)
		if called := h.called(); called != "" {
			t.Errorf("%q called %s: %q", name, called, r.Say)
		}
	}
}

func TestAllowed(t *testing.T) {
	live(t, someHouse(), func(c *homeassistant.Config) {
		c.Allow = []string{homeassistant.AllowUnlock, homeassistant.AllowGarage}
	}, func(t *testing.T, h *home) {
		h.say(t, "kitchen", "unlock the front door")
		h.say(t, "kitchen", "open the garage door")
		if got, want := h.called(), "lock.unlock lock.front\ncover.open_cover cover.garage"; got != want {
			t.Errorf("called %q, want %q", got, want)
		}
	})
}

// A satellite that is in no room has to be told which.
func whichRoom(t *testing.T, h *home) {
	for _, c := range []struct{ sentence, asked, answer, called string }{
		{"turn on the lights", "In which room?", "in the kitchen", "light.turn_on light.kitchen,light.kitchen_counter"},
		{"turn on the light", "In which room?", "the bedroom", "light.turn_on light.bed_ceiling"},
		{
			"turn off the lights", "In which room?", "everywhere",
			"light.turn_off light.anna,light.bed_ceiling,light.desk,light.kitchen,light.kitchen_counter,light.living_ceiling",
		},
		{"turn on the ceiling lamp", "In which room: the Bedroom or the Living Room?", "bedroom", "light.turn_on light.bed_ceiling"},
		{"set the temperature to 19 degrees", "In which room: the Bedroom or the Living Room?", "the living room", "climate.set_temperature climate.living map[temperature:19]"},
		{"close the blinds", "The blinds in the Living Room are closing.", "", "cover.close_cover cover.living_left,cover.living_right"},
	} {
		r := h.say(t, "anywhere", c.sentence)
		if c.answer == "" {
			if called := h.called(); called != c.called {
				t.Errorf("%q: %q, called %q", c.sentence, r.Say, called)
			}
			continue
		}
		if called := h.called(); r.Say != c.asked || !r.Again || called != "" {
			t.Errorf("%q: %+v, called %q", c.sentence, r, called)
		}
		r = h.say(t, "anywhere", c.answer)
		if called := h.called(); called != c.called || r.Again {
			t.Errorf("%q, %q: %+v, called %q, want %q", c.sentence, c.answer, r, called, c.called)
		}
	}
	h.say(t, "anywhere", "turn on the lights")
	time.Sleep(time.Minute) // not real
	h.say(t, "anywhere", "the kitchen")
	h.say(t, "kitchen", "the bedroom") // that nobody asked for
	if called := h.called(); called != "" {
		t.Errorf("a late answer called %q", called)
	}
	// A room that nobody was asked for is left to others.
	if _, err := h.hub.Connect(skill.Service{
		ID: "org.example.tours", Name: "Tours", NLU: []vap.NLU{{
			Language: vap.Language{Language: "en"}, Intents: []vap.Intent{{Name: "tour", Utterances: []string{"the kitchen"}}},
		}},
		Handle: func(context.Context, vap.SkillRequest) (skillregistry.Answer, error) {
			return skillregistry.Answer{Capabilities: []vap.Capability{vap.TextCapability(vap.CapVoice, "Tour.")}}, nil
		},
		CanAnswer: func(context.Context, vap.SkillRequest) float32 { return 0.5 },
	}); err != nil {
		t.Fatal(err)
	}
	if r := h.say(t, "anywhere", "the kitchen"); r.Say != "Tour." {
		t.Errorf("without a question: %+v", r)
	}
	h.say(t, "anywhere", "turn on the lights")
	if r := h.say(t, "anywhere", "the kitchen"); r.Say != "The lights in the Kitchen are on." {
		t.Errorf("with one: %+v", r)
	}
}

func TestWhatGoesWrong(t *testing.T) {
	live(t, someHouse(), nil, func(t *testing.T, h *home) {
		for _, c := range []struct {
			failure hatest.Failure
			want    string
		}{
			{hatest.Failure{Code: "home_assistant_error", Message: "bridge"}, "Sorry, that did not work."},
			{hatest.Failure{Code: "unauthorized", Message: "Unauthorized"}, "Home Assistant does not let me do that."},
			{hatest.Failure{Code: "service_validation_error", Message: "no"}, "It can not do that."},
			{hatest.Failure{}, "The Kitchen Light is on."},
		} {
			h.Fail("light.turn_on", c.failure)
			if r := h.say(t, "kitchen", "turn on the kitchen light"); r.Say != c.want {
				t.Errorf("%+v: %q, want %q", c.failure, r.Say, c.want)
			}
		}
		h.Delay(6 * time.Second)
		began := time.Now()
		if r := h.say(t, "kitchen", "turn on the kitchen light"); r.Say != "Home Assistant does not answer." || time.Since(began) > 6*time.Second {
			t.Errorf("after %s: %q", time.Since(began), r.Say)
		}
		time.Sleep(time.Minute)
		h.Delay(0)
		h.Token("another")
		h.Drop()
		synctest.Wait()
		if r := h.say(t, "kitchen", "turn on the kitchen light"); r.Say != "Home Assistant can not be reached." {
			t.Errorf("without a connection: %q", r.Say)
		}
		time.Sleep(10 * time.Minute)
		if r := h.say(t, "kitchen", "turn on the kitchen light"); r.Say != "Home Assistant does not accept the hub's token." || h.Refused() != 1 {
			t.Errorf("with a wrong token: %q, tried %d times", r.Say, h.Refused())
		}
		h.Token(secret)
		time.Sleep(2 * time.Hour)
		if r := h.say(t, "kitchen", "turn on the kitchen light"); r.Say != "The Kitchen Light is on." {
			t.Errorf("when the token was good again: %q", r.Say)
		}
	})
}

// What changes in the house is learnt, after a while.
func TestChanges(t *testing.T) {
	live(t, someHouse(), nil, func(t *testing.T, h *home) {
		h.Set("light.kitchen", "on")
		synctest.Wait()
		if r := h.say(t, "kitchen", "is the kitchen light on"); r.Say != "Yes, the Kitchen Light is on." {
			t.Errorf("a state: %q", r.Say)
		}
		h.Set("light.kitchen", "unavailable")
		synctest.Wait()
		if r := h.say(t, "kitchen", "turn on the kitchen light"); r.Say != "The Kitchen Light can not be reached." {
			t.Errorf("one that is away: %q", r.Say)
		}
		h.Change("entity_registry_updated", func(house *hatest.House) {
			house.Entities = append(house.Entities, hatest.Entity{ID: "light.ufo", Name: "Ufo", Area: "kitchen", State: "off"})
		})
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if h.say(t, "kitchen", "turn on the ufo"); h.called() != "light.turn_on light.ufo" {
			t.Error("a new lamp is not understood")
		}
		h.Change("area_registry_updated", func(house *hatest.House) { house.Areas[0].Name = "Cookery" })
		for range 100 {
			h.Change("device_registry_updated", func(*hatest.House) {})
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if h.say(t, "anywhere", "turn on the lights in the cookery"); !strings.Contains(h.called(), "light.ufo") {
			t.Error("a new name of an area is not understood")
		}
		if n := strings.Count(h.log.String(), "the house is learnt"); n != 3 {
			t.Errorf("it was learnt %d times, want 3", n)
		}
		h.Change("entity_registry_updated", func(house *hatest.House) { house.Areas, house.Entities = nil, nil })
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if r := h.say(t, "kitchen", "turn on the ufo"); r.Understood {
			t.Errorf("in an empty house: %+v", r)
		}
	})
}

// Houses of all sorts are learnt.
func TestHouses(t *testing.T) {
	live(t, hatest.House{}, nil, func(t *testing.T, h *home) {
		if !strings.Contains(h.log.String(), "the house is learnt") {
			t.Errorf("an empty house is not learnt: %s", h.log)
		}
		for _, c := range []struct {
			house            hatest.House
			sentence, called string
		}{
			{
				hatest.House{Entities: []hatest.Entity{{ID: "light.a", Name: "Lamp", State: "on"}}},
				"turn off the lamp", "light.turn_off light.a",
			},
			{
				hatest.House{Entities: []hatest.Entity{{ID: "sensor.a", Name: "Out{side} [temp](x)", State: "1", Attributes: map[string]any{"device_class": "temperature"}}}},
				"turn off the lamp", "",
			},
			{
				hatest.House{
					Areas: []hatest.Area{{ID: "a", Name: "{"}, {ID: "b", Name: "💡"}, {ID: "c", Name: strings.Repeat("long ", 200)}, {ID: "d", Name: "日本"}},
					Entities: []hatest.Entity{
						{ID: "light.a", Name: "($x)", Area: "a", State: "on"},
						{ID: "light.b", Name: "", Area: "b", State: "on"},
						{ID: "light.c", Name: "%", Area: "c", State: "on"},
						{ID: "light.d", Name: "照明", Area: "d", State: "on"},
						{ID: "light.e", Name: "H7141", State: "on"},
						{ID: "light.f", Name: "\x00\n\\", State: "on"},
					},
				},
				"turn off the h7141", "light.turn_off light.e",
			},
		} {
			h.Change("entity_registry_updated", func(house *hatest.House) { *house = c.house })
			time.Sleep(20 * time.Second)
			synctest.Wait()
			if h.say(t, "kitchen", c.sentence); h.called() != c.called {
				t.Errorf("%q is not understood in %+v", c.sentence, c.house)
			}
		}
	})
}

// Sentences of the hub's other skills, and of some that it has not got, are none of the
// house.
func sentencesOfOthers(t *testing.T, h *home) {
	sentences := []string{
		"what is the weather", "play music", "pause", "lock", "turn it on", "is anybody there", "wake me up at seven", "set the alarm to seven",
		"turn off the alarm", "open the calendar", "what is new", "start a game", "set the table",
	}
	for _, newSkill := range builtin.All() {
		for _, in := range newSkill(skill.State(t.TempDir())).Manifest().NLU {
			for _, i := range in.Intents {
				for _, u := range i.Utterances {
					sentences = append(sentences, example(in, i, u))
				}
			}
		}
	}
	if len(sentences) < 200 {
		t.Errorf("there are only %d sentences of others", len(sentences))
	}
	for _, sentence := range sentences {
		for _, step := range h.hub.Why(sentence, "en-US").Steps {
			if step.Stage == nlu.Exact && step.Skill == homeassistant.ID {
				t.Errorf("%q is taken for %s: %s", sentence, step.Intent, step.Said)
			}
		}
	}
}

// example is an utterance with something in its places.
func example(in vap.NLU, i vap.Intent, utterance string) string {
	for _, s := range i.Slots {
		said := "seven"
		if kind, ok := entity.Named(s.Entity); ok && len(entity.For("en").Samples(kind)) > 0 {
			said = entity.For("en").Samples(kind)[0]
		}
		for _, e := range in.Entities {
			if e.Name == s.Entity && len(e.Values) > 0 {
				said = e.Values[0].Value
			}
		}
		utterance = strings.ReplaceAll(utterance, "{"+s.Name+"}", said)
	}
	return utterance
}

// What the documentation says that can be said is understood word by word.
func documentedSentences(t *testing.T, h *home) {
	page, err := os.ReadFile("../../../docs/home-assistant.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(page), "## What can be said")
	table, _, ends := strings.Cut(table, "All of it is in")
	sentences := regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(table, -1)
	if !found || !ends || len(sentences) < 40 {
		t.Fatalf("the page has %d sentences", len(sentences))
	}
	for _, s := range sentences {
		exact := slices.ContainsFunc(h.hub.Why(s[1], "en-US").Steps, func(step nlu.Step) bool { return step.Stage == nlu.Exact && step.Score == 1 })
		if !exact {
			t.Errorf("%q is not understood", s[1])
		}
	}
}
