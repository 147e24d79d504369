package skillregistry

import (
	"fmt"
	"strings"
	"testing"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/vap"
)

// What may be wrong with a registration.
func TestRegistrationErrors(t *testing.T) {
	intents := func(i ...vap.Intent) vap.NLU { return vap.NLU{Language: english(), Intents: i} }
	says := func(utterance string, slots ...vap.Slot) vap.NLU {
		n := intents(vap.Intent{Name: "i", Utterances: []string{utterance}, Slots: slots})
		n.Entities = []vap.Entity{{Name: "room", Values: []vap.EntityValue{{Value: "kitchen"}}}}
		return n
	}
	entity := func(values ...vap.EntityValue) vap.NLU {
		return vap.NLU{Language: english(), Entities: []vap.Entity{
			{Name: "room", Values: values}, {Name: "lamp", Values: []vap.EntityValue{{Value: "the lamp"}}},
		}}
	}
	room := vap.Slot{Name: "where", Entity: "room"}
	many := vap.Intent{Name: "i"}
	for n := range 1000 {
		many.Utterances = append(many.Utterances, fmt.Sprintf("turn number %d on", n))
	}
	const bad, lacks, large = codes.BadRequest, codes.RequestEntityIncomplete, codes.RequestEntityTooLarge
	for _, test := range []struct {
		name   string
		sets   []vap.NLU
		code   codes.Code // 0: taken
		kind   string
		object string
	}{
		{"nothing", nil, 0, "", ""},
		{"a thousand utterances", []vap.NLU{intents(many)}, 0, "", ""},
		{"a slot", []vap.NLU{says("light in the {where}", room)}, 0, "", ""},
		{"a slot in its other forms", []vap.NLU{says("[where:room](kitchen) ($where) [where](x)", room)}, 0, "", ""},
		{"a slot with an entity of the hub", []vap.NLU{says("{n} lights", vap.Slot{Name: "n", Entity: "number"})}, 0, "", ""},
		{"a slot that no utterance has", []vap.NLU{says("light", room)}, 0, "", ""},
		{"a slot with an entity that nobody defines", []vap.NLU{says("{n} lights", vap.Slot{Name: "n", Entity: "colour"})}, lacks, vap.TypeMissingEntity, "colour"},
		{"an entity of another language", []vap.NLU{says("{where}", room), {
			Language: vap.Language{Language: "de"}, Intents: []vap.Intent{{Name: "i", Slots: []vap.Slot{room}}},
		}}, lacks, vap.TypeMissingEntity, "room"},
		{"an utterance with an entity that nobody defines", []vap.NLU{says("[where:place](there)", room)}, lacks, vap.TypeMissingEntity, "place"},
		{"an utterance with another entity than its slot", []vap.NLU{says("[where:number](5)", room)}, bad, vap.TypeMalformed, "utterance [where:number](5)"},
		{"an utterance with a slot that the intent lacks", []vap.NLU{says("light in the {place}", room)}, lacks, vap.TypeMissingSlot, "place"},
		{"an utterance with half a slot", []vap.NLU{says("light {where", room)}, bad, vap.TypeMalformed, "utterance light {where"},
		{"an utterance of blanks", []vap.NLU{says("  ")}, bad, vap.TypeMalformed, "utterance   "},
		{"an empty entity", []vap.NLU{entity()}, lacks, vap.TypeMissingEntity, "room"},
		{"an entity of blanks", []vap.NLU{entity(vap.EntityValue{Value: " "})}, lacks, vap.TypeMissingEntity, "room"},
		{"an entity that names another", []vap.NLU{entity(vap.EntityValue{Value: "{lamp} corner"})}, 0, "", ""},
		{"an entity that names nobody's", []vap.NLU{entity(vap.EntityValue{Value: "a", Synonyms: []string{"the {floor}"}})}, lacks, vap.TypeMissingEntity, "floor"},
		{"synonyms in a circle", []vap.NLU{entity(
			vap.EntityValue{Value: "A", Synonyms: []string{"x", "b"}}, vap.EntityValue{Value: "b", Synonyms: []string{"c"}}, vap.EntityValue{Value: "c", Synonyms: []string{"a"}},
		)}, lacks, vap.TypeMissingEntity, "room"},
		{"synonyms that meet", []vap.NLU{entity(
			vap.EntityValue{Value: "a", Synonyms: []string{"A", "c", "b"}}, vap.EntityValue{Value: "b", Synonyms: []string{"c"}}, vap.EntityValue{Value: "c"},
		)}, 0, "", ""},
		{"an intent twice", []vap.NLU{intents(vap.Intent{Name: "i"}, vap.Intent{Name: "i"})}, bad, vap.TypeMalformed, "intent i"},
		{"a slot twice", []vap.NLU{says("x", room, room)}, bad, vap.TypeMalformed, "slot where"},
		{"an entity twice", []vap.NLU{{Language: english(), Entities: append(entity(vap.EntityValue{Value: "a"}).Entities, vap.Entity{Name: "lamp"})}}, bad, vap.TypeMalformed, "entity lamp"},
		{"a language twice", []vap.NLU{hello(), hello()}, bad, vap.TypeMalformed, "language en-US"},
		{"a language that is none", []vap.NLU{{Language: vap.Language{Language: "english!"}}}, bad, vap.TypeMalformed, "language"},
		{"a name that moves the cursor", []vap.NLU{intents(vap.Intent{Name: "\x1b[2J"})}, bad, vap.TypeMalformed, "intent \x1b[2J"},
		{"an utterance too long", []vap.NLU{says(strings.Repeat("x", 1025))}, large, vap.TypeTooLarge, "text"},
		{"more than a mebibyte", []vap.NLU{intents(vap.Intent{Name: strings.Repeat("x", vap.MaxRegistration)})}, large, vap.TypeTooLarge, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				var taken *vap.RegisterIntents
				h := newHouse(t, &hub{registered: func(r vap.RegisterIntents) error { taken = &r; return nil }}, func(c *ServerConfig) {
					c.KnowsEntity = func(l vap.Language, name string) bool { return name == "number" && l == english() }
				})
				defer h.close()
				s := h.stranger(skillAddr)
				s.must(s.connect("a"), codes.Created)
				r := s.register(test.sets...)
				if e := vap.ErrorFrom(r); test.code == 0 && e != nil || test.code != 0 && (e == nil || e.Code != test.code || e.Type != test.kind || e.Object != test.object) {
					t.Errorf("got %v %v, want %v %s (%s)", r.Code, e, test.code, test.kind, test.object)
				} else if test.code == lacks && e.DocRef == "" {
					t.Errorf("%v does not say where to read", e)
				}
				if (taken != nil) != (test.code == 0) {
					t.Errorf("the policy got %+v", taken)
				}
			})
		})
	}
}

