package daemon

import (
	"vapd/hub/intent/nlu"
	"vapd/hub/skills"
	"vapd/hub/speech"
	"vapd/skill/builtin"
)

// grammar is what can be said to skills of the hub's own, before they run.
func grammar(own []builtin.Own, language string) speech.Grammar {
	sets := make(map[string][]nlu.Set)
	for _, s := range own {
		sets[s.ID()] = skills.Sets(s.Manifest().NLU)
	}
	return skills.Grammar(sets, language)
}
