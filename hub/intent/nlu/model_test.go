package nlu

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
)

// Two skills that can do the same are both named, and neither is a reason against the
// other.
func TestTwoSkillsWithOneIntent(t *testing.T) {
	other := Set{
		Language: "en",
		Intents: []Intent{{
			Name: "switch", Utterances: []string{"turn {state} the {thing}", "turn the {thing} {state}"},
			Slots: []Slot{{Name: "state", Entity: "on_off"}, {Name: "thing", Entity: "thing"}},
		}},
		Entities: []Entity{{Name: "thing", Strict: true, Values: values("lamp", "pump")}},
	}
	m := model(t, map[string]Set{"org.x.home": home(), "org.x.garden": other})
	for text, want := range map[string][]string{
		"turn on the lamp":                  {"org.x.garden switch state=on thing=lamp", "org.x.home switch state=on device=lamp"},
		"turn on the pump":                  {"org.x.garden switch state=on thing=pump"},
		"could you please turn on the lamp": {"org.x.garden switch state=on thing=lamp", "org.x.home switch state=on device=lamp"},
	} {
		r := m.Parse(text, "en")
		for _, w := range want {
			found := false
			for _, i := range r.Intents {
				found = found || i.Skill+" "+say(i) == w && i.Confidence > 0.3
			}
			if !found {
				t.Errorf("%q: no %q in %+v", text, w, r.Intents)
			}
		}
	}
}

func german() Set {
	return Set{
		Language: "de",
		Intents: []Intent{
			{
				Name: "switch", Utterances: []string{"schalte das {device} {state}", "mach das {device} {state}", "{device} {state}"},
				Slots: []Slot{{Name: "device", Entity: "device"}, {Name: "state", Entity: "state"}},
			},
			{
				Name: "volume", Utterances: []string{"stelle die Lautstärke auf {level}", "Lautstärke {level}"},
				Slots: []Slot{{Name: "level", Entity: "percentage"}},
			},
		},
		Entities: []Entity{
			{Name: "device", Strict: true, Values: []Value{{Value: "licht", Synonyms: []string{"Lampe"}}, {Value: "radio"}}},
			{Name: "state", Strict: true, Values: []Value{{Value: "on", Synonyms: []string{"an", "ein"}}, {Value: "off", Synonyms: []string{"aus"}}}},
		},
	}
}

func TestLanguages(t *testing.T) {
	french := Set{
		Language: "fr-FR",
		Intents: []Intent{{
			Name: "switch", Utterances: []string{"allume {device}", "éteins {device}"},
			Slots: []Slot{{Name: "device", Entity: "device"}},
		}},
		Entities: []Entity{{Name: "device", Values: values("l'éclairage", "la radio")}},
	}
	chinese := Set{
		Language: "zh-Hans-CN",
		Intents: []Intent{{
			Name: "switch", Utterances: []string{"打开{device}"},
			Slots: []Slot{{Name: "device", Entity: "device"}},
		}},
		Entities: []Entity{{Name: "device", Values: values("灯", "电视")}},
	}
	m := New(Config{Now: clock})
	if err := m.Replace("org.x.home", []Set{home(), german(), french, chinese}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ tag, text, want string }{
		{"en", "turn on the lights", "switch state=on device=lamp"},
		{"EN-us", "turn on the lights", "switch state=on device=lamp"},
		{"de", "Schalte das Licht an!", "switch device=licht state=on"},
		{"de-AT", "mach das Radio aus", "switch device=radio state=off"},
		{"de", "stelle die lautstärke auf 30 %", "volume level=30"},
		{"de", "turn on the lights", ""},
		{"en", "schalte das licht an", ""},
		{"fr", "Allume l’éclairage", "switch device=l'éclairage"},
		{"zh", "打开电视", "switch device=电视"},
		{"ja", "打开电视", ""},
		{"", "turn on the lights", ""},
	} {
		if r := m.Parse(c.text, c.tag); best(r) != c.want {
			t.Errorf("%s %q: %+v, want %q", c.tag, c.text, r, c.want)
		}
	}
	m.Remove("org.x.home")
	if r := m.Parse("Schalte das Licht an!", "de"); len(r.Intents) > 0 {
		t.Errorf("%+v is left", r)
	}
}

