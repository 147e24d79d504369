package vap

import (
	"strings"
	"testing"

	"github.com/plgd-dev/go-coap/v3/message/codes"
	"pgregory.net/rapid"
)

func TestLanguage(t *testing.T) {
	for _, test := range []struct {
		tag  string
		want Language
		text string // when it is another than tag
	}{
		{"en", Language{Language: "en"}, ""},
		{"en-US", Language{"US", "en", ""}, ""},
		{"EN-us", Language{"US", "en", ""}, "en-US"},
		{"es-419", Language{"419", "es", ""}, ""},
		{"zh-Hant", Language{"", "zh", "Hant"}, ""},
		{"sr-latn-rs", Language{"RS", "sr", "Latn"}, "sr-Latn-RS"},
		{"ca-ES-valencia", Language{"ES", "ca", "valencia"}, ""},
		{"sl-Latn-IT-nedis", Language{"IT", "sl", "Latn-nedis"}, ""},
		{"de-1996", Language{"", "de", "1996"}, ""},
	} {
		l, err := ParseLanguage(test.tag)
		if err != nil || l != test.want {
			t.Errorf("%s: %+v, %v", test.tag, l, err)
		}
		text := test.text
		if text == "" {
			text = test.tag
		}
		if l.String() != text {
			t.Errorf("%s became %s", test.tag, l)
		}
	}
	for _, tag := range []string{"", "e", "english language", "en_US", "en-", "-US", "en--US", "12", "ä", "en-verylongsubtag", "en-US\n", strings.Repeat("en-", 40) + "en"} {
		if l, err := ParseLanguage(tag); err == nil {
			t.Errorf("%q became %v", tag, l)
		}
	}
}

func sameForms[M any](t *rapid.T, m M, appendTo func([]byte, Form, M) []byte, parse func([]byte) (M, error)) {
	same(t, m, func(b []byte, m M) []byte { return appendTo(b, Named, m) }, parse)
	// The array has less in it; what it has stays.
	b := appendTo(nil, ReferencePython, m)
	got, err := parse(b)
	if err != nil {
		t.Fatalf("%+v as an array: %v", m, err)
	}
	if again := appendTo(nil, ReferencePython, got); string(again) != string(b) {
		t.Fatalf("%x, then %x", b, again)
	}
}

func TestSkillRoundTrip(t *testing.T) {
	language := rapid.Custom(func(t *rapid.T) Language {
		l, err := ParseLanguage(rapid.StringMatching(`[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?(-[a-z]{5,8})?`).Draw(t, "tag"))
		if err != nil {
			t.Fatal(err)
		}
		return l
	})
	name := rapid.StringN(1, 20, -1)
	few := func(g *rapid.Generator[string]) *rapid.Generator[[]string] {
		return rapid.Map(rapid.SliceOfN(g, 0, 4), func(s []string) []string {
			if len(s) == 0 {
				return nil
			}
			return s
		})
	}
	nlu := rapid.Custom(func(t *rapid.T) NLU {
		return NLU{
			Language: language.Draw(t, "language"),
			Intents: []Intent{{
				Name: name.Draw(t, "intent"), Utterances: few(name).Draw(t, "utterances"),
				Slots: []Slot{{name.Draw(t, "slot"), name.Draw(t, "entity"), rapid.Bool().Draw(t, "required"), name.Draw(t, "prompt"), name.Draw(t, "reprompt")}},
			}},
			Entities: []Entity{{Name: name.Draw(t, "name"), Strict: rapid.Bool().Draw(t, "strict"), Values: []EntityValue{{name.Draw(t, "value"), few(name).Draw(t, "synonyms")}}}},
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		id, caps := rapid.Uint64().Draw(t, "id"), genCapabilities(t)
		sameForms(t, SkillConnected{Langs: []Language{language.Draw(t, "lang")}, Token: name.Draw(t, "token"), HubID: name.Draw(t, "hub")}, AppendSkillConnected, ParseSkillConnected)
		sameForms(t, RegisterIntents{SkillID: name.Draw(t, "skill"), NLU: []NLU{nlu.Draw(t, "nlu")}, Events: few(name).Draw(t, "events")}, AppendRegisterIntents, ParseRegisterIntents)
		sameForms(t, IntentsRegistered{Langs: []Language{language.Draw(t, "lang")}}, AppendIntentsRegistered, ParseIntentsRegistered)
		request := SkillRequest{
			ID: id, SkillID: name.Draw(t, "skill"), Client: name.Draw(t, "client"), Offers: genOffers(t),
			Type: rapid.SampledFrom(requestTypes()).Draw(t, "type"), Locale: language.Draw(t, "locale"), Input: name.Draw(t, "input"),
			Slots: []SlotValue{{name.Draw(t, "slot"), nil}}, Capabilities: caps,
		}
		if len(caps) == 0 {
			request.Capabilities = nil
		}
		if request.Type == RequestEvent {
			request.Event = name.Draw(t, "event")
		} else {
			request.Intent = name.Draw(t, "intent")
		}
		sameForms(t, request, AppendSkillRequest, ParseSkillRequest)
		items := []NotificationItem{
			{Type: ItemRequested, RequestID: id, Capabilities: caps, Code: codes.Content, KeepOpen: rapid.Bool().Draw(t, "open")},
			{Type: ItemStandalone, ClientID: name.Draw(t, "to"), Capabilities: caps},
			{Type: RequestCanYouAnswer, RequestID: id, Confidence: rapid.Float32Range(0, 1).Draw(t, "confidence")},
		}
		sameForms(t, SkillNotification{name.Draw(t, "skill"), items}, AppendSkillNotification, ParseSkillNotification)
		sameForms(t, SkillNotified{[]ItemResult{
			{Type: ItemRequested, RequestID: id, Code: codes.BadOption}, {Type: ItemStandalone, ClientID: name.Draw(t, "to"), Code: codes.Changed},
		}}, AppendSkillNotified, ParseSkillNotified)
		sameForms(t, Query{name.Draw(t, "skill"), []ClientQuery{{name.Draw(t, "asked"), caps}}}, AppendQuery, ParseQuery)
		sameForms(t, QueryAnswer{[]ClientAnswer{{name.Draw(t, "asked"), []QueryResult{
			QueryNotFound("led", KindCapability, "led"), QueryIncomplete("timer", "id", "string", ""), QueryUnauthorized("log"),
			QueryContent(Capability{Name: "volume", Fields: map[string]any{"voice": int64(3)}}),
		}}}}, AppendQueryAnswer, ParseQueryAnswer)
		sameForms(t, SkillClose{name.Draw(t, "skill")}, AppendSkillClose, ParseSkillClose)
	})
}

func TestQueryErr(t *testing.T) {
	for _, test := range []struct {
		result QueryResult
		want   string
	}{
		{QueryContent(Capability{Name: "led"}), ""},
		{QueryNotFound("led", KindCapability, "led"), "query of led: vap: 4.04 capability (led)"},
		{QueryIncomplete("timer", "id", "string", "docs"), "query of timer: vap: 4.08 string (id)"},
		{QueryUnauthorized("log"), "query of log: vap: 4.01"},
	} {
		err := test.result.Err()
		if (err == nil) != (test.want == "") || err != nil && err.Error() != test.want {
			t.Errorf("%+v: %v", test.result, err)
		}
	}
}
