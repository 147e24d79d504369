package skilltest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"go.uber.org/goleak"

	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/skilltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// parrot is a skill that says back what it is told, asks, and tells.
func parrot(options ...func(*skill.Config)) *skill.Skill {
	manifest := fstest.MapFS{"en.toml": {Data: []byte("[intents.hello]\nutterances = [\"hello\"]\n")}}
	s := skill.New("org.example.parrot", manifest, options...)
	s.Handle("hello", func(ctx context.Context, r *skill.Request) (skill.Answer, error) {
		c, err := s.QueryOne(ctx, r.Client, vap.CapVolume)
		if err != nil {
			return skill.Answer{}, err
		}
		return skill.Ask("%s %s %.1f at %s, %v", r.Text("who"), r.Speaker, r.Confidence, s.Now().Format(time.Kitchen), c.Fields["voice"]).
			With(vap.StopCapability()), nil
	})
	s.On(vap.EventClientJoined, func(ctx context.Context, r *skill.Request) (skill.Answer, error) {
		m := s.Manifest()
		m.NLU[0].Intents[0].Utterances = []string{"hello " + fmt.Sprint(r.Fields["name"])}
		if err := s.Learn(ctx, m); err != nil {
			return skill.Answer{}, err
		}
		return skill.Answer{Same: true}, s.Notify(ctx, r.Client, skill.Notice{Answer: skill.Say("Welcome."), Fleeting: true})
	})
	return s.CanAnswer(func(_ context.Context, r *skill.Request) float64 { return float64(len(r.Slots)) / 2 })
}

func TestHub(t *testing.T) {
	hub := skilltest.Start(t, parrot, skill.Now(func() time.Time { return time.Date(2026, 11, 26, 7, 30, 0, 0, time.UTC) }))
	hello := skill.Request{Intent: "hello", Client: "kitchen", Slots: map[string]string{"who": "you"}, Speaker: "Anna", Confidence: 0.9}

	var refused *vap.Error
	if _, err := hub.Ask(hello); !errors.As(err, &refused) || refused.Code != codes.NotFound {
		t.Errorf("of an unknown volume: %v", err)
	}
	hub.Know("kitchen", vap.Capability{Name: vap.CapVolume, Fields: map[string]any{"voice": 1}})
	hub.Know("kitchen", vap.Capability{Name: vap.CapVolume, Fields: map[string]any{"voice": 2}})
	want := skill.Ask("you Anna 0.9 at 7:30AM, 2").With(vap.StopCapability())
	if got, err := hub.Ask(hello); err != nil || !cmp.Equal(want, got) {
		t.Errorf("%v, (-want +got):\n%s", err, cmp.Diff(want, got))
	}
	if got := hub.CanAnswer(hello); got != 0.5 {
		t.Errorf("can answer: %v", got)
	}

	joined := skill.Request{Event: vap.EventClientJoined, Client: "hall", Fields: map[string]any{"name": "hall"}}
	if a, err := hub.Happen(joined); err != nil || !a.Same {
		t.Errorf("%+v, %v", a, err)
	}
	if got := hub.Learnt()[0].Intents[0].Utterances; !cmp.Equal(got, []string{"hello hall"}) {
		t.Errorf("learnt %q", got)
	}
	told := []skilltest.Told{{Client: "hall", Notice: skill.Notice{Answer: skill.Say("Welcome."), Fleeting: true}}}
	if d := cmp.Diff(told, hub.Told()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	hub.Refuse("hall", codes.NotFound)
	if _, err := hub.Happen(joined); err == nil {
		t.Error("nobody is told, and all is well")
	}
}
