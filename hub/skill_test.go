package hub

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"vapd/hub/api"
	"vapd/protocol/clientregistry"
	"vapd/protocol/control"
	"vapd/protocol/vap"
	"vapd/skill"
)

const dice = `
name = "Dice"
[intents.roll]
utterances = ["roll the dice", "roll a {sides} sided dice"]
slots.sides.entity = "number"
`

// A skill answers what was said to a satellite, and is told what happens there.
func TestASkillAnswersASatellite(t *testing.T) {
	const id = "org.example.dice"
	h := start(t, "roll a twenty sided dice", nil)
	var mu sync.Mutex
	var events []string
	s := skill.New(id, fstest.MapFS{"en.toml": {Data: []byte(dice)}}, skill.Via(skill.CoAP(h.Addr().String())),
		skill.State(t.TempDir()), skill.Log(slog.New(slog.DiscardHandler)))
	s.Handle("roll", func(_ context.Context, r *skill.Request) (skill.Answer, error) {
		stream := false
		for _, o := range r.Offers {
			stream = stream || o.Name == vap.CapSound && o.Stream
		}
		return skill.Say("%s for %s, %v.", r.Text("sides"), r.Client, stream).With(vap.StopCapability()), nil
	})
	for _, event := range []string{
		vap.EventWake, vap.EventUnrecognized, vap.EventEmpty, vap.EventTimerFinished, vap.EventClientJoined, vap.EventClientLeft,
	} {
		s.On(event, func(_ context.Context, r *skill.Request) (skill.Answer, error) {
			mu.Lock()
			defer mu.Unlock()
			events = append(events, event)
			if r.Client != "org.example.kitchen" {
				t.Errorf("%s at %q", event, r.Client)
			}
			return skill.Answer{}, nil
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	do := func(c api.Command) api.Result {
		t.Helper()
		r, err := h.Do(t.Context(), owner, c)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	until := func(what string, ok func() bool) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("not %s within 20 s", what)
			}
		}
	}
	others := func() []control.HubSkill { // than those within the hub
		return slices.DeleteFunc(do(api.ListSkills{}).([]control.HubSkill), func(s control.HubSkill) bool { return s.State == control.SkillOwn })
	}
	until("connected", func() bool {
		all := others()
		return len(all) == 1 && all[0].ID == id && all[0].Name == "Dice" && all[0].Listening
	})
	told := func(event string) {
		t.Helper()
		until("told of "+event, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return slices.Contains(events, event)
		})
	}
	sat := connect(t, h, "org.example.kitchen")
	told(vap.EventClientJoined)
	ask := func() clientregistry.ClientAnswer {
		t.Helper()
		a, err := say(t, sat.wake(10))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	a := ask()
	if _, stops := vap.Find(a.Capabilities, vap.CapStop); text(a, vap.CapVoice) != "20 for org.example.kitchen, true." || stops {
		t.Errorf("%+v", a)
	}
	told(vap.EventWake)
	do(api.GrantSkill{ID: id, Capabilities: []string{vap.CapStop}, Granted: true})
	if said := do(api.Say{Client: "org.example.kitchen", Text: "roll a six sided dice"}).(control.HubSaid); said.Say != "6 for org.example.kitchen, false." || said.Skill != id || len(said.Why) == 0 {
		t.Errorf("%+v", said)
	}
	for _, ringing := range []bool{false, true, true} {
		timer := vap.TimersCapability([]vap.TimerState{{ID: "1", Label: "eggs", Seconds: 60, Remaining: 1, Ringing: ringing}})
		if err := sat.Notify(t.Context(), timer); err != nil {
			t.Fatal(err)
		}
	}
	told(vap.EventTimerFinished)
	typed := func(sentence string) {
		t.Helper()
		turn := sat.Start(vap.SessionStart{Turn: 1}).Turn(1)
		if err := turn.Send(vap.TextCapability(vap.CapText, sentence)); err != nil {
			t.Fatal(err)
		}
		turn.Finish()
		if _, err := turn.Answer(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	typed("what is the meaning of life")
	told(vap.EventUnrecognized)
	if _, err := s.Query(t.Context(), vap.System, vap.Capability{Name: "clients"}); err != nil {
		t.Error(err)
	}
	do(api.GrantSkill{ID: id, Capabilities: []string{"clients", vap.CapTimer}, Granted: true})
	for client, asked := range map[string]string{vap.System: "clients", "org.example.kitchen": vap.CapTimer} {
		found, err := s.Query(t.Context(), client, vap.Capability{Name: asked})
		if err != nil || len(found) != 1 || found[0].Err() != nil || len(found[0].Fields) == 0 {
			t.Errorf("%s of %s: %+v, %v", asked, client, found, err)
		}
	}
	do(api.ForgetSkill{ID: id})
	if all := others(); len(all) != 0 {
		t.Errorf("%+v", all)
	}
	if said := do(api.Say{Text: "roll the dice"}).(control.HubSaid); said.Understood {
		t.Errorf("%+v", said)
	}
	mu.Lock()
	defer mu.Unlock()
	if all := strings.Join(events, " "); strings.Count(all, vap.EventTimerFinished) != 1 {
		t.Errorf("told of %s", all)
	}
}

// A hub speaks the language of its people, with skills that speak it.
func TestAnotherLanguage(t *testing.T) {
	h := start(t, "w\u00fcrfle mit zwanzig Seiten", func(c *Config) { c.Locales = []string{"de-DE"} })
	files := fstest.MapFS{"de.toml": {Data: []byte("[intents.roll]\nutterances = [\"w\u00fcrfle mit {sides} Seiten\", \"w\u00fcrfle\"]\nslots.sides.entity = \"sides\"\n" +
		"[entities.sides]\nvalues = [[\"20\", \"zwanzig\"]]\n")}}
	s := skill.New("org.example.dice", files, skill.Via(h.Skills().Connect), skill.State(t.TempDir()))
	s.Handle("roll", func(_ context.Context, r *skill.Request) (skill.Answer, error) {
		return skill.Say("%s in %s", r.Text("sides"), r.Locale), nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	sat := connect(t, h, "org.example.kitchen")
	for deadline := time.Now().Add(10 * time.Second); len(h.Skills().Why("w\u00fcrfle", "de").Steps) == 0 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	a, err := say(t, sat.wake(10))
	if err != nil || text(a, vap.CapVoice) != "20 in de-DE" {
		t.Errorf("%+v, %v", a, err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
