package skills

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/skillregistry"
	"vapd/protocol/vap"
	"vapd/skill"
)

func TestASkillSpeaksOnItsOwn(t *testing.T) {
	h := newHub(t)
	s := skill.New("org.example.radio", fstest.MapFS{"en.toml": {Data: []byte(music)}}, skill.Via(skill.CoAP(h.addr.String())),
		skill.State(t.TempDir()), skill.Log(slog.New(slog.DiscardHandler)))
	s.Handle("do", func(ctx context.Context, r *skill.Request) (skill.Answer, error) {
		var refused *vap.Error
		if err := s.Notify(ctx, "cellar", skill.Notice{Answer: skill.Say("hello")}); !errors.As(err, &refused) || refused.Code != codes.NotFound {
			t.Errorf("a satellite that is not there: %v", err)
		}
		if err := s.Notify(ctx, r.Client, skill.Notice{Answer: skill.Answer{Do: []vap.Capability{vap.StopCapability()}}}); !errors.As(err, &refused) || refused.Code != codes.Unauthorized {
			t.Errorf("what it may not do: %v", err)
		}
		err := s.Notify(ctx, r.Client, skill.Notice{Answer: skill.Say("The news.")})
		if err != nil {
			t.Error(err)
		}
		return skill.Say("done"), err
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	for r := (Reply{}); r.Say != "done"; r = h.hear(t, "play music") {
		if r.Understood && r.Say != "Sorry, org.example.radio is away." {
			t.Fatalf("%+v", r)
		}
		time.Sleep(5 * time.Millisecond)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.told) != 1 || h.told[0].Name != vap.CapVoice || h.told[0].From != "org.example.radio" {
		t.Errorf("told %+v", h.told)
	}
}

// What a skill says waits for a satellite that is away, for the end of the night, and no
// longer than it is worth to be heard; over a restart of the hub, too.
func TestNoticesWait(t *testing.T) {
	h := newHub(t)
	set := func(change func()) {
		h.mu.Lock()
		defer h.mu.Unlock()
		change()
	}
	say := func(words string, ttl time.Duration, priority string) codes.Code {
		t.Helper()
		item := vap.Standalone("kitchen", vap.TextCapability(vap.CapVoice, words))
		item.TTL, item.Priority = ttl, priority
		answer := make(chan error, 1)
		policy{h.Skills}.Notified(skillregistry.SkillInfo{ID: "org.example.radio"}, item, func(err error) { answer <- err })
		if err := <-answer; err != nil {
			return vap.AsError(err).Code
		}
		return codes.Changed
	}
	heard := func(want ...string) {
		t.Helper()
		var got []string
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			got = nil
			set(func() {
				for _, c := range h.told {
					words, _ := vap.ParseText(c)
					got = append(got, words)
				}
			})
			if slices.Equal(got, want) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("heard %q, want %q", got, want)
			}
		}
	}
	if c := say("at once", 0, ""); c != codes.Changed {
		t.Error(c)
	}
	heard("at once")
	set(func() { h.away = true })
	if c := say("now or never", 0, vap.PriorityLow); c != codes.NotFound {
		t.Error(c)
	}
	for _, words := range []string{"first", "second"} {
		if c := say(words, 0, ""); c != codes.Changed {
			t.Error(c)
		}
	}
	if c := say("soon over", time.Minute, ""); c != codes.Changed {
		t.Error(c)
	}
	if c := say("urgent", 0, vap.PriorityUrgent); c != codes.Changed {
		t.Error(c)
	}
	set(func() { h.now = h.now.Add(2 * time.Minute) })
	again, err := openOutbox(h.cfg.Outbox, h.cfg.Now())
	if err != nil || len(again.letters) != 3 {
		t.Errorf("after a restart %d wait, %v", len(again.letters), err)
	}
	set(func() { h.away, h.broken = false, true })
	if c := say("now or never", 0, vap.PriorityLow); c != codes.ServiceUnavailable {
		t.Error(c)
	}
	h.Joined("kitchen")
	h.deliverAll("kitchen")
	heard("at once")
	set(func() { h.broken, h.night = false, true })
	h.round()
	heard("at once", "urgent")
	if c := say("quiet", 0, ""); c != codes.Changed {
		t.Error(c)
	}
	set(func() { h.night = false })
	h.round()
	heard("at once", "urgent", "first", "second", "quiet")
	if waiting, expired := h.outbox.clients(h.cfg.Now()); len(waiting)+len(expired) != 0 {
		t.Errorf("%v wait, %v are too old", waiting, expired)
	}

	set(func() { h.away = true })
	for i := range mostOfOne + 1 {
		if c := say("again", 0, ""); (c == codes.Changed) != (i < mostOfOne) {
			t.Errorf("notice %d: %v", i, c)
		}
	}
	set(func() { h.now = h.now.Add(2 * defaultTTL) })
	h.round()
	kept := 0 // what is as long as sounds are fits, but not any number of it
	for range mostOfOne {
		if say(strings.Repeat("a", 250<<10), 0, "") == codes.Changed {
			kept++
		}
	}
	if kept < 10 || kept > maxLetters/(250<<10) {
		t.Errorf("%d long notices are kept", kept)
	}
	set(func() { h.now = h.now.Add(2 * defaultTTL) })
	h.round()
	if waiting, expired := h.outbox.clients(h.cfg.Now()); len(waiting)+len(expired) != 0 {
		t.Errorf("%v wait, %v are too old", waiting, expired)
	}
}
