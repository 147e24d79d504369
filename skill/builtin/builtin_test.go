package builtin_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vapd/hub/intent/nlu"
	"vapd/hub/intent/trial"
	"vapd/hub/skills"
	"vapd/hub/skills/try"
	"vapd/internal/sharedtest"
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

// model knows all skills; it is a Thursday morning.
func model(t *testing.T) *nlu.Model {
	m := nlu.New(nlu.Config{Now: func() time.Time { return time.Date(2026, 11, 26, 9, 30, 0, 0, time.UTC) }})
	var learning sync.WaitGroup
	for id, manifest := range manifests(t) {
		learning.Go(func() {
			if err := m.Replace(id, skills.Sets(manifest.NLU)); err != nil {
				t.Errorf("%s: %v", id, err)
			}
		})
	}
	learning.Wait()
	return m
}

// Beside each other they are understood, and nothing else is.
func TestTogether(t *testing.T) {
	m := model(t)
	t.Run("own words", func(t *testing.T) { inOwnWords(t, m) })
	t.Run("other words", func(t *testing.T) { inOtherWords(t, m) })
	t.Run("for nobody", func(t *testing.T) { forNobody(t, m) })
	t.Run("for others", func(t *testing.T) { forOthers(t, m) })
}

// No skill takes a sentence from another.
func inOwnWords(t *testing.T, m *nlu.Model) {
	for _, id := range slices.Sorted(maps.Keys(builtin.All())) {
		for _, c := range cases(t, id) {
			found := skills.Understood(m.Parse(c.Text, "en").Intents)
			switch {
			case c.Intent == "" && len(found) == 0:
			case c.Intent == "":
				t.Errorf("%q is %s of %s with %.2f", c.Text, found[0].Intent, found[0].Skill, found[0].Confidence)
			case len(found) == 0:
				t.Errorf("%q of %s is not understood", c.Text, id)
			case found[0].Skill != id || found[0].Intent != c.Intent:
				t.Errorf("%q of %s is %s of %s with %.2f", c.Text, id, found[0].Intent, found[0].Skill, found[0].Confidence)
			case len(found) > 1:
				t.Errorf("%q of %s is %s of %s as well, with %.2f", c.Text, id, found[1].Intent, found[1].Skill, found[1].Confidence)
			case found[0].Confidence != 1:
				t.Errorf("%q of %s is no template: %.2f", c.Text, id, found[0].Confidence)
			}
		}
	}
}

// What nobody wrote down is understood as well.
func inOtherWords(t *testing.T, m *nlu.Model) {
	for text, want := range map[string]string{
		"announce that the cat has escaped through the window": "announce announce",
		"announce a big spider sits under the table":           "announce announce",
		"tell everyone that the guests have brought a cake":    "announce announce place=everyone",
		"how long have i got left on the pasta timer":          "timer left name=pasta",
		"how much time remains on the timer":                   "timer left",
		"set up a timer for ten minutes":                       "timer set length=PT10M",
		"can you set a timer to 5 minutes for me":              "timer set length=PT5M",
		"set a croissant timer for ten minutes":                "timer set length=PT10M name=croissant",
		"let everyone know that the plumber is here":           "announce announce place=everyone",
		"kill the pizza timer":                                 "timer cancel name=pizza",
		"i need to wake up at 6 tomorrow morning":              "timer alarm when=2026-11-27T06:00",
		"do i have any alarms":                                 "timer alarms",
		"what's the date going to be next friday":              "clock date day=2026-11-27",
		"i want the volume a bit higher":                       "volume louder",
		"can you speak a little louder":                        "volume louder",
		"can you repeat what you just said":                    "repeat repeat",
		"do you know who is speaking":                          "people who",
	} {
		found := skills.Understood(m.Parse(text, "en").Intents)
		if len(found) == 0 {
			t.Errorf("%q is not understood", text)
			continue
		}
		got := []string{folder(found[0].Skill), found[0].Intent}
		for _, s := range found[0].Slots {
			if s.Name != "message" { // the skill finds it in the sentence
				got = append(got, s.Name+"="+s.Value)
			}
		}
		slices.Sort(got[2:])
		if strings.Join(got, " ") != want {
			t.Errorf("%q is %q with %.2f, want %q", text, got, found[0].Confidence, want)
		}
	}
}

// refused checks that none of the skills acts on a sentence.
func refused(t *testing.T, m *nlu.Model, text string) {
	t.Helper()
	if found := skills.Understood(m.Parse(text, "en").Intents); len(found) > 0 {
		t.Errorf("%q is %s of %s with %.2f", text, found[0].Intent, found[0].Skill, found[0].Confidence)
	}
}

// What people say to each other, and to skills that are not there, is for none of them.
func forNobody(t *testing.T, m *nlu.Model) {
	for _, text := range []string{
		"i like trains", "play some jazz", "turn up the heating", "turn on the kitchen light", "turn down the lights", "open the window",
		"set the table", "set my hair on fire", "set the thermostat to 20 degrees", "stop the music", "pause the movie", "mute the tv",
		"start the car", "start the washing machine", "add milk to the shopping list", "add some salt", "another beer", "more cheese",
		"what is the weather tomorrow", "what time does the shop open", "what day does the shop open", "when is my next appointment", "when is the next bus",
		"how long is the river nile", "how old am i", "how far away is the moon", "cancel my appointment", "cancel the order",
		"remind me to call mum", "tell me a joke", "tell me about your day", "who is the president", "who are you", "what is my address",
		"wake the dragon", "say cheese", "i am so tired", "give me a break", "do not do that", "the volume of a sphere",
	} {
		refused(t, m, text)
	}
}

// Nor are the sentences of a benchmark, of music, books, films, restaurants and the weather.
func forOthers(t *testing.T, m *nlu.Model) {
	dir := sharedtest.Path(t, "nlu", "snips-2017-06")
	for _, name := range trial.Names() {
		queries, err := trial.Read(dir, name, "validate")
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range queries {
			refused(t, m, q.Text())
		}
	}
}
