package skills

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vapd/hub/intent"
	"vapd/hub/intent/nlu"
	"vapd/hub/speech"
	"vapd/hub/speech/grammar"
)

func TestSentences(t *testing.T) {
	h := newHub(t)
	h.learnt("org.example.lamps", []nlu.Set{
		{
			Language: "en-US",
			Intents: []nlu.Intent{{
				Name: "do", Slots: []nlu.Slot{{Name: "lamp", Entity: "lamp"}, {Name: "n", Entity: "number"}, {Name: "on", Entity: "on_off"}, {Name: "who", Entity: "name"}},
				Utterances: []string{"Turn {on} the {lamp}!", "set [lamp:lamp](the hall) to {n} percent", "call {who}", "Mode 21, please", "{broken"},
			}},
			Entities: []nlu.Entity{{Name: "lamp", Values: []nlu.Value{{Value: "Hall lamp", Synonyms: []string{"hall-lamp", "the 2 lamps"}}}}, {Name: "name"}},
		},
		{Language: "de", Intents: []nlu.Intent{{Name: "do", Utterances: []string{"licht an"}}}},
	})
	own := speech.Grammar(intent.NewEnglish().Sentences())
	before := len(own[speech.Start])
	g := h.Sentences(own, "en")
	want := []string{"turn <skill1> the <skill2>", "set <skill2> to <number> percent", "mode twenty one please"}
	if got := g[speech.Start][before:]; !slices.Equal(got, want) || len(own[speech.Start]) != before {
		t.Errorf("%q", got)
	}
	if d := cmp.Diff([][]string{{"on", "off"}, {"hall lamp", "the two lamps"}}, [][]string{g["skill1"], g["skill2"]}); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	rules, err := grammar.Parse(g)
	if err != nil {
		t.Fatal(err)
	}
	a, err := rules.Automaton()
	if err != nil {
		t.Fatal(err)
	}
	for sentence, ok := range map[string]bool{
		"turn off the hall lamp": true, "set the two lamps to forty two percent": true, "what time is it": true,
		"licht an": false, "call hall lamp": false,
	} {
		if a.Accepts(strings.Fields(sentence)) != ok {
			t.Errorf("%q is heard: %v", sentence, !ok)
		}
	}
	h.learnt("org.example.lamps", nil)
	if d := cmp.Diff(own, h.Sentences(own, "en")); d != "" {
		t.Errorf("what is forgotten is heard: %s", d)
	}
}
