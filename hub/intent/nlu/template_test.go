package nlu

import "testing"

// The three ways to write a slot mean the same, and a sample becomes a value unless the
// entity is strict.
func TestWaysToWriteSlots(t *testing.T) {
	for name, utterances := range map[string][]string{
		"ours":   {"play {song} in the {room}", "play {song}"},
		"lily's": {"play ($song) in the ($room)", "play ($song)"},
		"Snips'": {"play [song:song](Yellow) in the [room:room](kitchen)", "play [song](Help!)"},
	} {
		m := model(t, map[string]Set{"org.x": {
			Language: "en",
			Intents:  []Intent{{Name: "play", Utterances: utterances, Slots: []Slot{{Name: "song", Entity: "song"}, {Name: "room", Entity: "room"}}}},
			Entities: []Entity{{Name: "song", Values: values("Waterloo", "Yellow", "Help!")}},
		}})
		for text, want := range map[string]string{
			"play waterloo": "play song=Waterloo", "play help in the lounge": "play song=Help! room=living room", "play yellow in the kitchen": "play song=Yellow room=kitchen",
		} {
			if r := m.Parse(text, "en"); best(r) != want || r.Intents[0].Confidence != 1 {
				t.Errorf("%s: %q: %+v, want %q", name, text, r, want)
			}
		}
	}
}

func TestSamples(t *testing.T) {
	for strict, want := range map[bool]float64{false: 1, true: 0.75} {
		m := model(t, map[string]Set{"org.x": {
			Language: "en",
			Intents:  []Intent{{Name: "play", Utterances: []string{"play [song](Blue Monday) now", "play {song} now"}, Slots: []Slot{{Name: "song", Entity: "song"}}}},
			Entities: []Entity{{Name: "song", Strict: strict, Values: values("Waterloo")}},
		}})
		r := m.Parse("play blue monday now", "en")
		if len(r.Intents) == 0 {
			t.Fatalf("strict %v: %+v", strict, r)
		}
		i := r.Intents[0]
		if known := len(i.Slots) == 1 && i.Slots[0].Value == "Blue Monday"; known == strict || !strict && i.Confidence != want || strict && i.Confidence > want {
			t.Errorf("strict %v: %+v", strict, i)
		}
	}
}
