package homeassistant

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"vapd/skill"
	"vapd/skill/say"
)

// found is what a request is about.
type found struct {
	entities []*entity
	name     string // "the kitchen light", "the lights in the kitchen", "all lights"
	several  bool   // the name is in the plural
	// Of several these are left out: those that can't be reached, and those that can't do
	// what is wanted.
	gone, unable int
}

// leave leaves those that can, unless none does.
func (f *found) leave(can func(*entity) bool) bool {
	able := only(f.entities, can)
	if len(able) == 0 {
		return false
	}
	f.unable += len(f.entities) - len(able)
	f.entities = able
	return true
}

// reply ends the search with an answer: what is missing, or that there is nothing.
type reply struct{ skill.Answer }

func (r *reply) Error() string { return r.Say }

func replyf(format string, args ...any) error { return &reply{skill.Say(format, args...)} }

// find finds what a request is about: the thing of the slot "name" that want says true of,
// or those of a kind that another slot names.
func (s *Skill) find(ctx context.Context, r *skill.Request, want func(*entity) bool) (found, error) {
	f, err := s.search(ctx, r, want)
	if err != nil {
		return found{}, err
	}
	there := slices.DeleteFunc(slices.Clone(f.entities), func(e *entity) bool {
		_, ok := s.state(e)
		return !ok
	})
	if len(there) == 0 {
		return found{}, replyf("%s can not be reached.", upper(f.name))
	}
	f.gone, f.entities = len(f.entities)-len(there), there
	return f, nil
}

func (s *Skill) search(ctx context.Context, r *skill.Request, want func(*entity) bool) (found, error) {
	if word := s.strange(r); word != "" {
		return found{}, unknown(word)
	}
	if r.Text("name") != "" {
		return s.thing(ctx, r, want)
	}
	for slot, words := range kinds() {
		if k, ok := words[r.Text(slot)]; ok {
			return s.group(ctx, r, slot, k, want)
		}
	}
	return found{}, replyf("I don't know what is meant.")
}

// unknown is the answer to what has a strange word.
func unknown(word string) error { return replyf("Sorry, I don't know what %s is.", word) }

// strange is a word of the sentence that means nothing to the house; "" where all do. The
// hub also understands sentences that it was not taught, and "turn off the aquarium lights"
// must not turn off all lights where there is no aquarium.
func (s *Skill) strange(r *skill.Request) string {
	s.mu.Lock()
	known := s.words
	s.mu.Unlock()
	var said []string
	for _, v := range r.Slots {
		said = append(said, split(v)...)
	}
	for _, w := range split(r.Input) {
		heard := slices.ContainsFunc(said, func(v string) bool { return alike(v, w) })
		stem, _, _ := strings.Cut(w, "'") // "what's"
		if !heard && !known[w] && !known[stem] && !slices.Contains(polite(), stem) && !unicode.IsDigit(rune(w[0])) {
			return w
		}
	}
	return ""
}

// alike reports whether a word may be another one that was misheard or mistyped, or is a
// part of it ("livingroom").
func alike(a, b string) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	return a[0] == b[0] && len(a)-len(b) <= 2 || len(b) > 2 && strings.Contains(a, b)
}

// polite are words that people say beside what they want, and those of values that differ
// from what was said: numbers, units and colours.
func polite() []string {
	return strings.Fields(`zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
		nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred half point minus per cent percent degree degrees celsius centigrade
		fahrenheit cool navy sky lilac golden blue please thanks thank you could can would will i want need like to me us for my our a an some now just hey hi okay ok uh uhm um
		again right here this these that those it be do s go ahead back also and then let have`)
}

// thing finds what has a name. Of several the area tells which it is: the one that was said,
// else that of the satellite; else the one whose own name it is.
func (s *Skill) thing(ctx context.Context, r *skill.Request, want func(*entity) bool) (found, error) {
	h, name := s.current(), r.Text("name")
	all := only(h.named[name], want)
	if len(all) == 0 {
		return found{}, replyf("There is no %s any more.", name)
	}
	if at := h.areaNamed[r.Text("area")]; at != nil {
		if all = within(all, at); len(all) == 0 {
			return found{}, replyf("There is no %s %s.", name, at.where())
		}
	}
	if r.Text("all") != "" {
		return everything(name, all), nil
	}
	for _, choose := range []func() []*entity{
		func() []*entity { return within(all, s.here(ctx, r.Client)) },
		func() []*entity { return only(h.own[name], func(e *entity) bool { return slices.Contains(all, e) }) },
	} {
		if len(areas(all)) > 1 {
			if some := choose(); len(some) > 0 {
				all = some
			}
		}
	}
	if rooms := areas(all); len(rooms) > 1 {
		return found{}, s.ask(r, rooms)
	}
	if len(all) > 1 {
		return everything(name, all), nil
	}
	return h.one(all[0]), nil
}

