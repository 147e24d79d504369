package satellite

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/audio"
	"vapd/board"
	"vapd/protocol/clientregistry"
	"vapd/protocol/control"
	"vapd/protocol/vap"
	"vapd/satellite/hubtest"
	"vapd/satellite/sound"
)

// The hub is killed in mid-session: the person is told, the timer still rings, and a
// hub that is back is used again.
func TestSatelliteOutlivesItsHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, hubtest.Script{})
		if err := h.setTimer(vap.TimerCommand{Action: vap.TimerSet, ID: "tea", Seconds: 30}.Capability()); err != nil {
			t.Fatal(err)
		}
		h.board.Tap(board.MainKey)
		h.until("listening", inState("listening"))
		h.stopHub()
		h.card.heard()
		v := h.until("idle", inState("idle"))
		if v.UptimeMS > 12_000 {
			t.Errorf("took %d ms to notice", v.UptimeMS)
		}
		h.after(time.Second)
		if loudest, _, _ := h.card.heard(); loudest == 0 {
			t.Error("no error chime")
		}
		v = h.until("ringing", func(v control.SatelliteState) bool { return len(v.Timers) == 1 && v.Timers[0].Ringing })
		h.card.heard()
		h.after(time.Second)
		if loudest, _, _ := h.card.heard(); loudest < 1000 || v.Link.State != "searching" {
			t.Errorf("rings %d loud while the link is %s", loudest, v.Link.State)
		}
		h.board.Tap(board.MainKey)
		h.until("silent", func(v control.SatelliteState) bool { return len(v.Timers) == 0 })
		h.after(time.Second)
		h.card.heard()
		h.after(2 * time.Second)
		if loudest, _, _ := h.card.heard(); loudest != 0 {
			t.Errorf("still %d loud", loudest)
		}
		h.startHub(speaks())
		h.until("up again", func(v control.SatelliteState) bool { return v.Link.State == "up" })
		h.board.Tap(board.MainKey)
		h.until("speaking", inState("speaking"))
	})
}

// A hub that is restarted so fast that no ping was lost does not know the satellite.
func TestSatelliteNoticesARestartedHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, hubtest.Script{})
		h.stopHub()
		h.startHub(speaks())
		h.after(5 * time.Second) // a ping, and the time over which satellites spread
		if n := h.hub.Connects(); n != 1 {
			t.Fatalf("%d connects to the new hub", n)
		}
		if v := h.after(0); v.Link.State != "up" || v.Link.Losses != 1 {
			t.Fatalf("%+v", v.Link)
		}
	})
}

func TestSatelliteDeviceFailsInMidTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, hubtest.Script{})
		h.board.Tap(board.MainKey)
		h.until("listening", inState("listening"))
		h.card.fail <- fmt.Errorf("card: %w", audio.ErrUnplugged)
		v := h.until("idle", inState("idle"))
		if v.Mic.State != "failed" {
			t.Errorf("%+v", v.Mic)
		}
		v = h.until("running", func(v control.SatelliteState) bool { return v.Mic.State == "running" })
		if v.Mic.Reopens != 1 {
			t.Errorf("%+v", v.Mic)
		}
		h.board.Tap(board.MainKey)
		h.until("listening again", inState("listening"))
	})
}

func TestSatelliteEndsWhenItsDeviceNeedsAnotherOne(t *testing.T) {
	for _, why := range []error{audio.ErrStuck, sound.ErrChanged} {
		synctest.Test(t, func(t *testing.T) {
			h := newHome(t, hubtest.Script{})
			h.card.fail <- why
			err := <-h.ran
			h.Satellite = nil
			if !errors.Is(err, why) {
				t.Fatalf("ended with %v", err)
			}
		})
	}
}

func TestSatelliteDoesWhatTheHubAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, speaks(vap.TimerCommand{Action: vap.TimerSet, ID: "t1", Label: "tea", Seconds: 60}.Capability()))
		h.happen(Typed{"set a timer of one minute"})
		v := h.until("spoken", inState("speaking"))
		if len(v.Timers) != 1 || v.Timers[0].Label != "tea" {
			t.Fatalf("timers %+v", v.Timers)
		}
		h.until("idle", inState("idle"))
		ninety := 90
		ask := func(c vap.Capability) {
			t.Helper()
			if err := h.hub.Server.Notify(t.Context(), "org.vapd.satellite.test", c); err != nil {
				t.Fatal(err)
			}
		}
		ask(vap.Volume{Voice: &ninety}.Capability())
		ask(vap.LED{Red: 1, Green: 2, Blue: 3, Seconds: 3}.Capability())
		v = h.after(volumeShown + 100*time.Millisecond)
		if v.Volume != (control.VolumeView{Voice: 90, Chime: 50, Alarm: 50}) || v.LEDs[0] != "#010203" {
			t.Errorf("volume %+v, LEDs %v", v.Volume, v.LEDs)
		}
		if v = h.after(2 * time.Second); v.LEDs[0] != "#000000" {
			t.Errorf("the light stays: %v", v.LEDs)
		}
		ask(vap.Mute{Muted: true}.Capability())
		if v = h.after(100 * time.Millisecond); !v.Mic.NetMuted {
			t.Error("not muted")
		}
		h.until("ringing", func(v control.SatelliteState) bool { return v.Timers[0].Ringing })
		told, err := h.hub.Server.Query(t.Context(), "org.vapd.satellite.test",
			vap.Capability{Name: vap.CapTimer}, vap.Capability{Name: vap.CapVolume}, vap.Capability{Name: vap.CapMute}, vap.Capability{Name: "colour"})
		if err != nil || len(told) != 4 || told[1].Fields["voice"] != int64(90) || told[2].Fields["muted"] != true || told[3].Code != codes.NotFound {
			t.Errorf("it tells %+v, %v", told, err)
		}
		if timers, err := vap.ParseTimers(vap.Capability{Name: vap.CapTimer, Fields: told[0].Fields}); err != nil || len(timers) != 1 || !timers[0].Ringing {
			t.Errorf("its timers are %+v, %v", timers, err)
		}
		ask(vap.StopCapability())
		h.until("no timer", func(v control.SatelliteState) bool { return len(v.Timers) == 0 })
		last := h.hub.Reported()
		if timers, err := vap.ParseTimers(last[len(last)-2]); err != nil || len(timers) != 0 {
			t.Errorf("the hub's last report of timers: %v %v", timers, err)
		}
	})
}

// The wall clock is stepped by an hour both ways: nothing of the satellite moves.
func TestSatelliteUnderASteppedClock(t *testing.T) {
	for _, step := range []time.Duration{time.Hour, -time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			h := newHome(t, speaks(vap.TimerCommand{Action: vap.TimerSet, ID: "t1", Seconds: 60}.Capability()))
			h.happen(Typed{"set a timer"})
			h.until("idle", inState("idle"))
			h.clock.mu.Lock()
			h.clock.step = step
			h.clock.mu.Unlock()
			if v := h.after(50 * time.Second); v.Timers[0].Ringing || v.Link.Losses != 0 {
				t.Fatalf("%+v", v)
			}
			if v := h.after(10 * time.Second); !v.Timers[0].Ringing {
				t.Fatalf("%+v", v.Timers)
			}
		})
	}
}

// What the hub can't say, the satellite says itself: in words, which last longer than
// any chime.
func TestSatelliteSaysSorry(t *testing.T) {
	longestChime := 600 * time.Millisecond
	talks := func(h *home) bool {
		h.after(longestChime)
		h.card.heard()
		h.after(200 * time.Millisecond)
		loudest, _, _ := h.card.heard()
		return loudest > 0
	}
	t.Run("no hub", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := newHome(t, hubtest.Script{})
			h.stopHub()
			h.until("searching", func(v control.SatelliteState) bool { return v.Link.State == "searching" })
			h.after(2 * time.Second)
			h.happen(ListenPressed{})
			if !talks(h) || h.view(new(usage)).Turn.N != 0 {
				t.Errorf("does not say it: %+v", h.view(new(usage)).Turn)
			}
		})
	})
	t.Run("no speech engine", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := newHome(t, hubtest.Script{HearAfter: 100, Answer: func(uint32, []clientregistry.Fragment) hubtest.Answer {
				return hubtest.Answer{Error: &vap.Error{Code: codes.ServiceUnavailable, Type: vap.TypeNoSpeechEngine}}
			}})
			h.happen(ListenPressed{})
			h.until("listening", inState("listening"))
			h.until("idle", inState("idle"))
			if !talks(h) {
				t.Error("does not say it")
			}
		})
	})
}
