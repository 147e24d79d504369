package grammar

import (
	"maps"
	"slices"
	"strings"
)

// Contracted is a with fewer states, for an engine that looks at each of them all the
// time: words that always follow each other are joined to one, as those of Rules.Joined
// are, and what a state leads to without a word is taken into it when nothing else leads
// there.
func (a *Automaton) Contracted() *Automaton {
	c := contraction{
		from: a, entries: make([]int, len(a.States)), done: map[int][]Arc{},
		states: map[int]int{}, to: &Automaton{},
	}
	for _, arcs := range a.States {
		for _, arc := range arcs {
			c.entries[arc.To]++
		}
	}
	c.entries[a.Final] = 2 // it stays
	c.to.Final = c.state(a.Final)
	c.to.Start = c.state(a.Start)
	return c.to
}

type contraction struct {
	from, to *Automaton
	entries  []int         // arcs that lead to each state
	done     map[int][]Arc // what is known of arcs
	states   map[int]int   // the new number of each state
}

// state is the new number of s.
func (c *contraction) state(s int) int {
	if n, ok := c.states[s]; ok {
		return n
	}
	n := len(c.to.States)
	c.states[s] = n
	c.to.States = append(c.to.States, nil)
	for _, arc := range c.arcs(s) {
		arc.To = c.state(arc.To)
		c.to.States[n] = append(c.to.States[n], arc)
	}
	return n
}

// arcs are those of s when it is contracted; they lead to states of the old automaton.
func (c *contraction) arcs(s int) (out []Arc) {
	if arcs, ok := c.done[s]; ok {
		return arcs
	}
	for _, arc := range c.from.States[s] {
		if c.entries[arc.To] > 1 {
			out = append(out, arc)
			continue
		}
		next := c.arcs(arc.To)
		switch {
		case arc.Word == "":
			for _, n := range next {
				n.Weight *= arc.Weight
				out = append(out, n)
			}
		case len(next) == 1 && next[0].Word != "" && joints(arc.Word)+joints(next[0].Word)+2 <= mostJoined:
			out = append(out, Arc{next[0].To, arc.Word + joint + next[0].Word, arc.Weight * next[0].Weight})
		default:
			out = append(out, arc)
		}
	}
	c.done[s] = out
	return out
}

// joints is how many words are joined to the first one of word.
func joints(word string) int { return strings.Count(word, joint) }

// Words are all words, joined ones among them, sorted.
func (a *Automaton) Words() []string {
	all := map[string]bool{}
	for _, arcs := range a.States {
		for _, arc := range arcs {
			all[arc.Word] = true
		}
	}
	delete(all, "")
	return slices.Sorted(maps.Keys(all))
}
