package skills

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
				Name: "do", Slots: []nlu.Slot{{Name: "lamp", Entity: "lamp"}, {Name: "n", Entity: "number"}, {Name: "on", Entity: "on_off"}, {Name: "who", Entity: "name"}, {Name: "long", Entity: "duration", Required: true}},
				Utterances: []string{"Turn {on} the {lamp}!", "set [lamp:lamp](the hall) to {n} percent", "call {who}", "Mode 21, please", "{broken", "wait for {long}", "a {long} pause"},
			}},
			Entities: []nlu.Entity{{Name: "lamp", Values: []nlu.Value{{Value: "Hall lamp", Synonyms: []string{"hall-lamp", "the 2 lamps"}}}}, {Name: "name"}},
		},
		{Language: "de", Intents: []nlu.Intent{{Name: "do", Utterances: []string{"licht an"}}}},
	})
	g := h.Sentences("en-US")
	want := []string{
		"turn <skill1> the <skill2>", "set <skill2> to <number> percent", "mode twenty one please", "wait for <duration>", "a <duration> pause", "<duration>",
	}
	if got := g[speech.Start]; !slices.Equal(got, want) {
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
		"turn off the hall lamp": true, "set the two lamps to forty two percent": true,
		"wait for an hour and a half": true, "a five minute pause": true, "twenty seconds": true, "hall lamp": false,
		"licht an": false, "call hall lamp": false,
	} {
		if a.Accepts(strings.Fields(sentence)) != ok {
			t.Errorf("%q is heard: %v", sentence, !ok)
		}
	}
	h.learnt("org.example.lamps", nil)
	if g := h.Sentences("en"); len(g) > 0 {
		t.Errorf("what is forgotten is heard: %v", g)
	}
}
