package vap

import (
	"encoding/hex"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/tinylib/msgp/msgp"

	"vapd/internal/sharedtest"
)

// A message as the reference implementation's structs write it: as a map, as an array, and
// what it is. Where vapd writes more or otherwise the golden bytes are decoded alone.
type skillGolden struct {
	name         string
	named, array string
	onlyDecoded  bool
	decode       func([]byte) (any, error)
	encode       func(Form) []byte
	want         any
}

func golden[M any](name, named, array string, want M, appendTo func([]byte, Form, M) []byte, parse func([]byte) (M, error)) skillGolden {
	return skillGolden{
		name: name, named: named, array: array, want: want,
		decode: func(b []byte) (any, error) { return parse(b) },
		encode: func(f Form) []byte { return appendTo(nil, f, want) },
	}
}

func skillGoldens() []skillGolden {
	text := []Capability{TextCapability(CapText, "hi")}
	b := "b"
	request := golden(
		"MsgSkillRequest",
		"83aa726571756573745f696407a6636c69656e7482a873797374656d4964a26331ac6361706162696c69746965739182a46e616d65a5766f696365a776657273696f6e01a77265717565737484a474797065a6696e74656e74a6696e74656e74a568656c6c6fa66c6f63616c65a5656e2d5553a5736c6f74739282a46e616d65a161a576616c7565a16282a46e616d65a163a576616c7565c0",
		"930792a263319192a5766f6963650194a6696e74656e74a568656c6c6fa5656e2d55539292a161a16292a163c0",
		SkillRequest{
			ID: 7, Client: "c1", Offers: []Offer{{Name: "voice", Version: 1}}, Type: RequestIntent, Intent: "hello",
			Locale: Language{Country: "US", Language: "en"}, Slots: []SlotValue{{"a", &b}, {"c", nil}},
		}, AppendSkillRequest, ParseSkillRequest,
	)
	request.onlyDecoded = true
	return []skillGolden{
		golden(
			"MsgConnectResponse",
			"81a56c616e67739183a7636f756e747279a25553a86c616e6775616765a2656ea56578747261c0", "919193a25553a2656ec0",
			SkillConnected{Langs: []Language{{Country: "US", Language: "en"}}}, AppendSkillConnected, ParseSkillConnected,
		),
		request,
		golden(
			"Notif requested",
			"82a7736b696c6c4964a173a4646174619183a474797065a9726571756573746564a972657175657374496407ac6361706162696c69746965739182a46e616d65a474657874a474657874a26869",
			"92a1739193a9726571756573746564079182a46e616d65a474657874a474657874a26869",
			SkillNotification{"s", []NotificationItem{{Type: ItemRequested, RequestID: 7, Capabilities: text}}},
			AppendSkillNotification, ParseSkillNotification,
		),
		golden(
			"Notif standalone",
			"82a7736b696c6c4964a173a4646174619183a474797065aa7374616e64616c6f6e65a8636c69656e744964aa7661702e53595354454dac6361706162696c69746965739182a46e616d65a474657874a474657874a26869",
			"92a1739193aa7374616e64616c6f6e65aa7661702e53595354454d9182a46e616d65a474657874a474657874a26869",
			SkillNotification{"s", []NotificationItem{{Type: ItemStandalone, ClientID: System, Capabilities: text}}},
			AppendSkillNotification, ParseSkillNotification,
		),
		golden(
			"Notif canYouAnswer",
			"82a7736b696c6c4964a173a4646174619183a474797065ac63616e596f75416e73776572a972657175657374496407aa636f6e666964656e6365ca3f000000",
			"92a1739193ac63616e596f75416e7377657207ca3f000000",
			SkillNotification{"s", []NotificationItem{{Type: RequestCanYouAnswer, RequestID: 7, Confidence: 0.5}}},
			AppendSkillNotification, ParseSkillNotification,
		),
		golden(
			"NotifResp",
			"81a4646174619183a474797065a9726571756573746564a972657175657374496407a4636f6465cccd", "919193a972657175657374656407cccd",
			SkillNotified{[]ItemResult{{Type: ItemRequested, RequestID: 7, Code: codes.Content}}}, AppendSkillNotified, ParseSkillNotified,
		),
		golden(
			"Query",
			"82a7736b696c6c4964a173a4646174619182a8636c69656e744964a163ac6361706162696c69746965739182a46e616d65a474657874a474657874a26869",
			"92a1739192a1639182a46e616d65a474657874a474657874a26869",
			Query{"s", []ClientQuery{{"c", text}}}, AppendQuery, ParseQuery,
		),
		golden(
			"QueryResp",
			"81a4646174619182a8636c69656e744964a163ac6361706162696c69746965739183a46e616d65ab707265666572656e636573a4636f6465cccda5636f6c6f72a3726564",
			"919192a1639183a46e616d65ab707265666572656e636573a4636f6465cccda5636f6c6f72a3726564",
			QueryAnswer{[]ClientAnswer{{"c", []QueryResult{QueryContent(Capability{Name: "preferences", Fields: map[string]any{"color": "red"}})}}}},
			AppendQueryAnswer, ParseQueryAnswer,
		),
		golden("RegisterIntentsResponse", "80", "90", IntentsRegistered{}, AppendIntentsRegistered, ParseIntentsRegistered),
		golden(
			"RegisterIntents",
			"82a7736b696c6c4964a173a76e6c75446174619183a86c616e677561676583a7636f756e747279a25553a86c616e6775616765a2656ea56578747261c0a7696e74656e74739183a46e616d65a568656c6c6faa7574746572616e6365739181a474657874a26869a5736c6f74739182a46e616d65a16ea6656e74697479a165a8656e7469746965739183a46e616d65a165a6737472696374c3a4646174619182a576616c7565a176a873796e6f6e796d7391a177",
			"92a173919393a25553a2656ec09193a568656c6c6f9191a268699192a16ea1659193a165c39192a17691a177",
			RegisterIntents{SkillID: "s", NLU: []NLU{{
				Language: Language{Country: "US", Language: "en"},
				Intents:  []Intent{{Name: "hello", Utterances: []string{"hi"}, Slots: []Slot{{Name: "n", Entity: "e"}}}},
				Entities: []Entity{{Name: "e", Strict: true, Values: []EntityValue{{"v", []string{"w"}}}}},
			}}}, AppendRegisterIntents, ParseRegisterIntents,
		),
	}
}

