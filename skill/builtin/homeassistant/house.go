package homeassistant

import (
	"cmp"
	"slices"
	"strings"

	"vapd/skill/builtin/homeassistant/api"
)

// Limits of a house. What is beyond them is left out, and named in the log.
const (
	maxEntities = 2000
	maxAreas    = 200
	maxFloors   = 20
)

// house is what can be spoken of. It does not change: another one takes its place.
type house struct {
	areas    []*area
	floors   []*area // several areas each
	entities []*entity
	byID     map[string]*entity
	// named are the entities of each spoken name; own those whose own name it is, rather
	// than one that their area makes.
	named, own map[string][]*entity
	areaNamed  map[string]*area // and floors
	unit       string           // of temperatures
	left       int              // entities that are beyond the limit
}

// area is a part of a house.
type area struct {
	id, name              string
	names                 []string // as they are spoken
	floor                 *area    // that it is a part of; nil: of none
	storey                bool     // it is a floor
	temperature, humidity string   // the sensors that its owner chose
}

// entity is a thing that can be spoken of.
type entity struct {
	id, domain, class string
	name              string // as its owner wrote it
	unit              string
	area              *area // nil: in none
	modes             api.Texts
	least, most       *float64 // temperatures that can be set
	said              []string // all its spoken names
}

// domains are those of entities that can be spoken of.
func domains() []string {
	return []string{
		"light", "switch", "fan", "cover", "climate", "scene", "script", "lock", "media_player", "sensor", "binary_sensor", "input_boolean", "humidifier",
	}
}

func domainOf(id string) string {
	domain, _, _ := strings.Cut(id, ".")
	return domain
}

// speakable reports whether the registry lets an entity be spoken of: those that nobody
// uses, and those of settings and diagnoses, are none.
func speakable(e api.Entity) bool {
	return e.DisabledBy == "" && e.HiddenBy == "" && e.Category == "" && slices.Contains(domains(), domainOf(e.ID))
}

// exposed reports whether an assistant may have an entity where its owner did not say: Home
// Assistant's own rule for new entities ("expose new entities"), as in 2025.4. In 2024.3 it had
// locks and scripts, and no media players.
func exposed(domain, class string) bool {
	switch domain {
	case "sensor":
		return slices.Contains([]string{"temperature", "humidity", "carbon_dioxide", "carbon_monoxide", "aqi", "pm10", "pm25", "volatile_organic_compounds"}, class)
	case "binary_sensor":
		return slices.Contains([]string{"door", "garage_door", "lock", "motion", "opening", "presence", "window"}, class)
	}
	return slices.Contains([]string{"light", "switch", "fan", "cover", "climate", "scene", "media_player", "humidifier"}, domain)
}

// newHouse is what of a house can be spoken of.
func newHouse(in *api.House) *house {
	h := &house{
		byID: make(map[string]*entity), named: make(map[string][]*entity), own: make(map[string][]*entity),
		areaNamed: make(map[string]*area), unit: cmp.Or(in.Unit, "°C"),
	}
	areas, devices := h.addAreas(in.Areas, h.addFloors(in.Floors)), make(map[string]string)
	for _, d := range in.Devices {
		devices[d.ID] = string(d.Area)
	}
	registry := make(map[string]api.Entity)
	for _, e := range in.Entities {
		registry[e.ID] = e
	}
	states := slices.SortedFunc(slices.Values(in.States), func(a, b api.State) int { return cmp.Compare(a.ID, b.ID) })
	for _, s := range states {
		e, domain := registry[s.ID], domainOf(s.ID)
		e.ID = s.ID
		may, chosen := in.Exposed[s.ID]
		if !chosen {
			may = exposed(domain, string(s.Attributes.Class))
		}
		if !may || !speakable(e) || h.byID[s.ID] != nil {
			continue
		}
		if len(h.entities) == maxEntities {
			h.left++
			continue
		}
		h.add(e, s, areas[cmp.Or(string(e.Area), devices[string(e.Device)])])
	}
	for _, a := range slices.Concat(h.areas, h.floors) {
		for _, n := range a.names {
			if h.areaNamed[n] == nil {
				h.areaNamed[n] = a
			}
		}
	}
	return h
}

// addFloors are the floors by id.
func (h *house) addFloors(all []api.Floor) map[string]*area {
	out := make(map[string]*area)
	for _, f := range all[:min(len(all), maxFloors)] {
		out[f.ID] = &area{id: f.ID, name: f.Name, names: spokenAll(f.Name, f.Aliases), storey: true}
		h.floors = append(h.floors, out[f.ID])
	}
	return out
}

// addAreas are the areas by id.
func (h *house) addAreas(all []api.Area, floors map[string]*area) map[string]*area {
	out := make(map[string]*area)
	for _, a := range all[:min(len(all), maxAreas)] {
		out[a.ID] = &area{
			id: a.ID, name: a.Name, names: spokenAll(a.Name, a.Aliases), floor: floors[string(a.Floor)],
			temperature: string(a.Temperature), humidity: string(a.Humidity),
		}
		h.areas = append(h.areas, out[a.ID])
	}
	return out
}

// spokenAll are a name and its aliases as they are spoken.
func spokenAll(name string, others []api.Alias) (names []string) {
	for _, n := range append([]string{name}, aliases(others)...) {
		if n := spoken(n); n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

// has reports whether something of an area, which may be nil, is in a, which may be a floor.
func (a *area) has(b *area) bool { return a == b || b != nil && b.floor == a }

// where is an area in an answer.
func (a *area) where() string {
	switch name := strings.ToLower(a.name); {
	case a.storey && (name == "upstairs" || name == "downstairs"):
		return name
	case a.storey:
		return "on " + the(a.name)
	}
	return "in " + the(a.name)
}

func aliases(all []api.Alias) (names []string) {
	for _, a := range all[:min(len(all), maxAliases)] {
		names = append(names, string(a))
	}
	return names
}

func (h *house) add(in api.Entity, s api.State, at *area) {
	_, object, _ := strings.Cut(s.ID, ".")
	e := &entity{
		id: s.ID, domain: domainOf(s.ID), class: string(s.Attributes.Class), unit: string(s.Attributes.Unit), area: at, modes: s.Attributes.ColorModes,
		name:  cmp.Or(string(s.Attributes.Name), string(in.Name), strings.ReplaceAll(object, "_", " ")),
		least: s.Attributes.Least.Value, most: s.Attributes.Most.Value,
	}
	own, made := namesOf(append([]string{e.name, string(in.Name)}, aliases(in.Aliases)...), at)
	for _, n := range own {
		h.own[n] = append(h.own[n], e)
	}
	e.said = slices.Concat(own, made)
	for _, n := range e.said {
		h.named[n] = append(h.named[n], e)
	}
	h.entities = append(h.entities, e)
	h.byID[e.id] = e
}

// of are the entities that want says true of.
func (h *house) of(want func(*entity) bool) (all []*entity) {
	for _, e := range h.entities {
		if want(e) {
			all = append(all, e)
		}
	}
	return all
}

// areaIn is the area whose name is in a text, such as the name of a satellite: the longest
// of several; nil where there is none.
func (h *house) areaIn(text string) *area {
	var best *area
	longest := 0
	text = " " + spoken(text) + " "
	for _, a := range h.areas {
		for _, n := range a.names {
			if len(n) > longest && strings.Contains(text, " "+n+" ") {
				best, longest = a, len(n)
			}
		}
	}
	return best
}
