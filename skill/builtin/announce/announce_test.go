package announce

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	diff "github.com/google/go-cmp/cmp"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"go.uber.org/goleak"

	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/skilltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clients are satellites, id and name by turns.
func clients(all ...string) vap.Capability {
	list := []any{}
	for i := 0; i < len(all); i += 2 {
		list = append(list, map[string]any{"id": all[i], "name": all[i+1], "connected": true})
	}
	return vap.Capability{Name: vap.AskClients, Fields: map[string]any{"clients": list}}
}

func TestAnnounce(t *testing.T) {
	house := []string{"k", "Kitchen", "h", "The Hall!", "a", "Attic"}
	for name, c := range map[string]struct {
		all            []string
		client         string
		message, place string
		by             string
		say            string
		told           []string // clients and what they say, by turns
	}{
		"all":              {house, "k", "dinner is ready", "", "", "Announced.", []string{"h", "Dinner is ready."}},
		"everyone":         {house, "k", "dinner is ready.", "everyone", "", "Announced.", []string{"h", "Dinner is ready."}},
		"one":              {house, "k", "come here!", "hall", "", "Announced.", []string{"h", "Come here!"}},
		"from outside":     {[]string{"h", "Hall", "k", "Kitchen"}, "", "hello", "", "", "Announced.", []string{"h", "Hello.", "k", "Hello."}},
		"here":             {house, "k", "where are you?", "kitchen", "", "Where are you?", nil},
		"by somebody":      {house, "k", "i am home", "hall", "Anna", "Announced.", []string{"h", "Anna says: i am home."}},
		"away":             {house, "k", "hello", "attic", "", "The attic could not be reached.", nil},
		"alone":            {house[:2], "k", "dinner is ready", "", "", "Dinner is ready. Nobody else is here.", nil},
		"nowhere":          {house, "k", "hello", "garage", "", "There is no satellite called garage.", nil},
		"nothing":          {house, "k", " . ", "hall", "", "What shall I announce?", nil},
		"two of that name": {[]string{"h", "hall", "h2", "hall"}, "k", "hello", "hall", "", "Announced.", []string{"h", "Hello.", "h2", "Hello."}},
	} {
		t.Run(name, func(t *testing.T) {
			hub := skilltest.Start(t, New)
			hub.Know(vap.System, clients(c.all...))
			hub.Refuse("a", codes.NotFound)
			r := skill.Request{Intent: "announce", Client: c.client, Slots: map[string]string{"message": c.message}, Speaker: c.by, Confidence: 0.8}
			if c.place != "" {
				r.Slots["place"] = c.place
			}
			a, err := hub.Ask(r)
			want := c.say
			if name == "all" || name == "everyone" {
				want = "The attic could not be reached."
			}
			if err != nil || a.Say != want || a.Ask != (name == "nothing") {
				t.Errorf("%+v, %v, want %q", a, err, want)
			}
			told := hub.Told()
			slices.SortFunc(told, func(a, b skilltest.Told) int { return cmp.Compare(a.Client, b.Client) })
			var got []string
			for _, n := range told {
				if got = append(got, n.Client, n.Say); !n.Fleeting {
					t.Errorf("%+v waits", n)
				}
			}
			if d := diff.Diff(c.told, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// The hub may take a part of a long message for it.
func TestMessage(t *testing.T) {
	hub := skilltest.Start(t, New)
	hub.Know(vap.System, clients("k", "Kitchen", "l", "Living Room"))
	if _, err := hub.Happen(skill.Request{Event: vap.EventStarted}); err != nil {
		t.Fatal(err)
	}
	for input, want := range map[string]string{
		"announce that the cat has escaped through the window":      "The cat has escaped through the window.",
		"Announce the cat has escaped.":                             "The cat has escaped.",
		"Please tell everybody, we meet at the car!":                "We meet at the car!",
		"can you tell the living room that dinner is served":        "Dinner is served.",
		"let everyone know that the plumber is here":                "The plumber is here.",
		"let the kitchen know I am in the garden":                   "I am in the garden.",
		"announce tea is in the pot in the living room":             "Tea is in the pot.",
		"announce the soup is cold to the whole house":              "The soup is cold.",
		"announce in the kitchen that he walks to the kitchen door": "He walks to the kitchen door.",
		"tell grandma that we come":                                 "Slot.", // no place
		"everybody should hear that":                                "Slot.",
		"announce":                                                  "Slot.",
		"":                                                          "Slot.",
	} {
		a, err := hub.Ask(skill.Request{Intent: "announce", Client: "k", Input: input, Slots: map[string]string{"message": "slot", "place": "kitchen"}})
		if err != nil || a.Say != want {
			t.Errorf("%q: %q, %v, want %q", input, a.Say, err, want)
		}
	}
}

// Whatever is said, the message is a part of it.
func FuzzBehind(f *testing.F) {
	s := &announce{Skill: New(skill.State(f.TempDir())), learnt: []string{"kitchen"}}
	for _, text := range []string{"announce", "tell the", "let everyone know", "tell the kitchen that that", "announce in the kitchen in the kitchen", "\xff to"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := s.behind(text); !strings.Contains(strings.Join(strings.Fields(text), " "), got) {
			t.Errorf("%q: %q", text, got)
		}
	})
}

// The names of satellites are learnt, once each, and only those that can be said.
func TestLearn(t *testing.T) {
	hub := skilltest.Start(t, New)
	hub.Know(vap.System, clients())
	registered := hub.Learnt()
	learns := func(event string) (names []string) {
		t.Helper()
		if _, err := hub.Happen(skill.Request{Event: event}); err != nil {
			t.Error(err)
		}
		for _, e := range hub.Learnt()[0].Entities {
			for _, v := range e.Values {
				if e.Name == places {
					names = append(names, v.Value)
				}
			}
		}
		return names
	}
	if got := learns(vap.EventStarted); !slices.Equal(got, []string{everyone}) {
		t.Errorf("%q", got)
	}
	hub.Know(vap.System, clients("b", "Bath {room} [2]", "k", "The Kitchen", "k2", "kitchen", "x", "???", "e", "Everyone", "", "no id"))
	if got := learns(vap.EventClientJoined); !slices.Equal(got, []string{everyone, "bath room 2", "kitchen"}) {
		t.Errorf("%q", got)
	}
	hub.Know(vap.System, clients("k", "Kitchen"))
	if got := learns(vap.EventClientLeft); !slices.Equal(got, []string{everyone, "kitchen"}) {
		t.Errorf("%q", got)
	}
	if got := registered[0].Entities; len(got) != 2 || len(got[1].Values) != 1 {
		t.Errorf("the manifest itself is changed: %+v", got)
	}
}

// A hub that does not tell of its satellites is an error.
func TestNoHub(t *testing.T) {
	hub := skilltest.Start(t, New)
	if _, err := hub.Ask(skill.Request{Intent: "announce", Slots: map[string]string{"message": "hello"}}); err == nil {
		t.Error("announced to nobody")
	}
	if _, err := hub.Happen(skill.Request{Event: vap.EventStarted}); err == nil {
		t.Error("nothing is learnt, and all is well")
	}
}
