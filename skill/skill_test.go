package skill_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/vap"
	"vapd/skill"
)

const dice = `
name = "Dice"
[intents.roll]
utterances = ["roll the dice", "roll a {sides} sided dice"]
slots.sides.entity = "number"
[intents.count]
utterances = ["how often did I roll"]
`

func manifest(text string) fstest.MapFS { return fstest.MapFS{"en-GB.toml": {Data: []byte(text)}} }

// running is a skill that runs; stop ends it.
func running(t *testing.T, s *skill.Skill) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop = func() error {
		cancel()
		err := <-done
		done <- nil
		return err
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return stop
}

func quiet() func(*skill.Config) { return skill.Log(slog.New(slog.DiscardHandler)) }

func TestASkillInGo(t *testing.T) {
	const id = "org.example.dice"
	h := newHouse(t, newHub(), loopback())
	state := t.TempDir()
	s := skill.New(id, manifest(dice), skill.Via(skill.CoAP(h.addr.String())), skill.State(state), quiet())
	s.Handle("roll", func(ctx context.Context, r *skill.Request) (skill.Answer, error) {
		var n int
		if _, err := s.Store().Get("rolls", &n); err != nil {
			return skill.Answer{}, err
		}
		if err := s.Store().Set("rolls", n+1); err != nil {
			return skill.Answer{}, err
		}
		sides, ok := r.Number("sides")
		switch {
		case !ok:
			return skill.Ask("How many sides?"), nil
		case sides < 1:
			return skill.Answer{}, &vap.Error{Code: codes.BadRequest, Type: vap.TypeMalformed}
		}
		return skill.Say("%v, %s, for %s.", sides, r.Client, r.Speaker).With(vap.StopCapability()), nil
	}).Handle("count", func(context.Context, *skill.Request) (skill.Answer, error) {
		var n int
		_, err := s.Store().Get("rolls", &n)
		return skill.Answer{Say: string(rune('0' + n)), Same: true}, err
	}).On("client_joined", func(ctx context.Context, r *skill.Request) (skill.Answer, error) {
		return skill.Answer{}, s.Notify(ctx, r.Client, skill.Notice{Answer: skill.Say("Welcome.")})
	}).CanAnswer(func(_ context.Context, r *skill.Request) float64 {
		if r.Text("sides") == "" {
			return 0.25
		}
		return 0.75
	})
	if _, err := s.Query(t.Context(), vap.System); !errors.Is(err, skill.ErrNotRunning) {
		t.Errorf("%v", err)
	}
	stop := running(t, s)
	await(t, "skill", h.listens)

	sides := func(n string) []vap.SlotValue { return []vap.SlotValue{{Name: "sides", Value: &n}} }
	a, err := h.ask(t, id, vap.SkillRequest{
		Type: vap.RequestIntent, Intent: "roll", Slots: sides("20"),
		Capabilities: []vap.Capability{{Name: "speaker", Fields: map[string]any{"speaker": "Anna", "confidence": 0.9}}},
	})
	if err != nil || voice(a) != "20, org.example.kitchen, for Anna." || len(a.Capabilities) != 2 || a.KeepOpen {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := h.ask(t, id, vap.SkillRequest{Type: vap.RequestIntent, Intent: "roll"}); err != nil || voice(a) != "How many sides?" || !a.KeepOpen {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := h.ask(t, id, vap.SkillRequest{Type: vap.RequestIntent, Intent: "roll", Slots: sides("0")}); err == nil && a.Code != codes.BadRequest {
		t.Errorf("%+v", a)
	}
	if a, err := h.ask(t, id, vap.SkillRequest{Type: vap.RequestIntent, Intent: "count"}); err != nil || voice(a) != "3" || a.Code != codes.Content {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := h.ask(t, id, vap.SkillRequest{Type: vap.RequestCanYouAnswer, Intent: "roll", Slots: sides("20")}); err != nil || a.Confidence != 0.75 {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := h.ask(t, id, vap.SkillRequest{Type: vap.RequestCanYouAnswer, Intent: "another's"}); err != nil || a.Confidence != 0 {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := h.ask(t, id, vap.SkillRequest{Type: vap.RequestEvent, Event: "client_joined"}); err != nil {
		t.Error(err)
	}
	h.mu.Lock()
	if len(h.said) != 1 || h.said[0].ClientID != "org.example.kitchen" || len(h.registered[0].Events) != 1 {
		t.Errorf("said %+v, registered %+v", h.said, h.registered)
	}
	h.mu.Unlock()
	color := vap.Capability{Name: "preferences", Fields: map[string]any{"what": "color"}}
	if found, err := s.Query(t.Context(), vap.System, color); err != nil || len(found) != 1 || found[0].Fields["color"] != "red" {
		t.Errorf("%+v, %v", found, err)
	}

	// It learns another sentence, and is still the same after the hub was away.
	m := s.Manifest()
	m.NLU[0].Intents[1].Utterances = append(m.NLU[0].Intents[1].Utterances, "count the rolls")
	if err := s.Learn(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	m.NLU[0].Intents[0].Name = "cuont" // which is none of what it has learnt
	if err := s.Learn(t.Context(), m); err == nil || !strings.Contains(err.Error(), `"cuont"`) {
		t.Errorf("it learns what nothing handles: %v", err)
	}
	h.mu.Lock()
	if last := h.registered[len(h.registered)-1]; len(last.NLU[0].Intents[0].Utterances)+len(last.NLU[0].Intents[1].Utterances) != 4 {
		t.Errorf("registered %+v", last)
	}
	h.mu.Unlock()
	h.close()
	<-h.left
	h = newHouse(t, h.hub, h.addr)
	select {
	case <-h.listens:
	case <-time.After(90 * time.Second):
		t.Fatal("the skill does not come back")
	}
	if a, err := h.ask(t, id, vap.SkillRequest{Type: vap.RequestIntent, Intent: "count"}); err != nil || voice(a) != "3" {
		t.Errorf("%+v, %v", a, err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if why := await(t, "goodbye", h.left); why != nil {
		t.Errorf("it left without a goodbye: %v", why)
	}
}

func TestWhatIsWrongWithASkillIsTold(t *testing.T) {
	nothing := func(context.Context, *skill.Request) (skill.Answer, error) { return skill.Answer{}, nil }
	const id = "org.example.dice"
	for name, c := range map[string]struct {
		id, manifest string
		change       func(*skill.Skill)
		want         string
	}{
		"the manifest":      {id, "intents = 3", func(*skill.Skill) {}, "manifest en-GB.toml"},
		"the id":            {"my dice", dice, func(s *skill.Skill) { s.Handle("roll", nothing).Handle("count", nothing) }, `the id "my dice" of a skill: want`},
		"no handler":        {id, dice, func(s *skill.Skill) { s.Handle("roll", nothing) }, `nothing handles the intent "count" of en-GB`},
		"a handler of none": {id, dice, func(s *skill.Skill) { s.Handle("rol", nothing) }, `the manifest has no intent "rol"`},
	} {
		s := skill.New(c.id, manifest(c.manifest), skill.State(t.TempDir()), quiet())
		c.change(s)
		if err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A hub that refuses it for good is told as well.
	h := newHub()
	h.token = "another's"
	house := newHouse(t, h, loopback())
	s := skill.New("org.example.dice", manifest(dice), skill.Via(skill.CoAP(house.addr.String())), skill.State(t.TempDir()), quiet())
	var refused *vap.Error
	if err := s.Handle("roll", nothing).Handle("count", nothing).Run(t.Context()); !errors.As(err, &refused) || refused.Type != vap.TypeToken {
		t.Errorf("%v", err)
	}
}

// still is a hub in which nothing happens.
type still struct{ skill.Line }

func (still) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func TestEvery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var done []time.Duration
		connect := func(skill.Service) (skill.Line, error) { return still{}, nil }
		s := skill.New("org.example.dice", manifest(dice), skill.Via(connect), skill.State(t.TempDir()), quiet())
		nothing := func(context.Context, *skill.Request) (skill.Answer, error) { return skill.Answer{}, nil }
		s.Handle("roll", nothing).Handle("count", nothing).Every(time.Minute, func(ctx context.Context) error {
			done = append(done, time.Since(began))
			if len(done) == 2 {
				<-ctx.Done()
			}
			return errors.New("which does not end it")
		})
		stop := running(t, s)
		time.Sleep(10 * time.Minute)
		if err := stop(); err != nil || !slices.Equal(done, []time.Duration{time.Minute, 2 * time.Minute}) {
			t.Errorf("%v, done after %v", err, done)
		}
	})
}

// What was said last is remembered for a while, once.
func TestRecent(t *testing.T) {
	r := skill.Recent[string]{Age: time.Minute}
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	if _, ok := r.Last("kitchen", now); ok {
		t.Error("there is something already")
	}
	r.Put("kitchen", "which one?", now)
	r.Put("cellar", "how long?", now)
	if what, ok := r.Last("kitchen", now.Add(time.Minute)); what != "which one?" || !ok {
		t.Errorf("%q, %v", what, ok)
	}
	if what, ok := r.Take("kitchen", now); what != "which one?" || !ok {
		t.Errorf("%q, %v", what, ok)
	}
	if _, ok := r.Take("kitchen", now); ok {
		t.Error("it was taken, and is there")
	}
	if what, ok := r.Take("cellar", now.Add(time.Hour)); ok {
		t.Errorf("%q is remembered for an hour", what)
	}
}
