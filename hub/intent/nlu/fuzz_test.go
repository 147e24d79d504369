package nlu

import (
	"errors"
	"slices"
	"testing"
	"unicode/utf8"
)

// FuzzParse: whatever is said, slots lie in it, in order, and confidences are some.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"turn on the lights", "remind me to remind me to remind me tomorrow", "add add add to my list list", "set the to the to 5 5 degrees", "on on off off on",
		"put the lamp on the lamp list on the list", "\xffturn\x00on", "打开 the lamp", "what's a hundred and and", "please please um uh please",
	} {
		f.Add(s, "en")
	}
	f.Add("mach das licht an aus", "de")
	m := both(f)
	if err := m.Replace("org.x.german", []Set{german()}); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text, tag string) {
		r := m.Parse(text, tag)
		before := 1.0
		for _, i := range r.Intents {
			if !(i.Confidence > 0) || i.Confidence > before {
				t.Fatalf("%q: %+v", text, r.Intents)
			}
			before = i.Confidence
			sound(t, text, i.Slots)
		}
		sound(t, text, m.Slots(text, tag, "org.x.home", "switch"))
		if a, ok := m.Answer(text, tag, "org.x.lists", "add", "item"); ok {
			sound(t, text, []Filled{a})
		}
	})
}

func sound(t *testing.T, text string, slots []Filled) {
	t.Helper()
	at := 0
	for _, s := range slots {
		if s.Start < at || s.End <= s.Start || s.End > len(text) || text[s.Start:s.End] != s.Text || s.Value == "" || s.Name == "" {
			t.Fatalf("%q: %+v", text, slots)
		}
		at = s.End
	}
}

// FuzzCheck: whatever is registered is refused with a reason, or understood as it is
// written.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{"turn {a} on", "[a](sample) is ($b)", "{a}{b}", "\\{a} {a}", "'s {a} 's", "{a} twenty {b} five", "a{a}b"} {
		f.Add(s, "red {b}", "blue")
	}
	f.Add("{a}", "{a}", "{b}")
	f.Fuzz(func(t *testing.T, utterance, a, b string) {
		s := Set{
			Language: "en",
			Intents:  []Intent{{Name: "i", Utterances: []string{utterance}, Slots: []Slot{{Name: "a", Entity: "a"}, {Name: "b", Entity: "b"}}}},
			Entities: []Entity{{Name: "a", Values: values(a)}, {Name: "b", Strict: true, Values: values(b)}},
		}
		var invalid *Invalid
		c, err := compile("", s)
		if err != nil {
			if !errors.As(err, &invalid) || invalid.Reason == "" {
				t.Fatalf("%v", err)
			}
			return
		}
		slots := slices.ContainsFunc(c.intents[0].patterns[0], func(e element) bool { return e.word == "" })
		if slots || !utf8.ValidString(utterance) || len(c.intents[0].patterns[0]) == 0 {
			return
		}
		m := New(Config{Now: clock})
		if err := m.Replace("x", []Set{s}); err != nil {
			t.Fatal(err)
		}
		text := c.intents[0].utterances[0][0].Text
		if r := m.Parse(text, "en"); len(r.Intents) == 0 || r.Intents[0].Confidence != 1 {
			t.Errorf("%q is registered, and is %+v", text, r)
		}
	})
}
