package skill

import (
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"vapd/protocol/vap"
)

const lights = `
name = "Lights"

[intents.switch]
utterances = ["turn the {lamp} {state}", "turn {state} the {lamp}"]
slots.lamp = {entity = "lamp", required = true, prompt = "Which one?", reprompt = "Which lamp?"}
slots.state.entity = "on_off"

[entities.lamp]
strict = true
values = [["ceiling light", "big light"], ["lamp"]]
`

func files(of map[string]string) fstest.MapFS {
	fs := make(fstest.MapFS)
	for name, data := range of {
		fs[name] = &fstest.MapFile{Data: []byte(data)}
	}
	return fs
}

func TestReadManifest(t *testing.T) {
	m, err := ReadManifest(files(map[string]string{
		"en.toml": lights, "readme.txt": "not one of them",
		"deutsch.json": `{"language": "de-AT", "intents": {"switch": {"utterances": ["mach das licht an"]}}}`,
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := Manifest{Name: "Lights", NLU: []vap.NLU{
		{
			Language: vap.Language{Language: "de", Country: "AT"},
			Intents:  []vap.Intent{{Name: "switch", Utterances: []string{"mach das licht an"}}},
		},
		{
			Language: vap.Language{Language: "en"},
			Intents: []vap.Intent{{
				Name: "switch", Utterances: []string{"turn the {lamp} {state}", "turn {state} the {lamp}"},
				Slots: []vap.Slot{
					{Name: "lamp", Entity: "lamp", Required: true, Prompt: "Which one?", Reprompt: "Which lamp?"},
					{Name: "state", Entity: "on_off"},
				},
			}},
			Entities: []vap.Entity{{Name: "lamp", Strict: true, Values: []vap.EntityValue{
				{Value: "ceiling light", Synonyms: []string{"big light"}}, {Value: "lamp", Synonyms: []string{}},
			}}},
		},
	}}
	if !reflect.DeepEqual(m, want) {
		t.Errorf("%+v", m)
	}
}

func TestManifestErrors(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"none":             {map[string]string{"readme.md": ""}, "no file of a language"},
		"not TOML":         {map[string]string{"en.toml": "intents"}, "manifest en.toml: "},
		"unknown key":      {map[string]string{"en.toml": "[intents.a]\nutterance = [\"b\"]"}, "utterance"},
		"unknown JSON key": {map[string]string{"en.json": `{"intent": {}}`}, `unknown field "intent"`},
		"no language":      {map[string]string{"e.toml": lights}, "want a tag of BCP 47"},
		"no intents":       {map[string]string{"en.toml": `name = "a"`}, "has no intents"},
		"no utterances":    {map[string]string{"en.toml": "[intents.a]"}, `"a" has no utterances`},
		"no entity":        {map[string]string{"en.toml": "[intents.a]\nutterances = [\"b {c}\"]\nslots.c.required = true"}, `slot "c" of "a" names no entity`},
		"empty value":      {map[string]string{"en.toml": lights + "[entities.room]\nvalues = [[]]"}, `entity "room" has no words`},
		"twice":            {map[string]string{"en.toml": lights, "en.json": `{"intents": {"a": {"utterances": ["b"]}}}`}, "en has another file"},
	} {
		if _, err := ReadManifest(files(c.files)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Fuzz(func(t *testing.T, isJSON bool, data []byte) {
		ext := ".toml"
		if isJSON {
			ext = ".json"
		}
		m := new(Manifest)
		if m.add("en", ext, data) == nil && (len(m.NLU) != 1 || len(m.NLU[0].Intents) == 0) {
			t.Errorf("%+v", m)
		}
	})
}

func TestACopyOfAManifestSharesNothing(t *testing.T) {
	read := func() Manifest {
		m, err := ReadManifest(files(map[string]string{"en.toml": lights}))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := read()
	n := &m.clone().NLU[0]
	n.Intents[0].Utterances[0], n.Intents[0].Slots[0].Entity = "", ""
	n.Entities[0].Values[0].Synonyms[0], n.Entities[0].Values[1].Value = "", ""
	n.Intents[0].Name, n.Entities[0].Name, n.Language = "", "", vap.Language{}
	if !reflect.DeepEqual(m, read()) {
		t.Errorf("the original has changed: %+v", m)
	}
}
