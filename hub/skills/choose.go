package skills

import (
	"cmp"
	"slices"
	"time"

	"vapd/hub/intent/nlu"
)

// candidate is a skill that could answer.
type candidate struct {
	nlu.Match
	said       bool    // how sure it is; one that did not in time is no candidate
	confidence float64 // that it can answer
	used       time.Time
}

// alike is how much less likely than the best an intent may be, to be asked as well.
const alike = 0.1

// leastSure is how likely an intent has to be to be acted on without asking; how often that
// is wrong is in docs/understanding.md.
const leastSure = 0.3

// couldAnswer are the best match of each skill, of those that are nearly as likely as the
// best of all.
func couldAnswer(found []nlu.Match) (some []candidate) {
	for _, m := range Understood(found) {
		if !slices.ContainsFunc(some, func(c candidate) bool { return c.Skill == m.Skill }) {
			some = append(some, candidate{Match: m})
		}
	}
	return some
}

// Understood are the matches that count, of those that were found, the best first.
func Understood(found []nlu.Match) []nlu.Match {
	for i, m := range found {
		if m.Confidence < max(leastSure, found[0].Confidence-alike) {
			return found[:i]
		}
	}
	return found
}

// choose is who answers: who is surest, of these who understood more of the sentence, of
// these who answered last. ok is false when nobody can.
func choose(all []candidate) (best candidate, ok bool) {
	all = slices.DeleteFunc(slices.Clone(all), func(c candidate) bool { return !c.said || c.confidence <= 0 })
	if len(all) == 0 {
		return candidate{}, false
	}
	return slices.MaxFunc(all, func(a, b candidate) int {
		return cmp.Or(
			cmp.Compare(a.confidence, b.confidence),
			cmp.Compare(len(a.Slots), len(b.Slots)),
			cmp.Compare(a.Confidence, b.Confidence),
			a.used.Compare(b.used),
			cmp.Compare(b.Skill, a.Skill), // the same at every time
		)
	}), true
}
