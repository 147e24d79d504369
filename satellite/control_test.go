package satellite

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"vapd/board"
	"vapd/protocol/control"
)

// The socket is real, so the methods are called where a bubble's time does not run:
// the handlers' effects are what counts, and the simulated hand needs a real one.
func TestControlMethods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, speaks())
		for name, c := range map[string]struct {
			key  control.Key
			want string
		}{
			"unknown key":     {control.Key{ID: "?", Gesture: "press"}, `satellite: the board sim has no key "?"`},
			"unknown gesture": {control.Key{ID: "main", Gesture: "lick"}, `satellite: gesture "lick": want press, double, hold, down or up`},
			"pointless hold":  {control.Key{ID: "mute", Gesture: "hold"}, `satellite: holding the key "mute" means nothing`},
		} {
			if err := h.moveKey(t.Context(), c.key); err == nil || err.Error() != c.want {
				t.Errorf("%s: %v", name, err)
			}
		}
		move := func(id board.KeyID, gesture string) {
			t.Helper()
			if err := h.moveKey(t.Context(), control.Key{ID: string(id), Gesture: gesture}); err != nil {
				t.Fatal(err)
			}
		}
		move(board.MainKey, "press")
		h.until("listening", inState("listening"))
		move(board.MainKey, "double")
		if v := h.after(time.Second); !v.Mic.KeyMuted || v.Turn.State != "idle" {
			t.Errorf("after a double press %+v", v.Mic)
		}
		move(board.MainKey, "double")
		move("switch", "down")
		if v := h.after(time.Second); !v.Mic.KeyMuted {
			t.Error("the switch does not mute")
		}
		move("switch", "up")
		move(board.VolumeUpKey, "press")
		if v := h.after(time.Second); v.Volume.Voice != 60 || v.Mic.KeyMuted {
			t.Errorf("%+v %+v", v.Volume, v.Mic)
		}
		if err := h.setSensitivity(t.Context(), "okay_nabu", 0.5); err == nil {
			t.Error("took the sensitivity of a word that is not there")
		}
	})
}

func TestControlSocket(t *testing.T) {
	h := newRealHome(t, speaks())
	mux := control.NewMux()
	h.Register(mux)
	path := filepath.Join(t.TempDir(), "s.sock")
	server, err := control.Listen(control.Config{Path: path, Mux: mux})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	c, err := control.Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	states, err := control.Subscribe[control.SatelliteState](c, control.TopicState, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer states.Close()
	until := func(what string, ok func(control.SatelliteState) bool) control.SatelliteState {
		t.Helper()
		for range 200 {
			v, _, err := states.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if ok(v) {
				return v
			}
		}
		t.Fatalf("never %s", what)
		panic("not reached")
	}
	call := func(method string, params any) {
		t.Helper()
		if _, err := control.Call[struct{}](t.Context(), c, method, params); err != nil {
			t.Fatalf("%s: %v", method, err)
		}
	}
	until("up", func(v control.SatelliteState) bool { return v.Link.State == "up" && v.Mic.State == "running" })
	call(control.MethodSay, control.Say{Text: "what time is it"})
	v := until("spoken", func(v control.SatelliteState) bool { return v.Turn.State == "speaking" })
	if v.Turn.Answer != "it is noon" || v.RSSBytes == 0 || v.ID != "org.vapd.satellite.test" {
		t.Errorf("%+v", v)
	}
	call(control.MethodStop, nil)
	until("stopped", inState("idle"))
	call(control.MethodListen, nil)
	until("listening", inState("listening"))
	call(control.MethodMute, control.Switch{On: true})
	until("muted", func(v control.SatelliteState) bool { return v.Mic.NetMuted && v.Turn.State == "idle" })
	loud := 77
	call(control.MethodVolume, control.Volume{Alarm: &loud})
	until("louder", func(v control.SatelliteState) bool { return v.Volume.Alarm == 77 && v.Volume.Voice == 50 })
	tooLoud := 101
	for _, bad := range []struct {
		method string
		params any
	}{
		{control.MethodSay, control.Say{}},
		{control.MethodVolume, control.Volume{Alarm: &tooLoud}},
		{control.MethodKey, control.Key{ID: "?"}},
		{control.MethodSensitivity, control.Sensitivity{Pack: "?"}},
	} {
		if _, err := control.Call[struct{}](t.Context(), c, bad.method, bad.params); err == nil {
			t.Errorf("%s of %+v was taken", bad.method, bad.params)
		}
	}
	if _, err := control.Call[control.SatelliteState](t.Context(), c, control.MethodStatus, nil); err != nil {
		t.Error(err)
	}
}
