package skills

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/fstest"
	"time"

	"vapd/protocol/vap"
	"vapd/skill"
)

// A skill within the hub is one as all others, may do everything, and is gone when it ends.
func TestASkillWithinTheHub(t *testing.T) {
	h := newHub(t)
	started := make(chan struct{}, 1)
	s := skill.New("org.example.radio", fstest.MapFS{"en.toml": {Data: []byte("name = \"Radio\"\n" + music)}}, skill.Via(h.Connect),
		skill.State(t.TempDir()), skill.Log(slog.New(slog.DiscardHandler)))
	broken := errors.New("no antenna")
	var fail bool
	s.Handle("do", func(ctx context.Context, r *skill.Request) (skill.Answer, error) {
		if fail {
			return skill.Answer{}, broken
		}
		err := s.Notify(ctx, r.Client, skill.Notice{Answer: skill.Answer{Do: []vap.Capability{vap.StopCapability()}}})
		found, asked := s.Query(ctx, "cellar", vap.Capability{Name: "color"})
		if asked != nil || len(found) != 1 || found[0].Fields["kind"] != vap.KindClient {
			t.Errorf("%+v, %v", found, asked)
		}
		return skill.Say("music").With(vap.LED{}.Capability()), err
	}).CanAnswer(func(context.Context, *skill.Request) float64 { return 0.9 })
	s.On(vap.EventStarted, func(context.Context, *skill.Request) (skill.Answer, error) {
		started <- struct{}{}
		return skill.Answer{}, nil
	})
	h.add(t, "org.example.records", music, says("records"), func(context.Context, *skill.Request) float64 { return 0.5 })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	select {
	case <-started:
	case <-time.After(20 * time.Second):
		t.Fatal("it is not told that it has started")
	}
	if r := h.hear(t, "play music"); r.Say != "music" || len(r.Do) != 1 || r.Skill != "org.example.radio" {
		t.Errorf("%+v", r)
	}
	h.mu.Lock()
	if len(h.told) != 1 || h.told[0].Name != vap.CapStop {
		t.Errorf("told %+v", h.told)
	}
	h.mu.Unlock()
	fail = true
	if r := h.hear(t, "play music"); r.Say != "Sorry, something is wrong with Radio." {
		t.Errorf("%+v", r)
	}
	twin := skill.New("org.example.radio", fstest.MapFS{"en.toml": {Data: []byte(music)}}, skill.Via(h.Connect), skill.State(t.TempDir()))
	if err := twin.Handle("do", says("twin")).Run(t.Context()); err == nil {
		t.Error("there are two of it")
	}
	stranger := skill.New("org.example.radio", fstest.MapFS{"en.toml": {Data: []byte(music)}}, skill.Via(skill.CoAP(h.addr.String())), skill.State(t.TempDir()))
	var refused *vap.Error
	if err := stranger.Handle("do", says("twin")).Run(t.Context()); !errors.As(err, &refused) || refused.Type != vap.TypeConnectionDenied {
		t.Errorf("another in its name: %v", err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if r := h.hear(t, "play music"); r.Say != "records" {
		t.Errorf("%+v", r)
	}
}

// Whoever is told of something may ask for more, however many are told at once.
func TestWhoIsToldMayAsk(t *testing.T) {
	h := newHub(t)
	asked := make(chan error, 4*tellers)
	s := skill.New("org.example.radio", fstest.MapFS{"en.toml": {Data: []byte(music)}}, skill.Via(h.Connect), skill.State(t.TempDir()))
	s.Handle("do", says("music")).On(vap.EventClientJoined, func(ctx context.Context, r *skill.Request) (skill.Answer, error) {
		_, err := s.Query(ctx, r.Client, vap.Capability{Name: vap.CapVolume})
		asked <- err
		return skill.Answer{}, err
	}).On(vap.EventStarted, func(context.Context, *skill.Request) (skill.Answer, error) {
		for range cap(asked) {
			h.Tell(vap.EventClientJoined, "kitchen", nil)
		}
		return skill.Answer{}, nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	for range cap(asked) {
		if err := <-asked; err != nil {
			t.Error(err)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
