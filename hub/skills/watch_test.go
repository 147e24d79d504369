package skills

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"vapd/internal/metrics"
	"vapd/protocol/skillregistry"
	"vapd/protocol/vap"
	"vapd/skill"
)

// Who watches sees skills come and go, fail and be late, and what they say on their own; all
// of it is counted.
func TestWatch(t *testing.T) {
	h := newHub(t)
	const radio, records = "org.example.radio", "org.example.records"
	fails := func(context.Context, *skill.Request) (skill.Answer, error) {
		return skill.Answer{}, errors.New("no antenna")
	}
	h.add(t, radio, music, fails, nil)
	h.hear(t, "play music")
	stop := h.add(t, records, music, says("records"), func(ctx context.Context, _ *skill.Request) float64 {
		<-ctx.Done()
		return 1
	})
	h.hear(t, "play music") // the radio alone can answer in time
	stop()
	h.hear(t, "play music") // the records are away

	notify := func(words, priority string) {
		t.Helper()
		item := vap.Standalone("kitchen", vap.TextCapability(vap.CapVoice, words))
		item.Priority = priority
		answer := make(chan error, 1)
		policy{h.Skills}.Notified(skillregistry.SkillInfo{ID: radio}, item, func(err error) { answer <- err })
		<-answer
	}
	set := func(change func()) {
		h.mu.Lock()
		defer h.mu.Unlock()
		change()
	}
	notify("news", "")
	set(func() { h.refuses = true })
	notify("nonsense", "")
	set(func() { h.refuses, h.away = false, true })
	notify("later", "")
	notify("now", vap.PriorityLow)
	set(func() { h.now = h.now.Add(2 * defaultTTL) })
	h.round()
	h.Skills.Disconnect(radio)

	want := []string{
		"skill_joined org.example.radio   ",
		"skill_failed org.example.radio kitchen failed ",
		"skill_joined org.example.records   ",
		"skill_failed org.example.records kitchen late ",
		"skill_failed org.example.radio kitchen failed ",
		"skill_left org.example.records  goodbye ",
		"skill_failed org.example.records kitchen away ",
		"skill_failed org.example.radio kitchen failed ",
		"skill_notice org.example.radio kitchen said news",
		"skill_notice org.example.radio kitchen refused nonsense",
		"skill_notice org.example.radio kitchen kept later",
		"skill_notice org.example.radio kitchen expired now",
		"skill_notice org.example.radio kitchen expired later",
		"skill_left org.example.radio  removed ",
	}
	var got []string
	for deadline := time.Now().Add(10 * time.Second); len(got) < len(want) && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		set(func() { got = slices.Clone(h.events) })
	}
	if !slices.Equal(got, want) {
		t.Errorf("seen:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var out strings.Builder
	if err := metrics.Write(&out, h.Metrics()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"vapd_hub_skills 0",
		`vapd_hub_skills_left_total{why="goodbye"} 1`, `vapd_hub_skills_left_total{why="removed"} 1`, `vapd_hub_skills_left_total{why="lost"} 0`,
		`vapd_hub_skill_requests_total{result="answered"} 2`, `vapd_hub_skill_requests_total{result="failed"} 3`,
		`vapd_hub_skill_requests_total{result="late"} 1`, `vapd_hub_skill_requests_total{result="away"} 1`,
		`vapd_hub_skill_notices_total{result="said"} 1`, `vapd_hub_skill_notices_total{result="kept"} 1`,
		`vapd_hub_skill_notices_total{result="refused"} 1`, `vapd_hub_skill_notices_total{result="expired"} 2`,
	} {
		if !strings.Contains(out.String(), want+"\n") {
			t.Errorf("the metrics have no %s:\n%s", want, &out)
		}
	}
}

// A skill that connects anew, or says nothing any more, did not say goodbye.
func TestWatchLeft(t *testing.T) {
	h := newHub(t)
	for why, want := range map[error]string{
		nil: "goodbye", skillregistry.ErrReplaced: "reconnected", skillregistry.ErrRemoved: "removed",
		skillregistry.ErrClosed: "removed", skillregistry.ErrSilent: "lost", errors.New("no reply"): "lost",
	} {
		h.events = nil
		policy{h.Skills}.Left(skillregistry.SkillInfo{ID: "org.example.radio"}, why)
		if event := "skill_left org.example.radio  " + want + " "; !slices.Equal(h.events, []string{event}) {
			t.Errorf("%v: %q", why, h.events)
		}
	}
}
