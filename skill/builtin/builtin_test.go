package builtin_test

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"vapd/hub/intent/nlu"
	"vapd/hub/skills"
	"vapd/hub/skills/try"
	"vapd/skill"
	"vapd/skill/builtin"
)

// folder is where a skill's source is.
func folder(id string) string { return filepath.Ext(id)[1:] }

// cases are the sentences of a skill's tests.
func cases(t *testing.T, id string) []try.Case {
	t.Helper()
	f, err := os.Open(filepath.Join(folder(id), try.Tests))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := try.ReadCases(f)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// manifests are what people can say to the skills, by id.
func manifests(t *testing.T) map[string]skill.Manifest {
	out := make(map[string]skill.Manifest)
	for id, newSkill := range builtin.All() {
		s := newSkill(skill.State(t.TempDir()))
		if s.ID() != id {
			t.Errorf("%s is listed as %s", s.ID(), id)
		}
		out[id] = s.Manifest()
	}
	return out
}

// Each skill alone understands what its tests say.
func TestSentences(t *testing.T) {
	for id, m := range manifests(t) {
		t.Run(folder(id), func(t *testing.T) {
			t.Parallel()
			failures, err := try.Run(m, "en", cases(t, id))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range failures {
				t.Error(f)
			}
		})
	}
}

// model knows all skills.
func model(t *testing.T) *nlu.Model {
	m := nlu.New(nlu.Config{Now: time.Now})
	for id, manifest := range manifests(t) {
		if err := m.Replace(id, skills.Sets(manifest.NLU)); err != nil {
			t.Fatalf("%s: %v", id, err)
		}
	}
	return m
}

// best is the confidence in the best of some matches.
func best(found []nlu.Match) float64 {
	return slices.MaxFunc(append(found, nlu.Match{}), func(a, b nlu.Match) int { return cmp.Compare(a.Confidence, b.Confidence) }).Confidence
}

// Beside each other they still do, and none takes a sentence from another.
func TestTogether(t *testing.T) {
	m := model(t)
	for _, id := range slices.Sorted(maps.Keys(builtin.All())) {
		for _, c := range cases(t, id) {
			found := skills.Understood(m.Parse(c.Text, "en").Intents)
			switch {
			case c.Intent == "" && len(found) == 0:
			case c.Intent == "":
				if found[0].Skill == id {
					t.Errorf("%q is %s of %s with %.2f", c.Text, found[0].Intent, found[0].Skill, found[0].Confidence)
				}
			case len(found) == 0:
				t.Errorf("%q of %s is not understood", c.Text, id)
			case found[0].Skill != id || found[0].Intent != c.Intent:
				t.Errorf("%q of %s is %s of %s with %.2f", c.Text, id, found[0].Intent, found[0].Skill, found[0].Confidence)
			case len(found) > 1 && found[1].Skill != id:
				t.Errorf("%q of %s is %s of %s as well, with %.2f", c.Text, id, found[1].Intent, found[1].Skill, found[1].Confidence)
			}
		}
	}
}
