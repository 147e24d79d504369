package satellite

import (
	"testing"
	"testing/synctest"
	"time"

	"vapd/board"
	"vapd/protocol/control"
	"vapd/protocol/vap"
	"vapd/satellite/hubtest"
)

func TestSatelliteConnectsAndReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, hubtest.Script{})
		v := h.after(time.Second)
		if v.Link.State != "up" || v.Mic.State != "running" || v.Turn.State != "idle" || v.Link.Address != hubAddr.String() || v.Link.RTTMS < 0 {
			t.Fatalf("%+v", v)
		}
		if v.LEDs[0] != "#000000" || len(v.LEDs) != 12 {
			t.Errorf("LEDs %v", v.LEDs)
		}
		reported := h.hub.Reported()
		if len(reported) != 2 || reported[0].Name != vap.CapTimer || reported[1].Name != vap.CapVolume {
			t.Errorf("reported %v", reported)
		}
		if c := h.hub.Server.Clients(); len(c) != 1 || c[0].ID != "org.vapd.satellite.test" {
			t.Errorf("clients %+v", c)
		}
		h.after(time.Minute)
		if h.alive < 10 {
			t.Errorf("told to be alive %d times in a minute", h.alive)
		}
		h.stop()
		if c := h.hub.Server.Clients(); len(c) != 0 {
			t.Errorf("after the goodbye: %+v", c)
		}
		for _, c := range h.board.Colors() {
			if c.R+c.G+c.B != 0 {
				t.Fatalf("not dark at the end: %v", h.board.Colors())
			}
		}
	})
}

func TestSatelliteTurnByKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, speaks())
		h.board.Tap(board.MainKey)
		v := h.until("listening", inState("listening"))
		if v.LEDs[0] == "#000000" {
			t.Error("no light while it listens")
		}
		h.until("speaking", inState("speaking"))
		h.card.heard()
		h.after(time.Second)
		if loudest, _, _ := h.card.heard(); loudest < 1000 {
			t.Errorf("the answer is %d loud", loudest)
		}
		v = h.until("idle", inState("idle"))
		if v.Turn.Answer != "it is noon" || v.Turn.Sent < 100 || v.Turn.Sent != v.Turn.Acknowledged || v.Turn.PreRollMS < 300 {
			t.Errorf("%+v", v.Turn)
		}
		if _, ok := vap.Find(allCapabilities(h.hub.Sessions()[0]), vap.CapChime); !ok {
			t.Error("the chime was not reported")
		}
	})
}

// Who speaks on in one breath gets no chime, under which words would be lost.
func TestSatelliteDoesNotChimeIntoSpeech(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, speaks())
		h.board.Tap(board.MainKey)
		h.card.mu.Lock()
		h.card.source = func(in []int16) {
			for i := range in {
				in[i] = int16(3000 * (i%2*2 - 1))
			}
		}
		h.card.mu.Unlock()
		h.until("thinking", func(v control.SatelliteState) bool {
			return v.Turn.N == 1 && v.Turn.State == "thinking" || v.Turn.State == "speaking"
		})
		if _, ok := vap.Find(allCapabilities(h.hub.Sessions()[0]), vap.CapChime); ok {
			t.Error("it chimed while somebody spoke")
		}
	})
}

func allCapabilities(s hubtest.Session) (all []vap.Capability) {
	for _, f := range s.Fragments {
		all = append(all, f.Capabilities...)
	}
	return all
}

func TestSatelliteStopsAnAnswerByKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, speaks())
		h.happen(Typed{"what time is it"})
		h.until("speaking", inState("speaking"))
		h.board.Tap(board.MainKey)
		h.until("idle", inState("idle"))
		h.after(20 * time.Millisecond) // the fade
		h.card.heard()
		h.after(500 * time.Millisecond)
		if loudest, _, _ := h.card.heard(); loudest != 0 {
			t.Fatalf("still %d loud", loudest)
		}
	})
}

// Muting in mid-turn: the PCM is closed, the LEDs are red, and no fragment leaves.
func TestSatelliteMutedSendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, hubtest.Script{})
		h.board.Tap(board.MainKey)
		h.until("listening", inState("listening"))
		h.after(300 * time.Millisecond)
		h.board.SetSwitch(true)
		synctest.Wait()
		before := len(h.hub.Sessions()[0].Fragments)
		v := h.after(20 * time.Second)
		if _, capture, _ := h.card.heard(); capture || v.Turn.State != "idle" || !v.Mic.KeyMuted || v.LEDs[0] != "#aa0000" {
			t.Fatalf("capture %v, %+v", capture, v)
		}
		for _, f := range h.hub.Sessions()[0].Fragments[before:] {
			if _, ok := vap.Find(f.Capabilities, vap.CapSound); ok {
				t.Fatal("sound left while muted")
			}
		}
		h.board.Tap(board.MainKey) // is answered by a chime, not by listening
		h.happen(NetMute{false})
		if v := h.after(5 * time.Second); v.Turn.State != "idle" || len(h.hub.Sessions()) != 1 {
			t.Fatalf("%+v", v.Turn)
		}
		h.board.SetSwitch(false)
		h.board.Tap(board.MainKey)
		h.until("listening again", inState("listening"))
	})
}

// A satellite that was muted is muted after a restart, whatever ended it, and the
// position of a switch that nobody moved opens nothing.
func TestSatelliteStaysMutedOverARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, hubtest.Script{})
		h.board.Tap(board.MuteKey)
		h.happen(VolumeSet{Volume{10, 20, 30}})
		h.after(time.Second)
		h.stop()
		h.start()
		v := h.after(2 * time.Second)
		if _, capture, _ := h.card.heard(); capture || !v.Mic.KeyMuted || v.Volume != (control.VolumeView{Voice: 10, Chime: 20, Alarm: 30}) {
			t.Fatalf("capture %v, %+v", capture, v)
		}
	})
}

func TestSatelliteWithDamagedSettingsStartsMuted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, hubtest.Script{})
		h.stop()
		h.stores[0].data = []byte("{")
		h.start()
		if v := h.after(time.Second); !v.Mic.KeyMuted || v.Volume.Voice != 50 {
			t.Fatalf("%+v", v)
		}
	})
}