// everything are things of one name.
func everything(name string, all []*entity) found {
	return found{entities: all, name: "everything called " + name}
}

// group finds all of a kind: in the area that was said, everywhere where that was said, else
// in the area of the satellite.
func (s *Skill) group(ctx context.Context, r *skill.Request, slot string, k kind, want func(*entity) bool) (found, error) {
	h := s.current()
	is := func(e *entity) bool { return k.is(e) && want(e) }
	if slot == "covers" && len(h.of(is)) == 0 {
		is = drape // people call them what they like
	}
	all := h.of(is)
	if len(all) == 0 {
		return found{}, replyf("There is no %s.", k.name)
	}
	if at := h.areaNamed[r.Text("area")]; at != nil {
		return s.inArea(h, at, k, slot, is)
	}
	if r.Text("all") == "" && slot != "locks" {
		if at := s.here(ctx, r.Client); len(within(all, at)) > 0 {
			return s.inArea(h, at, k, slot, is)
		}
		if rooms := areas(all); len(rooms) > 1 {
			return found{}, s.ask(r, rooms)
		}
	}
	return few(h, all, "all "+k.name+"s"), nil
}

// inArea finds all of a kind in an area. "The kitchen light" is what has that name, where
// something has.
func (s *Skill) inArea(h *house, at *area, k kind, slot string, is func(*entity) bool) (found, error) {
	for _, n := range at.names {
		suffix := "s"
		if k.one {
			suffix = ""
		}
		own := slices.DeleteFunc(only(h.own[n+" "+k.name+suffix], is), func(e *entity) bool { return e.area != nil && !at.has(e.area) })
		if len(own) == 1 && slot != "openings" {
			return h.one(own[0]), nil
		}
	}
	all := within(h.of(is), at)
	if len(all) == 0 {
		return found{}, replyf("There is no %s %s.", k.name, at.where())
	}
	return few(h, all, fmt.Sprintf("the %ss %s", k.name, at.where())), nil
}

// few is a group, or the one thing in it.
func few(h *house, all []*entity, name string) found {
	if len(all) == 1 {
		return h.one(all[0])
	}
	return found{entities: all, name: name, several: true}
}

// one is a single thing.
func (h *house) one(e *entity) found {
	return found{entities: []*entity{e}, name: h.label(e), several: plural(e.name)}
}

// only are the entities that want says true of.
func only(all []*entity, want func(*entity) bool) []*entity {
	return slices.DeleteFunc(slices.Clone(all), func(e *entity) bool { return !want(e) })
}

// within are the entities of an area, or a floor.
func within(all []*entity, at *area) []*entity {
	if at == nil {
		return nil
	}
	return only(all, func(e *entity) bool { return at.has(e.area) })
}

// areas are those of entities, in their order; nil is one, too.
func areas(all []*entity) (some []*area) {
	for _, e := range all {
		if !slices.Contains(some, e.area) {
			some = append(some, e.area)
		}
	}
	return some
}

// label is what an entity is called in an answer: with its area where others are called
// the same.
func (h *house) label(e *entity) string {
	name := the(e.name)
	same := func(o *entity) bool { return o != e && spoken(o.name) == spoken(e.name) }
	if e.area != nil && slices.ContainsFunc(h.own[spoken(e.name)], same) {
		name += " " + e.area.where()
	}
	return name
}

const (
	// patience is how long a question waits for its answer.
	patience = 30 * time.Second
	// mostRooms are named in a question.
	mostRooms = 3
)

// ask asks in which room.
func (s *Skill) ask(r *skill.Request, rooms []*area) error {
	s.asked.Put(r.Client, r, s.Now())
	names := make([]string, 0, len(rooms))
	for _, a := range rooms {
		if a != nil {
			names = append(names, the(a.name))
		}
	}
	if len(names) < 2 || len(names) > mostRooms {
		return &reply{skill.Ask("In which room?")}
	}
	slices.Sort(names)
	return &reply{skill.Ask("In which room: %s?", either2(names))}
}

// either2 joins names as alternatives.
func either2(names []string) string {
	last := len(names) - 1
	return say.List(names[:last]) + " or " + names[last]
}

// answer takes a room for the answer to the question that was asked.
func (s *Skill) answer(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	asked, ok := s.asked.Take(r.Client, s.Now())
	if !ok {
		return skill.Say("Please say what to do there."), nil
	}
	again := *asked
	again.Slots = make(map[string]string)
	for slot, value := range asked.Slots {
		again.Slots[slot] = value
	}
	if again.Slots["area"] = r.Text("area"); r.Text("everywhere") != "" {
		again.Slots["all"] = "all"
	}
	return s.handlers[again.Intent](ctx, &again)
}
