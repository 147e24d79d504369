package satellite

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"vapd/board"
	"vapd/protocol/clientregistry"
	"vapd/protocol/control"
	"vapd/protocol/vap"
	"vapd/satellite/hubtest"
)

func plays(v control.SatelliteState) bool    { return v.Announcement.Playing }
func isSilent(v control.SatelliteState) bool { return !v.Announcement.Playing }

// announce has the hub say something for d; the channel has what became of it.
func (h *home) announce(text string, d time.Duration) <-chan error {
	done := make(chan error, 1)
	hub, ctx := h.hub, h.t.Context()
	go func() {
		done <- hub.Announce(ctx, "org.vapd.satellite.test", text, pieces(int(d/(20*time.Millisecond))))
	}()
	return done
}

func TestSatelliteAnnounces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, speaks())
		done := h.announce("the doorbell rings", 3*time.Second)
		v := h.until("playing", plays)
		if v.Announcement.N != 1 || v.Announcement.Text != "the doorbell rings" || v.Turn.State != "idle" {
			t.Errorf("%+v", v)
		}
		h.after(200 * time.Millisecond) // the tone
		if loudest, _, _ := h.card.heard(); loudest < 1000 {
			t.Errorf("the tone of attention is %d loud", loudest)
		}
		if v = h.after(800 * time.Millisecond); v.LEDs[0] == "#000000" {
			t.Error("no light while it speaks")
		}
		began := time.Now()
		h.until("silent", isSilent)
		if d := time.Since(began); d < 2*time.Second || d > 3*time.Second {
			t.Errorf("it went on for %v", d)
		}
		h.card.heard()
		if v = h.after(200 * time.Millisecond); v.LEDs[0] != "#000000" || v.Announcement.Error != "" || v.Announcement.Underruns > 1 {
			t.Errorf("%+v", v)
		}
		if loudest, _, _ := h.card.heard(); loudest > 0 {
			t.Errorf("still %d loud", loudest)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// A conversation is not interrupted, and announcements wait for each other.
func TestSatelliteAnnouncesOneThingAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, speaks())
		engaged := func(when string) {
			t.Helper()
			err := <-h.announce("not now", time.Second)
			if e, ok := errors.AsType[*vap.Error](err); !ok || e.Type != vap.TypeBusy || e.RetryAfter != time.Second {
				t.Errorf("%s: %v", when, err)
			}
		}
		h.happen(Typed{"what time is it"})
		h.until("speaking", inState("speaking"))
		h.after(1500 * time.Millisecond) // all of the answer came: for the hub the session is over
		engaged("while an answer plays")
		h.until("idle", inState("idle"))
		first := h.announce("first", time.Second)
		h.until("playing", plays)
		if err := <-first; err != nil {
			t.Fatal(err)
		}
		engaged("while an announcement plays")
		h.until("silent", isSilent)
		if err := <-h.announce("second", 100*time.Millisecond); err != nil {
			t.Error(err)
		}
		if v := h.until("silent", isSilent); v.Announcement.Text != "second" || v.Announcement.N != 2 {
			t.Errorf("%+v", v.Announcement)
		}
	})
}

// What silences an answer silences an announcement, and the hub is told.
func TestSatelliteStopsAnAnnouncement(t *testing.T) {
	for name, stop := range map[string]func(h *home){
		"key":       func(h *home) { h.board.Tap(board.MainKey) },
		"stop word": func(h *home) { h.happen(StopHeard{}) },
		"wake word": func(h *home) { h.happen(Woke{}) },
		"text":      func(h *home) { h.happen(Typed{"what time is it"}) },
		"mute":      func(h *home) { h.board.Tap(board.MuteKey) },
		"hub": func(h *home) {
			if err := h.hub.Server.Notify(h.t.Context(), "org.vapd.satellite.test", vap.StopCapability()); err != nil {
				h.t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHome(t, hubtest.Script{})
				done := h.announce("a very long story", time.Minute)
				h.until("playing", plays)
				h.after(time.Second)
				stop(h)
				h.until("silent", isSilent)
				if err := <-done; !errors.Is(err, clientregistry.ErrStreamRefused) {
					t.Errorf("the hub was told %v", err)
				}
				h.after(500 * time.Millisecond) // the chime of the mute key
				h.card.heard()
				h.after(time.Second)
				if loudest, _, _ := h.card.heard(); loudest > 0 {
					t.Errorf("still %d loud", loudest)
				}
			})
		})
	}
}

// An alarm rings through an announcement.
func TestSatelliteAnnouncesWhileATimerRings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, hubtest.Script{})
		if err := h.timers.Set("egg", "", time.Second); err != nil {
			t.Fatal(err)
		}
		rings := func(v control.SatelliteState) bool { return len(v.Timers) == 1 && v.Timers[0].Ringing }
		h.until("ringing", rings)
		h.announce("the doorbell rings", time.Second)
		h.until("playing", plays)
		if v := h.until("silent", isSilent); !rings(v) {
			t.Errorf("%+v", v.Timers)
		}
		h.card.heard()
		h.after(2 * time.Second)
		if loudest, _, _ := h.card.heard(); loudest < 1000 {
			t.Errorf("the alarm is %d loud", loudest)
		}
	})
}

// A hub that dies in the middle is not waited for for long.
func TestSatelliteEndsTheAnnouncementOfADeadHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, hubtest.Script{})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		o, err := h.hub.Server.Announce(ctx, "org.vapd.satellite.test", vap.CodecPCM, 16000, vap.TextCapability(vap.CapVoice, "x"))
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Send(ctx, make([]byte, 640), false); err != nil {
			t.Fatal(err)
		}
		h.until("playing", plays)
		began := time.Now()
		h.stopHub()
		h.until("silent", isSilent)
		if d := time.Since(began); d > 20*time.Second {
			t.Errorf("it waited %v", d)
		}
		if v := h.after(0); v.Announcement.Error == "" {
			t.Errorf("%+v", v.Announcement)
		}
	})
}

// A satellite without a speaker shows what it would say.
func TestSatelliteWithoutSpeakerShowsWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := prepare(t)
		h.network = hubtest.NewNetwork()
		h.change = func(c *Config) { c.Speaker = nil }
		h.begin(hubtest.Script{})
		h.after(2 * time.Second)
		if err := h.hub.Server.Notify(t.Context(), "org.vapd.satellite.test", vap.TextCapability(vap.CapVoice, "the doorbell rings")); err != nil {
			t.Fatal(err)
		}
		if v := h.until("silent", isSilent); v.Announcement.Text != "the doorbell rings" || v.Announcement.N != 1 {
			t.Errorf("%+v", v.Announcement)
		}
	})
}
