package homeassistant

import "slices"

// in is the test for the entities of some domains.
func in(domains ...string) func(*entity) bool {
	return func(e *entity) bool { return slices.Contains(domains, e.domain) }
}

// classed is the test for the entities of a domain and some device classes.
func classed(domain string, classes ...string) func(*entity) bool {
	return func(e *entity) bool { return e.domain == domain && slices.Contains(classes, e.class) }
}

// either is the test for what one of several tests is true of.
func either(tests ...func(*entity) bool) func(*entity) bool {
	return func(e *entity) bool {
		return slices.ContainsFunc(tests, func(t func(*entity) bool) bool { return t(e) })
	}
}

// entryway is a cover that lets people into the house.
func entryway(e *entity) bool { return classed("cover", "garage", "gate", "door")(e) }

// drape is any other cover.
func drape(e *entity) bool { return e.domain == "cover" && !entryway(e) }

func opening(e *entity) bool {
	return either(in("cover", "lock"), classed("binary_sensor", "door", "garage_door", "window", "opening", "lock"))(e)
}

// classes are the entities of the language model that are names of things.
func classes() map[string]func(*entity) bool {
	return map[string]func(*entity) bool{
		"switchable": in("light", "switch", "fan", "media_player", "climate", "scene", "script", "input_boolean", "humidifier"),
		"adjustable": in("light", "fan", "cover"),
		"light":      in("light"),
		"cover":      in("cover"),
		"thermostat": in("climate"),
		"scene":      in("scene", "script"),
		"lock":       in("lock"),
		"player":     in("media_player"),
		"opening":    opening,
		"sensor":     in("sensor"),
		"thing":      func(e *entity) bool { return e.domain != "scene" && e.domain != "script" },
	}
}

// kind is a word for all things of a kind.
type kind struct {
	is   func(*entity) bool
	name string // of one; "s" makes it several
	one  bool   // the word is that for one
}

// kinds are the words, by slot and value.
func kinds() map[string]map[string]kind {
	light, fan := kind{is: in("light"), name: "light"}, kind{is: in("fan"), name: "fan"}
	one := func(k kind) kind { k.one = true; return k }
	window := kind{is: either(classed("binary_sensor", "window"), classed("cover", "window")), name: "window"}
	door := kind{is: either(in("lock"), entryway, classed("binary_sensor", "door", "garage_door", "opening", "lock")), name: "door"}
	covers := map[string]kind{"covers": {is: drape, name: "cover"}}
	for word, class := range map[string]string{"blinds": "blind", "curtains": "curtain", "shutters": "shutter", "shades": "shade", "awnings": "awning"} {
		covers[word] = kind{is: classed("cover", class), name: class}
	}
	return map[string]map[string]kind{
		"kind":     {"lights": light, "light": one(light), "fans": fan, "fan": one(fan)},
		"lights":   {"lights": light, "light": one(light)},
		"covers":   covers,
		"openings": {"windows": window, "doors": door},
		"heating":  {"heating": {is: in("climate"), name: "thermostat"}},
		"locks":    {"doors": {is: in("lock"), name: "door"}},
	}
}

// measures are the device classes of what is measured in an area, by word.
func measures() map[string]string {
	return map[string]string{"temperature": "temperature", "humidity": "humidity", "carbon dioxide": "carbon_dioxide"}
}

// measuring is the test for what measures that. A thermostat does, too.
func measuring(class string) func(*entity) bool {
	sensor := classed("sensor", class)
	if class == "temperature" {
		return either(sensor, in("climate"))
	}
	return sensor
}
