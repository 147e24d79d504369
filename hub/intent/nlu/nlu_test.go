package nlu

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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
			{Value: "lamp", Synonyms: []string{"light", "lights"}},
			{Value: "ceiling fan", Synonyms: []string{"fan", "ventilator"}},
			{Value: "television", Synonyms: []string{"tv", "telly"}},
			{Value: "radiator"},
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

// both are the two skills beside each other, which tests only read.
func both(t testing.TB) *Model {
	t.Helper()
	return model(t, map[string]Set{"org.x.home": home(), "org.x.lists": lists()})
}

// say is a match in short: "switch state=on device=lamp".
func say(m Match) string {
	out := m.Intent
	for _, s := range m.Slots {
		out += " " + s.Name + "=" + s.Value
	}
	return out
}

func best(r Result) string {
	if len(r.Intents) == 0 {
		return ""
	}
	return say(r.Intents[0])
}

func TestParse(t *testing.T) {
	m := both(t)
	for _, c := range []struct {
		text, want string
		least      float64 // confidence
	}{
		// As registered, in any spelling.
		{"Turn on the lights!", "switch state=on device=lamp", 1},
		{"turn the telly off please", "switch device=television state=off", 1},
		{"SWITCH ON THE FAN IN THE KITCHEN", "switch state=on device=ceiling fan room=kitchen", 1},
		{"um, turn on the, uh, kitchen light", "switch state=on room=kitchen device=lamp", 1},
		{"lights on", "switch device=lamp state=on", 1},
		{"set the bedroom to twenty-one degrees", "heat room=bedroom degrees=21", 1},
		{"set the bedroom to 21°", "heat room=bedroom degrees=21", 1},
		{"make it 21 in the office", "heat degrees=21 room=office", 1},
		{"make the lamp light blue", "paint device=lamp shade=light blue", 1},
		{"Change the color of the light to grey.", "paint device=lamp shade=gray", 1},
		{"10 minute timer", "timer length=PT10M", 1},
		{"set a timer for five and a half minutes", "timer length=PT5M30S", 1},
		{"remind me tomorrow at 7 pm to call mum", "remind when=2026-11-27T19:00 what=call mum", 1},
		{"empty the list", "clear", 1},

		// With values that nobody listed.
		{"add peanut butter to my shopping list", "add item=peanut butter list=shopping", 0.5},
		{"put a bag of flour on the shopping list", "add item=a bag of flour list=shopping", 0.5},
		{"i need to buy toilet paper", "add item=toilet paper", 0.5},
		{"remind me to water the plants tomorrow at 7 pm", "remind what=water the plants when=2026-11-27T19:00", 0.5},
		{"remind me on friday morning to call the bank", "remind when=2026-11-27T06:00/2026-11-27T12:00 what=call the bank", 0.5},

		// In words that nobody registered.
		{"could you turn on the lights in the living room", "switch state=on device=lamp room=living room", 0.5},
		{"please switch the bedroom lamp off now", "switch room=bedroom device=lamp state=off", 0.5},
		{"heat up the bathroom to 23 degrees", "heat room=bathroom degrees=23", 0.5},
		{"can you set me a timer for 20 minutes", "timer length=PT20M", 0.5},
	} {
		r := m.Parse(c.text, "en")
		if got := best(r); got != c.want || r.Intents[0].Confidence < c.least {
			t.Errorf("%q: %q, want %q with %.1f: %+v", c.text, got, c.want, c.least, r)
		}
	}
}

// The spans of slots are what was said.
func TestSpans(t *testing.T) {
	text := "  Turn OFF — the “Ceiling  Fan”, please"
	r := both(t).Parse(text, "en")
	want := []Filled{
		{"state", "on_off", "OFF", strings.Index(text, "OFF"), strings.Index(text, "OFF") + 3, "off"},
		{"device", "device", "Ceiling  Fan", strings.Index(text, "Ceiling"), strings.Index(text, "”"), "ceiling fan"},
	}
	if len(r.Intents) == 0 || cmp.Diff(want, r.Intents[0].Slots) != "" {
		t.Errorf("%+v", r)
	}
}

func TestNoneOfThese(t *testing.T) {
	m := both(t)
	for _, text := range []string{
		"how are you", "play some music", "what is the weather in paris", "who won the election", "make me a sandwich", "yes", "the", "what", "tell me a story about dragons",
		"how tall is the eiffel tower", "navigate home", "i like trains", "good morning", "we went there by car and it rained all day long",
		"call my brother", "read me the news", "xyzzy plugh", "42", "translate good night into french",
	} {
		for _, i := range m.Parse(text, "en").Intents {
			if i.Confidence >= 0.3 {
				t.Errorf("%q: %s with %.2f", text, say(i), i.Confidence)
			}
		}
	}
}

// A strict entity takes what was misheard, and nothing else.
func TestStrict(t *testing.T) {
	m := both(t)
	for text, want := range map[string]string{
		"turn on the sealing fan":             "switch state=on device=ceiling fan",
		"turn on the ceilingfan":              "switch state=on device=ceiling fan",
		"turn on the lites":                   "switch state=on device=lamp",
		"turn off the televison":              "switch state=off device=television",
		"switch on the radeator in the study": "switch state=on device=radiator room=study",
		"turn on the toaster":                 "switch state=on",
		"turn on the moon":                    "switch state=on",
	} {
		r := m.Parse(text, "en")
		if got := best(r); got != want {
			t.Errorf("%q: %q, want %q: %+v", text, got, want, r)
			continue
		}
		heard := strings.Contains(want, "device")
		if i := r.Intents[0]; i.Confidence >= 1 || heard != (len(i.Missing) == 0) || !heard && (i.Missing[0].Name != "device" || i.Confidence > 0.6) {
			t.Errorf("%q: %+v", text, i)
		}
	}
}