func TestSkillGolden(t *testing.T) {
	for _, g := range skillGoldens() {
		t.Run(g.name, func(t *testing.T) {
			for form, want := range map[Form]string{Named: g.named, ReferencePython: g.array} {
				got, err := g.decode(fromHex(t, want))
				if err != nil || !reflect.DeepEqual(got, g.want) {
					t.Errorf("decoded %s as %+v, %v", want, got, err)
				}
				if b := hex.EncodeToString(g.encode(form)); b != want && !g.onlyDecoded {
					t.Errorf("encoded in form %d as\n%s, want\n%s", form, b, want)
				}
			}
		})
	}
}

// Every line of the reference data about the skill registry is one of the golden vectors.
func TestSkillGoldenFile(t *testing.T) {
	data, err := os.ReadFile(sharedtest.Path(t, "golden", "vap", "vectors.txt"))
	if err != nil {
		t.Fatal(err)
	}
	goldens := skillGoldens()
	found := 0
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) < 3 || f[0] == "DEC" {
			continue
		}
		name, form, want := strings.Join(f[:len(f)-2], " "), f[len(f)-2], f[len(f)-1]
		for _, g := range goldens {
			if g.name == name {
				if (form == "to_vec" && g.array != want) || (form == "to_vec_named" && g.named != want) {
					t.Errorf("%s is another than in the test", strings.TrimSpace(line))
				}
				found++
			}
		}
	}
	if found != 2*len(goldens) {
		t.Errorf("%d lines for %d messages", found, len(goldens))
	}
}

