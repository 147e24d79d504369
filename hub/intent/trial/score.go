package trial

import (
	"maps"
	"slices"

	"vapd/hub/intent/nlu"
	"vapd/hub/intent/normal"
)

// counts of one slot.
type counts struct{ right, said, found int }

func (c counts) f1() float64 {
	if c.right == 0 {
		return 0 // no precision, or none right
	}
	return 2 * float64(c.right) / float64(c.said+c.found)
}

// Score is how well the slots of one intent were found.
type Score struct {
	Slots map[string]float64 // F1
	Whole float64            // of the queries, those with all slots right
}

// F1 is the mean over slots, each of which counts the same.
func (s Score) F1() float64 {
	sum := 0.0
	for _, name := range slices.Sorted(maps.Keys(s.Slots)) {
		sum += s.Slots[name]
	}
	return sum / float64(max(len(s.Slots), 1))
}

// span is a slot and its first and last word: the benchmark has stops and spaces in some
// of its slots.
type span struct {
	slot       string
	start, end int
}

// Rate compares what find finds in queries with what is in them. A slot is right where
// name and words are.
func Rate(queries []Query, find func(text string) []nlu.Filled) Score {
	language := normal.For("en")
	all := make(map[string]counts)
	whole := 0
	for _, q := range queries {
		text := q.Text()
		tokens := language.Tokens(text)
		want := make(map[span]bool)
		at := 0
		for _, p := range q {
			if p.Slot != "" {
				want[inWords(tokens, p.Slot, at, at+len(p.Text))] = true
			}
			at += len(p.Text)
		}
		right := 0
		found := find(text)
		for _, f := range found {
			c := all[f.Name]
			c.found++
			if want[inWords(tokens, f.Name, f.Start, f.End)] {
				c.right++
				right++
			}
			all[f.Name] = c
		}
		for s := range want {
			c := all[s.slot]
			c.said++
			all[s.slot] = c
		}
		if right == len(want) && right == len(found) {
			whole++
		}
	}
	score := Score{Slots: make(map[string]float64), Whole: float64(whole) / float64(max(len(queries), 1))}
	for name, c := range all {
		if c.said > 0 {
			score.Slots[name] = c.f1()
		}
	}
	return score
}

func inWords(tokens []normal.Token, slot string, start, end int) span {
	s := span{slot, -1, -1}
	for i, t := range tokens {
		if t.Start < end && t.End > start {
			if s.start < 0 {
				s.start = i
			}
			s.end = i + 1
		}
	}
	return s
}
