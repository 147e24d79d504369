package grammar

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"vapd/hub/speech"
)

// Automaton is a finite-state automaton that accepts the sentences of a grammar. It has
// no circles.
type Automaton struct {
	Start, Final int
	States       [][]Arc // by the state that they lead from
}

// Arc leads to another state.
type Arc struct {
	To   int
	Word string // "" for none
	// Weight is how likely it is in its state, above 0 and at most 1, rounded to a
	// quarter of a power of two: each alternative of a rule is as likely as its weight says.
	Weight float64
}

// MostStates is the most states of an automaton. With a hundred times the thousand
// templates of a large house it would take gigabytes in an engine.
const MostStates = 200_000

// Automaton makes the automaton.
func (r Rules) Automaton() (*Automaton, error) {
	if len(r[speech.Start]) == 0 {
		return nil, fmt.Errorf("grammar: nothing remains of rule <%s>", speech.Start)
	}
	b := builder{rules: r, minimal: map[string]*node{}, copies: map[place]int{}, out: &Automaton{}}
	b.out.Final = b.state()
	var err error
	b.out.Start, err = b.copy(place{speech.Start, b.out.Final})
	return b.out, err
}

// place is a rule and the state that is behind it.
type place struct {
	rule   string
	behind int
}

type builder struct {
	rules   Rules
	minimal map[string]*node // automata of rules, with references
	copies  map[place]int    // first states
	out     *Automaton
}

func (b *builder) state() int {
	b.out.States = append(b.out.States, nil)
	return len(b.out.States) - 1
}

func (b *builder) arc(from int, a Arc) { b.out.States[from] = append(b.out.States[from], a) }

// copy returns the first state of the copy of a rule's automaton at p.
func (b *builder) copy(p place) (int, error) {
	if first, ok := b.copies[p]; ok {
		return first, nil
	}
	if b.minimal[p.rule] == nil {
		b.minimal[p.rule] = minimize(b.rules[p.rule])
	}
	first, err := b.node(b.minimal[p.rule], p.behind, map[*node]int{})
	b.copies[p] = first
	return first, err
}

// node returns the state that stands for n in a copy, of which all are in states.
func (b *builder) node(n *node, behind int, states map[*node]int) (int, error) {
	if len(n.edges) == 0 {
		return behind, nil
	}
	if s, ok := states[n]; ok {
		return s, nil
	}
	if rule, ok := n.stands(); ok {
		to, err := b.node(n.edges[0].to, behind, states)
		if err != nil {
			return 0, err
		}
		states[n], err = b.copy(place{rule, to})
		return states[n], err
	}
	s := b.state()
	states[n] = s
	if len(b.out.States) > MostStates {
		return 0, fmt.Errorf("grammar: it needs more than %d states: shorten the lists that templates refer to", MostStates)
	}
	if n.ends > 0 {
		b.arc(s, Arc{To: behind, Weight: n.ends})
	}
	for _, e := range n.edges {
		to, err := b.node(e.to, behind, states)
		if err != nil {
			return 0, err
		}
		a := Arc{to, e.token, e.weight}
		if rule, ok := reference(e.token); ok {
			a.Word = ""
			if a.To, err = b.copy(place{rule, to}); err != nil {
				return 0, err
			}
		}
		b.arc(s, a)
	}
	return s, nil
}

// node is a state of the automaton of one rule.
type node struct {
	ends  float64 // how likely it is that the rule ends here
	edges []edge
}

// stands reports whether n stands for nothing but what follows: a rule.
func (n *node) stands() (rule string, ok bool) {
	if n.ends > 0 || len(n.edges) != 1 {
		return "", false
	}
	return reference(n.edges[0].token)
}

type edge struct {
	token  string
	weight float64
	to     *node
}

// minimize makes the smallest deterministic automaton of alternatives: a tree of their
// beginnings, of which equal branches are one.
func minimize(alternatives []alternative) *node {
	root := newTree()
	for _, a := range alternatives {
		at := root
		at.weight += a.weight
		for _, token := range a.tokens {
			at = at.next(token)
			at.weight += a.weight
		}
		at.ends += a.weight
	}
	m := merger{ids: map[*node]int{}, same: map[string]*node{}}
	return m.merge(root)
}

// tree is what alternatives go on with that begin alike.
type tree struct {
	weight float64 // of all of them
	ends   float64 // the weight of those that end here
	to     map[string]*tree
}

func newTree() *tree { return &tree{to: map[string]*tree{}} }

func (t *tree) next(token string) *tree {
	if t.to[token] == nil {
		t.to[token] = newTree()
	}
	return t.to[token]
}

// merger makes equal branches of a tree one.
type merger struct {
	ids  map[*node]int
	same map[string]*node
}

func (m *merger) merge(t *tree) *node {
	n := &node{ends: share(t.ends, t.weight)}
	var key strings.Builder
	fmt.Fprint(&key, n.ends)
	for _, token := range slices.Sorted(maps.Keys(t.to)) {
		e := edge{token, share(t.to[token].weight, t.weight), m.merge(t.to[token])}
		n.edges = append(n.edges, e)
		fmt.Fprintf(&key, " %s/%g>%d", token, e.weight, m.ids[e.to])
	}
	if old, ok := m.same[key.String()]; ok {
		return old
	}
	m.ids[n] = len(m.ids)
	m.same[key.String()] = n
	return n
}

// share is part of whole, so coarse that branches of much the same weights are one.
func share(part, whole float64) float64 {
	if part == 0 {
		return 0
	}
	return math.Exp2(math.Round(4*math.Log2(part/whole)) / 4)
}

// Accepts reports whether words are a sentence.
func (a *Automaton) Accepts(words []string) bool {
	complete, _ := a.Follow(words)
	return complete
}

// Follow reports whether words are a sentence, and whether a longer one begins with them.
func (a *Automaton) Follow(words []string) (complete, open bool) {
	at := map[int]bool{}
	a.enter(a.Start, at)
	for _, w := range words {
		next := map[int]bool{}
		for s := range at {
			for _, arc := range a.States[s] {
				if arc.Word == w {
					a.enter(arc.To, next)
				}
			}
		}
		at = next
	}
	for s := range at {
		open = open || slices.ContainsFunc(a.States[s], func(arc Arc) bool { return arc.Word != "" })
	}
	return at[a.Final], open
}

// enter adds s, and where it leads without a word.
func (a *Automaton) enter(s int, at map[int]bool) {
	if at[s] {
		return
	}
	at[s] = true
	for _, arc := range a.States[s] {
		if arc.Word == "" {
			a.enter(arc.To, at)
		}
	}
}

// WriteFSG writes the automaton in Sphinx's format for finite-state grammars
// (the comment at fsg_model_readfile in sphinxbase/fsg_model.h).
func (a *Automaton) WriteFSG(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "FSG_BEGIN grammar\nNUM_STATES %d\nSTART_STATE %d\nFINAL_STATE %d\n", len(a.States), a.Start, a.Final)
	for from, arcs := range a.States {
		for _, arc := range arcs {
			fmt.Fprintf(out, "TRANSITION %d %d %s %s\n", from, arc.To, strconv.FormatFloat(arc.Weight, 'g', 6, 64), arc.Word)
		}
	}
	fmt.Fprintln(out, "FSG_END")
	return out.Flush()
}
