package nlu

import (
	"strings"

	"vapd/hub/intent/entity"
	"vapd/hub/intent/normal"
	"vapd/protocol/vap/template"
)

// gazetteer is an entity as it is looked up.
type gazetteer struct {
	name    string
	kind    entity.Kind // one that is built in; else empty
	strict  bool
	values  map[string]*known // by their normal words
	order   []string          // the keys, as they were registered
	longest int               // words of a value
	tongue  normal.Language
	spelled []string // the keys as they are compared with what was heard
	sounds  []string // likewise, by their sounds; empty where that says too little
}

// known is a value of a gazetteer.
type known struct {
	value  string
	text   string // as it was registered
	listed bool   // in the entity, and not only in samples of utterances
	seen   int    // how many samples have it
}

// leastSounds is how many consonants a value must have to be known by them.
const leastSounds = 2

func (g *gazetteer) add(words []string, k known) *known {
	key := strings.Join(words, " ")
	if old, ok := g.values[key]; ok {
		return old
	}
	g.values[key] = &k
	g.order = append(g.order, key)
	if g.strict {
		g.spelled = append(g.spelled, strings.Join(words, ""))
		g.sounds = append(g.sounds, g.sound(words))
	}
	g.longest = max(g.longest, min(len(words), longestValue))
	return &k
}

// sound is how words sound; empty where that is next to nothing.
func (g *gazetteer) sound(words []string) string {
	out := ""
	for _, w := range words {
		out += g.tongue.Sound(w)
	}
	if len(out) < leastSounds {
		return ""
	}
	return out
}

// longestValue is how many words a value is looked up with.
const longestValue = 10

// lookup is the value that the words from i to j are.
func (g *gazetteer) lookup(s *sentence, i, j int) *known {
	if j-i > g.longest {
		return nil
	}
	return g.values[s.key(i, j)]
}

// gazetteers are the entities of a set.
func gazetteers(s Set, l normal.Language) (map[string]*gazetteer, error) {
	x := expander{language: l, entities: make(map[string]Entity), done: make(map[string]*gazetteer), busy: make(map[string]bool)}
	for _, e := range s.Entities {
		x.entities[e.Name] = e
	}
	for _, e := range s.Entities {
		if _, err := x.gazetteer(e.Name); err != nil {
			return nil, err
		}
	}
	for _, i := range s.Intents {
		for _, slot := range i.Slots {
			if kind, ok := entity.Named(slot.Entity); ok && x.done[slot.Entity] == nil {
				x.done[slot.Entity] = &gazetteer{name: slot.Entity, kind: kind}
			}
		}
	}
	return x.done, nil
}

// expander puts the values of entities into those that name them.
type expander struct {
	language normal.Language
	entities map[string]Entity
	done     map[string]*gazetteer
	busy     map[string]bool
	values   int
}

func (x *expander) gazetteer(name string) (*gazetteer, error) {
	if g, ok := x.done[name]; ok {
		return g, nil
	}
	if x.busy[name] {
		return nil, invalid(CyclicEntity, name, "its values lead back to itself")
	}
	x.busy[name] = true
	defer delete(x.busy, name)
	e := x.entities[name]
	if e.Strict && len(e.Values) == 0 {
		return nil, invalid(EmptyEntity, name, "it is strict and has no values: nothing could fill it")
	}
	g := &gazetteer{name: name, strict: e.Strict, tongue: x.language, values: make(map[string]*known)}
	for _, v := range e.Values {
		for n, text := range append([]string{v.Value}, v.Synonyms...) {
			said, err := x.expand(name, text)
			if err != nil {
				return nil, err
			}
			for _, t := range said {
				value := v.Value
				if n == 0 {
					value = t
				}
				words := x.language.Words(t)
				if len(words) == 0 {
					return nil, invalid(EmptyEntity, name, "its value %q has no words", t)
				}
				g.add(words, known{value: value, text: t, listed: true})
			}
			if x.values += len(said); x.values > maxValues {
				return nil, invalid(TooMany, name, "more than %d values, synonyms and combinations in all", maxValues)
			}
		}
	}
	x.done[name] = g
	return g, nil
}

// expand are the ways to say a value.
func (x *expander) expand(name, text string) ([]string, error) {
	if len(text) > maxText {
		return nil, invalid(InvalidText, text[:20]+"...", "a value of entity %q is longer than %d bytes", name, maxText)
	}
	pieces, err := template.Parse(text)
	if err != nil {
		return nil, invalid(InvalidText, text, "a value of entity %q: %v", name, err)
	}
	out := []string{""}
	for _, p := range pieces {
		said := []string{p.Text}
		if p.Slot != "" {
			if _, ok := x.entities[p.Slot]; !ok {
				return nil, invalid(MissingEntity, p.Slot, "a value of entity %q names it: define it", name)
			}
			g, err := x.gazetteer(p.Slot)
			if err != nil {
				return nil, err
			}
			said = said[:0]
			for _, key := range g.order {
				said = append(said, g.values[key].text)
			}
		}
		if len(out)*len(said) > maxValues {
			return nil, invalid(TooMany, name, "its value %q has more than %d combinations", text, maxValues)
		}
		next := make([]string, 0, len(out)*len(said))
		for _, before := range out {
			for _, s := range said {
				next = append(next, before+s)
			}
		}
		out = next
	}
	return out, nil
}