// Of two regions the right one counts.
func TestRegions(t *testing.T) {
	set := func(tag, utterance string) Set {
		return Set{Language: tag, Intents: []Intent{{Name: tag, Utterances: []string{utterance, "open the boot"}}}}
	}
	m := New(Config{Now: clock})
	if err := m.Replace("org.x.car", []Set{set("en", "a"), set("en-GB", "b"), set("en-US", "c")}); err != nil {
		t.Fatal(err)
	}
	for tag, want := range map[string]string{"en": "en", "en-GB": "en-GB", "en-US": "en-US", "en-AU": "en", "en-gb-scotland": "en-GB"} {
		if r := m.Parse("open the boot", tag); best(r) != want || len(r.Intents) != 1 {
			t.Errorf("%s: %+v", tag, r)
		}
	}
}

func TestReplaceAndRemove(t *testing.T) {
	m := both(t)
	if err := m.Replace("org.x.home", []Set{{Language: "x"}}); err == nil {
		t.Fatal("no language was accepted")
	}
	if got := best(m.Parse("turn on the lights", "en")); got != "switch state=on device=lamp" {
		t.Errorf("what was refused changed the model: %q", got)
	}
	if err := m.Replace("org.x.home", []Set{german()}); err != nil {
		t.Fatal(err)
	}
	if got := best(m.Parse("turn on the lights", "en")); got != "" {
		t.Errorf("%q is left of what was replaced", got)
	}
	if got := best(m.Parse("10 minute timer", "en")); got != "timer length=PT10M" {
		t.Errorf("another skill is gone: %q", got)
	}
	m.Remove("org.x.lists")
	m.Remove("org.x.nobody")
	if r := m.Parse("10 minute timer", "en"); r.Why.Refused == "" {
		t.Errorf("%+v", r)
	}
}

// The same skills make the same model, whoever comes first.
func TestSameAgain(t *testing.T) {
	texts := []string{"could you turn on the lights in the study", "i would like milk on my list", "who are you", "wake me up in half an hour"}
	var want []Result
	for round := range 3 {
		m := New(Config{Now: clock, Seed: 7})
		skills := []string{"org.x.home", "org.x.lists"}
		if round == 1 {
			skills = []string{"org.x.lists", "org.x.home"}
		}
		for _, s := range skills {
			set := home()
			if s == "org.x.lists" {
				set = lists()
			}
			if err := m.Replace(s, []Set{set}); err != nil {
				t.Fatal(err)
			}
		}
		if round == 2 { // a skill that came and went
			if err := m.Replace("org.x.other", []Set{home()}); err != nil {
				t.Fatal(err)
			}
			m.Remove("org.x.other")
		}
		for i, text := range texts {
			r := m.Parse(text, "en")
			if round == 0 {
				want = append(want, r)
			} else if !reflect.DeepEqual(r, want[i]) {
				t.Errorf("round %d, %q: %+v, want %+v", round, text, r, want[i])
			}
		}
	}
}

// Sentences are understood while skills come and go.
func TestConcurrent(t *testing.T) {
	m := both(t)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for range 50 {
				if got := best(m.Parse("10 minute timer", "en")); got != "timer length=PT10M" {
					t.Errorf("%q", got)
				}
				m.Parse("turn on the lamp please would you", "en")
				m.Answer("the lamp", "en", "org.x.home", "switch", "device")
			}
		})
		all.Go(func() {
			skill := fmt.Sprint("org.x.", i)
			for range 2 {
				if err := m.Replace(skill, []Set{german(), home()}); err != nil {
					t.Error(err)
				}
				m.Remove(skill)
			}
		})
	}
	all.Wait()
}

// When Replace returns, the skill is understood, however many come at once.
func TestManyAtOnce(t *testing.T) {
	m := New(Config{Now: clock})
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			name := fmt.Sprintf("door%c", 'a'+i)
			set := Set{Language: "en", Intents: []Intent{{Name: name, Utterances: []string{"open " + name}}}}
			if err := m.Replace("org.x."+name, []Set{set}); err != nil {
				t.Error(err)
			}
			if got := best(m.Parse("open "+name, "en")); got != name {
				t.Errorf("%q, want %q", got, name)
			}
			if i%2 == 0 {
				m.Remove("org.x." + name)
				if r := m.Parse("open "+name, "en"); best(r) == name {
					t.Errorf("%s is left: %+v", name, r)
				}
			}
		})
	}
	all.Wait()
}

// Slots can be asked for where the intent is known.
func TestSlots(t *testing.T) {
	m := both(t)
	got := m.Slots("the kitchen lights should go off", "en", "org.x.home", "switch")
	if s := say(Match{Slots: got}); s != " room=kitchen device=lamp state=off" {
		t.Errorf("%q", s)
	}
	if got := m.Slots("turn on the lamp", "en", "org.x.home", "nothing"); got != nil {
		t.Errorf("%+v", got)
	}
}