// Of what a skill registers the hub gets the languages that it speaks, and the skill is
// told which.
func TestLanguagesOfARegistration(t *testing.T) {
	run(t, func(t *testing.T) {
		var taken []vap.RegisterIntents
		h := newHouse(t, &hub{
			connect: func(vap.Connect, bool) (vap.SkillConnected, error) {
				return vap.SkillConnected{Langs: []vap.Language{english(), {Language: "es"}}, Token: "t"}, nil
			},
			registered: func(r vap.RegisterIntents) error { taken = append(taken, r); return nil },
			late:       true,
		})
		defer h.close()
		s := h.stranger(skillAddr)
		m, err := vap.ParseSkillConnected(s.must(s.connect("a"), codes.Created).Body)
		if err != nil || len(m.Langs) != 2 || m.Token != "t" || m.HubID != "hub" {
			t.Errorf("%+v, %v", m, err)
		}
		british, mexican := vap.Language{Language: "en", Country: "GB"}, vap.Language{Language: "es", Country: "MX"}
		body := vap.AppendRegisterIntents(nil, vap.Named, vap.RegisterIntents{
			SkillID: "a", NLU: []vap.NLU{{Language: british}, {Language: vap.Language{Language: "de"}}, {Language: mexican}}, Events: []string{"started"},
		})
		answer, err := vap.ParseIntentsRegistered(s.must(s.post(pathRegister, body), codes.Created).Body)
		if err != nil || len(answer.Langs) != 2 || answer.Langs[0] != british || answer.Langs[1] != mexican {
			t.Errorf("%+v, %v", answer, err)
		}
		if len(taken) != 1 || len(taken[0].NLU) != 2 {
			t.Errorf("%+v", taken)
		}
		if k := h.server.Skills()[0]; !k.Wants("started") || k.Wants("ended") {
			t.Errorf("events %q", k.Events)
		}
	})
}