func TestMissing(t *testing.T) {
	r := both(t).Parse("turn on", "en")
	if best(r) != "switch state=on" || len(r.Intents[0].Missing) != 1 || r.Intents[0].Missing[0].Prompt != "Which device?" {
		t.Errorf("%+v", r)
	}
}

func TestAnswer(t *testing.T) {
	m := both(t)
	for _, c := range []struct{ skill, intent, slot, text, want string }{
		{"org.x.home", "switch", "device", "the lamp", "lamp"},
		{"org.x.home", "switch", "device", "the one with the ventilator please", "ceiling fan"},
		{"org.x.home", "switch", "device", "the raydiator", "radiator"},
		{"org.x.home", "switch", "device", "the moon", ""},
		{"org.x.home", "switch", "state", "i think off", "off"},
		{"org.x.home", "heat", "room", "in the living room", "living room"},
		{"org.x.home", "heat", "degrees", "to twenty two please", "22"},
		{"org.x.lists", "add", "item", "cream cheese", "cream cheese"},
		{"org.x.lists", "add", "item", "some olive oil", "olive oil"},
		{"org.x.lists", "timer", "length", "an hour and a half", "PT1H30M"},
		{"org.x.lists", "timer", "length", "long", ""},
		{"org.x.lists", "timer", "nothing", "an hour", ""},
		{"org.x.lists", "nothing", "length", "an hour", ""},
		{"org.x.home", "timer", "length", "an hour", ""},
		{"org.x.home", "switch", "device", "", ""},
	} {
		f, ok := m.Answer(c.text, "en", c.skill, c.intent, c.slot)
		if f.Value != c.want || ok != (c.want != "") || ok && f.Text != c.text[f.Start:f.End] {
			t.Errorf("%s %q: %+v %v, want %q", c.slot, c.text, f, ok, c.want)
		}
	}
}

func TestWhy(t *testing.T) {
	m := both(t)
	for _, c := range []struct {
		text    string
		stage   Stage
		intent  string
		mention string
	}{
		{"turn on the lights", Exact, "switch", "a template"},
		{"turn on the sealing fan", Exact, "switch", `"sealing fan" taken for "ceiling fan"`},
		{"add peanut butter to my shopping list", Open, "add", "nobody listed"},
		{"turn on the toaster", Slots, "switch", `"toaster" is no device`},
		{"play some music", Slots, "switch", "too little"},
		{"how are you", Intents, "paint", "likelier"},
	} {
		r := m.Parse(c.text, "en")
		if !slices.ContainsFunc(r.Why.Steps, func(s Step) bool {
			return s.Stage == c.stage && s.Intent == c.intent && strings.Contains(s.Said, c.mention)
		}) {
			t.Errorf("%q: nothing of %s says %q: %+v", c.text, c.intent, c.mention, r.Why)
		}
	}
	if r := m.Parse("hello", "de"); !strings.Contains(r.Why.Refused, "language") {
		t.Errorf("%+v", r)
	}
	if r := m.Parse("Turn it 'round", "en"); !slices.Equal(r.Why.Words, []string{"turn", "it", "round"}) {
		t.Errorf("%+v", r.Why)
	}
}

func TestUnusual(t *testing.T) {
	m := both(t)
	for _, text := range []string{
		"", " ", "?", "\x00", "\xff\xfe", "\x1b[", strings.Repeat("a", 2001), strings.Repeat("turn on ", 200), strings.Repeat("the ", 70), "\u200b\u202e",
	} {
		if r := m.Parse(text, "en"); len(r.Intents) > 0 || r.Why.Refused == "" {
			t.Errorf("%.20q: %+v", text, r)
		}
	}
	for _, text := range []string{"打开灯", "включи свет", "أطفئ النور", "💡💡", "ŧüřñ öñ ŧĥé ľíģĥŧ", strings.Repeat("x", 1999)} {
		for _, i := range m.Parse(text, "en").Intents {
			if i.Confidence > 0.3 {
				t.Errorf("%q: %s with %.2f", text, say(i), i.Confidence)
			}
		}
	}
	// As many words as there may be, all of them slots.
	long := "put " + strings.Repeat("on the list ", 20) + "on the list"
	m.Parse(long, "en")
}

// A word that nobody says to an intent makes it doubtful, and more so where the others are
// said to do anything.
func TestStrangeWords(t *testing.T) {
	m := New(Config{})
	err := m.Replace("org.x.volume", []Set{{Language: "en", Intents: []Intent{{Name: "louder", Utterances: []string{
		"turn up the volume", "turn it up", "volume up", "raise the volume", "louder", "make it louder", "turn up the sound", "increase the volume",
	}}}}})
	if err != nil {
		t.Fatal(err)
	}
	sure := func(text string) float64 {
		for _, i := range m.Parse(text, "en").Intents {
			return i.Confidence
		}
		return 0
	}
	for _, text := range []string{"turn up the heating", "turn up the kitchen light", "turn up at my party"} {
		if got := sure(text); got >= 0.3 {
			t.Errorf("%q is louder with %.2f", text, got)
		}
	}
	for _, text := range []string{"could you turn up the volume", "crank up the volume", "turn the volume up now"} {
		if got := sure(text); got < 0.3 {
			t.Errorf("%q is louder with %.2f only", text, got)
		}
	}
}
