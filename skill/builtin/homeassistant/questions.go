package homeassistant

import (
	"context"
	"slices"
	"strings"

	"vapd/skill"
	"vapd/skill/builtin/homeassistant/api"
	"vapd/skill/say"
)

// off are the states of what is not on.
func off(state api.Text) bool {
	return slices.Contains([]api.Text{"off", "unknown", "idle", "standby", "paused"}, state)
}

// is answers whether something is on, or off.
func (s *Skill) is(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	on, _ := r.On("state")
	f, err := s.find(ctx, r, classes()["switchable"])
	if err != nil {
		return s.answerOf(r, err)
	}
	if in("scene")(f.entities[0]) {
		return skill.Say("%s is a scene: it is neither on nor off.", upper(f.name)), nil
	}
	return s.whether(f, onOff(on), onOff(!on), func(e *entity) bool {
		state, _ := s.state(e)
		return off(state.State) != on
	}), nil
}

// whether says which of the things have a property: yes, no, or some of them.
func (s *Skill) whether(f found, property, opposite string, has func(*entity) bool) skill.Answer {
	some := only(f.entities, has)
	switch {
	case len(some) == len(f.entities):
		return f.yes("%s", property)
	case len(some) == 0:
		return f.no("%s", opposite)
	}
	return skill.Say("%s %s %s, the others are not.", s.current().labels(some), are(some), property)
}

// which names the things that are on, or off.
func (s *Skill) which(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	on, ok := r.On("state")
	on = on || !ok
	return s.list(ctx, r, onOff(on), func(e *entity) bool {
		state, _ := s.state(e)
		return off(state.State) != on
	})
}

// list names the things of a kind that have a property, in an area or everywhere.
func (s *Skill) list(ctx context.Context, r *skill.Request, property string, has func(*entity) bool) (skill.Answer, error) {
	if r.Text("area") == "" {
		again := *r
		again.Slots = map[string]string{"all": "all"}
		for slot, value := range r.Slots {
			again.Slots[slot] = value
		}
		r = &again
	}
	f, err := s.find(ctx, r, func(*entity) bool { return true })
	if err != nil {
		return s.answerOf(r, err)
	}
	some := only(f.entities, has)
	switch where := ""; {
	case len(some) == len(f.entities):
		return f.done("%s", property), nil
	case len(some) == 0:
		if at := s.current().areaNamed[r.Text("area")]; at != nil {
			where = " " + at.where()
		}
		return skill.Say("No %s%s is %s.", kindName(r), where, property), nil
	}
	return skill.Say("%s %s %s.", s.current().labels(some), are(some), property), nil
}

// kindName is one thing of the kind that a request names.
func kindName(r *skill.Request) string {
	for slot, words := range kinds() {
		if k, ok := words[r.Text(slot)]; ok {
			return k.name
		}
	}
	return "thing"
}

// isOpen answers whether something is open, closed, locked or unlocked.
func (s *Skill) isOpen(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	position := r.Text("position")
	// What is asked of a lock is another question than that of the door that it is in.
	want := func(e *entity) bool { return opening(e) && locking(e) == strings.HasSuffix(position, "locked") }
	if name := r.Text("name"); name != "" && len(only(s.current().named[name], want)) == 0 {
		want = opening
	}
	f, err := s.find(ctx, r, want)
	if err != nil {
		return s.answerOf(r, err)
	}
	if len(f.entities) == 1 {
		switch now := s.position(f.entities[0]); {
		case now == position:
			return f.yes("%s", now), nil
		case now == "closed" && strings.HasSuffix(position, "locked"):
			return f.done("closed. Nothing tells whether it is locked"), nil
		default:
			return f.no("%s", now), nil
		}
	}
	opposite := map[string]string{"open": "closed", "closed": "open", "locked": "unlocked", "unlocked": "locked"}[position]
	return s.whether(f, position, opposite, func(e *entity) bool { return s.position(e) == position }), nil
}

// locking reports whether something can be locked, rather than opened.
func locking(e *entity) bool { return either(in("lock"), classed("binary_sensor", "lock"))(e) }

// position is how an opening is: open, closed, locked, unlocked, or as Home Assistant calls
// it.
func (s *Skill) position(e *entity) string {
	state, _ := s.state(e)
	switch on := state.State == "on"; {
	case e.domain != "binary_sensor":
		return strings.ReplaceAll(string(state.State), "_", " ")
	case e.class == "lock" && on:
		return "unlocked"
	case e.class == "lock":
		return "locked"
	case on:
		return "open"
	default:
		return "closed"
	}
}

func (s *Skill) whichOpen(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	position := r.Text("position")
	return s.list(ctx, r, position, func(e *entity) bool { return s.position(e) == position })
}

// measure tells what is measured in an area: by the sensor that the owner chose for it, else
// by all that there are.
func (s *Skill) measure(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	h, word := s.current(), r.Text("measure")
	if word == "" {
		word = "temperature"
	}
	if strange := s.strange(r); strange != "" {
		return s.answerOf(r, unknown(strange))
	}
	is := measuring(measures()[word])
	all, at := h.of(is), h.areaNamed[r.Text("area")]
	if here := s.here(ctx, r.Client); at == nil && len(within(all, here)) > 0 {
		at = here
	}
	if rooms := areas(all); at == nil && len(rooms) > 1 {
		return s.answerOf(r, s.ask(r, rooms))
	} else if at == nil && len(rooms) == 1 {
		at = rooms[0]
	}
	if at != nil {
		all = within(all, at)
		if chosen := h.byID[map[string]string{"temperature": at.temperature, "humidity": at.humidity}[word]]; chosen != nil {
			all = []*entity{chosen}
		}
	}
	var values []string
	for _, e := range all {
		if v := s.measured(e); v != "" && !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	where := ""
	if at != nil {
		where = " " + at.where()
	}
	if len(values) == 0 {
		return skill.Say("Nothing tells the %s%s.", word, where), nil
	}
	return skill.Say("The %s%s is %s.", word, where, say.List(values)), nil
}

// measured is what an entity measures, in words; "" when it does not tell.
func (s *Skill) measured(e *entity) string {
	state, ok := s.state(e)
	switch {
	case !ok || state.State == "unknown":
		return ""
	case e.domain != "climate":
		return reading(string(state.State), e.unit)
	case state.Attributes.Current.Value == nil:
		return ""
	}
	return number(*state.Attributes.Current.Value) + " degrees"
}

// reading tells what a sensor says.
func (s *Skill) reading(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	f, err := s.find(ctx, r, in("sensor"))
	if err != nil {
		return s.answerOf(r, err)
	}
	value := s.measured(f.entities[0])
	if value == "" {
		return skill.Say("%s has no value.", upper(f.name)), nil
	}
	return f.done("%s", value), nil
}

// status tells how anything is.
func (s *Skill) status(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	f, err := s.find(ctx, r, classes()["thing"])
	if err != nil {
		return s.answerOf(r, err)
	}
	e := f.entities[0]
	state, _ := s.state(e)
	switch {
	case e.domain == "climate":
		return f.done("%s", climateState(state)), nil
	case opening(e):
		return f.done("%s", s.position(e)), nil
	case e.domain == "sensor":
		return s.reading(ctx, r)
	}
	return f.done("%s", strings.ReplaceAll(string(state.State), "_", " ")), nil
}
