package nlu

import (
	"testing"
	"time"
)

// clock is a Thursday morning.
func clock() time.Time { return time.Date(2026, 11, 26, 9, 30, 0, 0, time.UTC) }

func values(list ...string) []Value {
	var out []Value
	for _, v := range list {
		out = append(out, Value{Value: v})
	}
	return out
}

// home is a skill as people write it.
func home() Set {
	return Set{
		Language: "en",
		Intents: []Intent{
			{
				Name: "switch",
				Utterances: []string{
					"turn {state} the {device}", "turn the {device} {state}", "switch {state} the {device} in the {room}",
					"switch the {room} {device} {state}", "{device} {state}", "turn {state} the {room} {device}",
				},
				Slots: []Slot{
					{Name: "state", Entity: "on_off", Required: true, Prompt: "On or off?"},
					{Name: "device", Entity: "device", Required: true, Prompt: "Which device?", Reprompt: "The lamp, or the fan?"},
					{Name: "room", Entity: "room"},
				},
			},
			{
				Name:       "heat",
				Utterances: []string{"set the {room} to {degrees}", "make it {degrees} in the {room}", "set the temperature to {degrees}", "heat the {room} to {degrees}"},
				Slots:      []Slot{{Name: "room", Entity: "room"}, {Name: "degrees", Entity: "temperature", Required: true}},
			},
			{
				Name:       "paint",
				Utterances: []string{"make the {device} {shade}", "set the {device} to {shade}", "change the colour of the {device} to {shade}"},
				Slots:      []Slot{{Name: "device", Entity: "device"}, {Name: "shade", Entity: "colour"}},
			},
		},
		Entities: []Entity{{Name: "device", Strict: true, Values: []Value{
			{Value: "lamp", Synonyms: []string{"light", "lights"}}, {Value: "ceiling fan", Synonyms: []string{"fan", "ventilator"}},
			{Value: "television", Synonyms: []string{"tv", "telly"}}, {Value: "radiator"},
		}}},
	}
}

// lists is a skill whose values nobody can list.
func lists() Set {
	return Set{
		Language: "en",
		Intents: []Intent{
			{
				Name:       "add",
				Utterances: []string{"add {item} to my {list} list", "put {item} on the {list} list", "add {item} to the list", "i need to buy {item}"},
				Slots:      []Slot{{Name: "item", Entity: "item", Required: true, Prompt: "What?"}, {Name: "list", Entity: "list"}},
			},
			{
				Name:       "remind",
				Utterances: []string{"remind me to {what} {when}", "remind me {when} to {what}", "set a reminder for {when}"},
				Slots:      []Slot{{Name: "what", Entity: "what"}, {Name: "when", Entity: "datetime"}},
			},
			{
				Name:       "timer",
				Utterances: []string{"set a timer for {length}", "{length} timer", "start a {length} timer", "wake me in {length}"},
				Slots:      []Slot{{Name: "length", Entity: "duration", Required: true}},
			},
			{Name: "clear", Utterances: []string{"clear my list", "empty the list", "delete everything"}},
		},
		Entities: []Entity{
			{Name: "item", Values: values("milk", "bread", "eggs", "apples", "olive oil")},
			{Name: "list", Values: values("shopping", "todo", "packing")},
			{Name: "what", Values: values("call mum", "take out the bins", "feed the cat")},
		},
	}
}

func model(t testing.TB, skills map[string]Set) *Model {
	t.Helper()
	m := New(Config{Now: clock, Seed: 1})
	for skill, s := range skills {
		if err := m.Replace(skill, []Set{s}); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func TestScratch(t *testing.T) {
	m := model(t, map[string]Set{"org.x.home": home(), "org.x.lists": lists()})
	for _, text := range []string{
		"Turn on the lights!", "turn the telly off please", "switch on the fan in the kitchen", "turn on the kitchen light", "turn on the lites", "turn on the toaster",
		"could you turn on the lights in the living room", "please switch the bedroom lamp off now", "turn on", "lights on",
		"set the bedroom to twenty one degrees", "make the lamp light blue", "make it 21 in the office", "heat up the bathroom to 23 degrees",
		"add peanut butter to my shopping list", "put a bag of flour on the shopping list", "i need to buy toilet paper", "add milk to the list",
		"remind me to water the plants tomorrow at 7 pm", "remind me on friday morning to call the bank", "set a timer for five and a half minutes", "10 minute timer", "set a timer for ten minute", "can you set me a timer for 20 minutes",
		"what is the weather in paris", "how are you", "play some music", "what time is it", "who won the election", "set a course for mars", "make me a sandwich", "tell me a joke", "turn around", "clear everything", "please empty my shopping list", "yes", "the", "add",
		"turn on the sealing fan", "turn on the radio later",
	} {
		began := time.Now()
		r := m.Parse(text, "en")
		took := time.Since(began)
		t.Logf("%q %v", text, took)
		for _, i := range r.Intents {
			t.Logf("     %s %.2f %+v", i.Intent, i.Confidence, i.Slots)
		}
		if len(r.Intents) == 0 {
			for _, s := range r.Why.Steps {
				t.Logf("     - %s %s %.2f %s", s.Stage, s.Intent, s.Score, s.Said)
			}
		}
	}
}