// What the skill in Python reads: the array of the reference, with {0: nil} for "intent".
func TestRequestForThePythonSkill(t *testing.T) {
	g := skillGoldens()[1]
	for name, tag := range map[string]string{RequestIntent: "8100c0", RequestEvent: "8101c0", RequestCanYouAnswer: "8102c0"} {
		m := g.want.(SkillRequest)
		m.Type = name
		m.Input = "what the array has no place for"
		want := strings.Replace(g.array, "a6696e74656e74", tag, 1)
		if got := hex.EncodeToString(AppendSkillRequest(nil, ReferencePython, m)); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// Both names of a request's id are sent, and its type as text.
func TestRequestNamesBothIDs(t *testing.T) {
	d := decoder{b: AppendSkillRequest(nil, Named, SkillRequest{ID: 9, SkillID: "s", Type: RequestEvent, Event: "started"})}
	m, _ := d.value(0).(map[string]any)
	request, _ := m["request"].(map[string]any)
	if d.end() != nil || m["request_id"] != int64(9) || m["requestId"] != int64(9) || m["skillId"] != "s" ||
		request["type"] != "event" || request["event"] != "started" || request["intent"] != "started" {
		t.Errorf("%v", m)
	}
}

func TestTags(t *testing.T) {
	for _, test := range []struct{ hex, want string }{
		{"a6696e74656e74", RequestIntent},
		{"00", RequestIntent},
		{"01", RequestEvent},
		{"8100c0", RequestIntent},
		{"8102c0", RequestCanYouAnswer},
		{"a963616e416e73776572", RequestCanYouAnswer},
		{"ac63616e596f75416e73776572", RequestCanYouAnswer},
		{"a6696e74656e7a", ""}, // another word
		{"03", ""},
		{"ff", ""},
		{"8103c0", ""},
		{"8100c3", ""},
		{"8200c001c0", ""},
		{"80", ""},
		{"c3", ""},
	} {
		d := decoder{b: fromHex(t, test.hex)}
		got := d.tag(requestTypes())
		if err := d.end(); (err == nil) != (test.want != "") || err == nil && got != test.want {
			t.Errorf("%s: %q, %v, want %q", test.hex, got, err, test.want)
		}
	}
}

func TestSkillParseErrors(t *testing.T) {
	register := func(b []byte) error { _, err := ParseRegisterIntents(b); return err }
	notify := func(b []byte) error { _, err := ParseSkillNotification(b); return err }
	query := func(b []byte) error { _, err := ParseQuery(b); return err }
	request := func(b []byte) error { _, err := ParseSkillRequest(b); return err }
	closing := func(b []byte) error { _, err := ParseSkillClose(b); return err }
	type m = map[string]any
	item := func(fields m) []byte { return pack("skillId", "s", "data", []any{fields}) }
	set := func(fields m) []byte {
		if fields["language"] == nil {
			fields["language"] = "en"
		}
		return pack("skillId", "s", "nluData", []any{fields})
	}
	none := []any{}
	many := func(n int, one any) []any {
		all := make([]any, n)
		for i := range all {
			all[i] = one
		}
		return all
	}
	long := strings.Repeat("x", maxTextBytes+1)
	const bad, lacks, large = codes.BadRequest, codes.RequestEntityIncomplete, codes.RequestEntityTooLarge
	for _, test := range []struct {
		name   string
		parse  func([]byte) error
		body   []byte
		code   codes.Code // 0: no error
		object string
	}{
		{"registration of nothing", register, nil, bad, ""},
		{"registration without skillId", register, pack("nluData", none), lacks, "skillId"},
		{"registration without nluData", register, pack("skillId", "s"), lacks, "nluData"},
		{"registration of no language", register, pack("skillId", "s", "nluData", none), 0, ""},
		{"registration without language", register, pack("skillId", "s", "nluData", []any{m{"intents": none}}), lacks, "language"},
		{"language as text", register, set(m{}), 0, ""},
		{"language without a language", register, set(m{"language": m{"country": "US"}}), bad, "language"},
		{"language that is none", register, set(m{"language": "no language"}), bad, "language"},
		{"language with a country that is none", register, set(m{"language": m{"language": "en", "country": "USA"}}), bad, "language"},
		{"intent without name", register, set(m{"intents": []any{m{}}}), lacks, "name"},
		{"utterance without text", register, set(m{"intents": []any{m{"name": "i", "utterances": []any{m{}}}}}), lacks, "text"},
		{"utterance too long", register, set(m{"intents": []any{m{"name": "i", "utterances": []any{m{"text": long}}}}}), large, "text"},
		{"slot without entity", register, set(m{"intents": []any{m{"name": "i", "slots": []any{m{"name": "s"}}}}}), lacks, "entity"},
		{"too many slots", register, set(m{"intents": []any{m{"name": "i", "slots": many(maxSlots+1, m{"name": "s", "entity": "e"})}}}), large, "slots"},
		{"too many intents", register, set(m{"intents": many(maxIntents+1, m{"name": "i"})}), large, "intents"},
		{"too many entities", register, set(m{"entities": many(maxEntities+1, m{"name": "e"})}), large, "entities"},
		{"too many synonyms", register, set(m{"entities": []any{m{"name": "e", "data": []any{m{"value": "v", "synonyms": many(maxSynonyms+1, "w")}}}}}), large, "synonyms"},
		{"too many languages", register, pack("skillId", "s", "nluData", many(maxLanguages+1, m{"language": "en"})), large, "nluData"},
		{"too many events", register, pack("skillId", "s", "nluData", none, "events", many(maxEvents+1, "e")), large, "events"},
		{"too many bytes", register, make([]byte, MaxRegistration+1), large, ""},
		{"an entity without a name", register, set(m{"entities": []any{m{"strict": true, "data": none}}}), 0, ""},

		{"notification without skillId", notify, pack("data", none), lacks, "skillId"},
		{"notification without data", notify, pack("skillId", "s"), lacks, "data"},
		{"notification of nothing", notify, pack("skillId", "s", "data", none), 0, ""},
		{"item without type", notify, item(m{"requestId": 1}), lacks, "type"},
		{"item of another type", notify, item(m{"type": "other"}), bad, "type"},
		{"requested without id", notify, item(m{"type": "requested", "capabilities": none}), lacks, "requestId"},
		{"requested without capabilities", notify, item(m{"type": "requested", "requestId": 1}), lacks, "capabilities"},
		{"requested with request_id", notify, item(m{"type": "requested", "request_id": 1, "capabilities": none}), 0, ""},
		{"requested with its id as text", notify, item(m{"type": "requested", "requestId": "18446744073709551615", "capabilities": none}), 0, ""},
		{"requested with an id that is no number", notify, item(m{"type": "requested", "requestId": "x", "capabilities": none}), bad, "requestId"},
		{"requested with a code that is none", notify, item(m{"type": "requested", "requestId": 1, "capabilities": none, "code": 299}), bad, "code"},
		{"one capability instead of a list", notify, item(m{"type": "requested", "requestId": 1, "capabilities": m{"name": "text"}}), 0, ""},
		{"standalone without client", notify, item(m{"type": "standalone", "capabilities": none}), lacks, "clientId"},
		{"canYouAnswer without confidence", notify, item(m{"type": "canYouAnswer", "requestId": 1}), lacks, "confidence"},
		{"canYouAnswer that is too sure", notify, item(m{"type": "canYouAnswer", "requestId": 1, "confidence": 1.5}), bad, "confidence"},
		{"canYouAnswer that is entirely sure", notify, item(m{"type": "canYouAnswer", "requestId": 1, "confidence": 1}), 0, ""},
		{"too many items", notify, pack("skillId", "s", "data", many(maxItems+1, m{"type": "canYouAnswer", "requestId": 1, "confidence": 1})), large, "data"},

		{"query without skillId", query, pack("data", none), lacks, "skillId"},
		{"query of no client", query, pack("skillId", "s", "data", []any{m{"capabilities": none}}), lacks, "clientId"},
		{"query of nothing", query, pack("skillId", "s", "data", []any{m{"clientId": "c"}}), lacks, "capabilities"},
		{"query of too much", query, pack("skillId", "s", "data", []any{m{"clientId": "c", "capabilities": many(maxAsked+1, m{"name": "x"})}}), large, "data"},

		{"request without id", request, pack("request", m{"type": "intent"}), lacks, "requestId"},
		{"request without type", request, pack("requestId", 1, "request", m{}), lacks, "type"},
		{"request of nothing", request, pack("requestId", 1), lacks, "request"},
		{"request with a language for its locale", request, pack("requestId", 1, "request", m{"type": 0, "locale": m{"language": "en"}}), 0, ""},
		{"close of nothing", closing, pack(), lacks, "skillId"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.parse(test.body)
			if test.code == 0 {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var e *Error
			if !errors.As(err, &e) || e.Code != test.code || e.Object != test.object {
				t.Fatalf("got %v, want %v %q", err, test.code, test.object)
			}
		})
	}
}

// A registration of a thousand utterances and more is ordinary.
func TestLargeRegistration(t *testing.T) {
	m := RegisterIntents{SkillID: "s", NLU: []NLU{{Language: Language{Language: "en"}, Intents: []Intent{{Name: "i"}}}}}
	for range 20000 {
		m.NLU[0].Intents[0].Utterances = append(m.NLU[0].Intents[0].Utterances, "turn the {thing} in the {room} on")
	}
	b := AppendRegisterIntents(nil, Named, m)
	got, err := ParseRegisterIntents(b)
	if err != nil || !reflect.DeepEqual(got, m) {
		t.Errorf("%d bytes: %v", len(b), err)
	}
}

// One message can't make the hub allocate much more than it allows.
func TestRegistrationIsBounded(t *testing.T) {
	list := msgp.AppendArrayHeader(nil, 1<<20-40)
	for name, body := range map[string]string{
		"utterances": "92a173919393c0a2656ec09193a16991",     // then lists within
		"languages":  "92a17391",                             // likewise
		"events":     "83a7736b696c6c4964a173a66576656e7473", // then a list that is too long
	} {
		b := append(fromHex(t, body), list...)
		b = append(b, make([]byte, MaxRegistration-len(b))...)
		if n := testing.AllocsPerRun(1, func() { _, _ = ParseRegisterIntents(b) }); n > 100 {
			t.Errorf("%s: %v allocations", name, n)
		}
		if _, err := ParseRegisterIntents(b); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// A time to live below a second is none of the hub's choice.
func TestShortTTL(t *testing.T) {
	for in, want := range map[time.Duration]time.Duration{
		0: 0, time.Millisecond: time.Second, time.Second: time.Second, 1500 * time.Millisecond: 2 * time.Second,
	} {
		i := Standalone("kitchen")
		i.TTL = in
		m, err := ParseSkillNotification(AppendSkillNotification(nil, Named, SkillNotification{SkillID: "org.example.radio", Items: []NotificationItem{i}}))
		if err != nil || m.Items[0].TTL != want {
			t.Errorf("%v: %v, %v", in, m.Items, err)
		}
	}
}
