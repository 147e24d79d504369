package satellite

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/clientregistry"
	"vapd/protocol/coap"
	"vapd/protocol/control"
	"vapd/protocol/pairing"
	"vapd/protocol/vap"
	"vapd/satellite/hubtest"
)

// everything is what a hub can ask for: each capability as it should be, and without and
// with what does not belong there.
func everything() []vap.Capability {
	loud := 100
	all := []vap.Capability{
		vap.Mute{Muted: false}.Capability(), vap.Mute{Muted: true}.Capability(), vap.Mute{Muted: false}.Capability(),
		vap.Volume{Voice: &loud, Chime: &loud, Alarm: &loud}.Capability(),
		vap.LED{Seconds: 60}.Capability(), vap.LED{Red: 170, Seconds: 60}.Capability(), vap.LED{Green: 255, Seconds: 60}.Capability(),
		vap.LED{Red: 0, Green: 150, Blue: 220, Seconds: 60}.Capability(),
		vap.TimerCommand{Action: vap.TimerSet, ID: "x", Seconds: 0.1}.Capability(),
		vap.Recording{On: true}.Capability(), vap.Recording{On: false}.Capability(),
		vap.StopCapability(), vap.TextCapability(vap.CapText, "open the microphone"), vap.TextCapability(vap.CapVoice, "hello"),
	}
	for _, name := range []string{
		vap.CapWakeword, vap.CapSound, vap.CapChime, vap.CapText, vap.CapVoice, vap.CapHeard, vap.CapListen, vap.CapVolume,
		vap.CapTimer, vap.CapMute, vap.CapStop, vap.CapLED, vap.CapRecording, vap.CapLog, vap.CapNearMiss, "light", "unmute", "key", "pair", "reset",
	} {
		all = append(all,
			vap.Capability{Name: name},
			vap.Capability{Name: name, Fields: map[string]any{"muted": false, "key_muted": false, "keyMuted": false, "on": false, "action": "cancelAll"}},
			vap.Capability{Name: name, Fields: map[string]any{"muted": "no", "red": -1, "seconds": 1e300, "session": 1, "turn": 1, "stream": 1, "data": []byte{1}}})
	}
	return all
}

// paths are those that a satellite may serve, now or by mistake.
func paths() []string {
	return []string{
		"vap/client/notification", "vap/notification", "vap/clientRegistry/notification", "vap/clientRegistry/connect", "vap/clientRegistry/sessionData",
		"vap/pairing/rotate", "vap/pairing/push/hello", "vap/pairing/code/share", "mute", "vap", ".well-known/core", "",
	}
}

// assail sends everything from the hub that the satellite is paired with, from a stranger,
// and garbage; after each it calls check.
func (h *strange) assail(check func(what string)) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.t.Context())
	defer cancel()
	ask := func(peer coap.Peer, path string, body []byte) {
		peer.Start(ctx, &coap.Request{Code: codes.POST, Path: path, Body: body}, func(*coap.Response, error) {})
	}
	stranger, err := coap.Listen(coap.Config{Conn: h.network.Open(netip.MustParseAddrPort("192.0.2.66:6666"))})
	if err != nil {
		h.t.Fatal(err)
	}
	defer stranger.Close()
	inside, there := h.hub.Server.Peer(satelliteID)
	if !there {
		h.t.Fatal("the satellite is not connected")
	}
	for _, peer := range []coap.Peer{inside, stranger.Peer(satelliteAddr)} {
		for _, c := range everything() {
			for _, from := range []string{vap.System, "", "org.evil.skill"} {
				c.From = from
				ask(peer, "vap/notification", vap.AppendNotification(nil, vap.Notification{Capabilities: []vap.Capability{c}}))
			}
			h.after(20 * time.Millisecond)
			check(c.Name)
		}
		for _, path := range paths() {
			ask(peer, path, []byte{0x80})
			ask(peer, path, nil)
		}
	}
	garbage := h.network.Open(netip.MustParseAddrPort("192.0.2.67:6667"))
	defer garbage.Close()
	chance := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		b := make([]byte, 1+chance.IntN(60))
		for i := range b {
			b[i] = byte(chance.Uint32())
		}
		if err := garbage.WritePacket(b, coap.Path{Peer: satelliteAddr}); err != nil {
			h.t.Fatal(err)
		}
	}
	h.after(time.Second)
	check("garbage")
}

// Whatever the satellite's own hub or anybody else sends: who pressed the mute key is not
// heard, and sees it.
func TestTheMuteKeyIsOutOfReach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newStrange(t, approves)
		h.pair()
		h.hub.Change(hubtest.Script{Answer: func(uint32, []clientregistry.Fragment) hubtest.Answer {
			return hubtest.Answer{Capabilities: everything(), Keep: true, Codec: vap.CodecPCM, Rate: 16000, Pieces: pieces(10)}
		}})
		h.happen(MutePressed{})
		h.after(time.Second)
		check := func(what string) {
			t.Helper()
			v := h.view(new(usage))
			if _, capture, _ := h.card.heard(); !v.Mic.KeyMuted || v.LEDs[0] != "#aa0000" || capture {
				t.Fatalf("after %s: muted %v, the first LED %s, captures %v", what, v.Mic.KeyMuted, v.LEDs[0], capture)
			}
		}
		check("the key")
		h.assail(check)
		h.happen(Typed{"answer with everything"})
		for range 200 {
			h.after(20 * time.Millisecond)
			check("an answer")
		}
		h.network.Lose(func(from, _ netip.AddrPort, _ []byte) bool { return from == hubSecured })
		h.after(10 * time.Second)
		check("the hub's end")
		if n := len(h.hub.Sessions()); n != 1 {
			t.Errorf("%d sessions, one of them not asked for", n)
		}
		h.stop()
		h.start()
		h.after(time.Second)
		check("a restart")
	})
}

// While the satellite sends what it hears, the LEDs show that and nothing else, whatever
// the hub asks for; also while it rings and is being paired.
func TestListeningIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newStrange(t, approves)
		h.pair()
		listening := func(led string) bool { // a shade of cyan, or the sign of a recording
			return strings.HasPrefix(led, "#00") && led[3:5] != "00" && led[5:7] > led[3:5] || led == "#c8006e"
		}
		checked := 0
		check := func(what string) {
			t.Helper()
			v := h.view(new(usage))
			if v.Turn.State != "listening" {
				h.happen(ListenPressed{})
				h.happen(PairPressed{})
				h.after(20 * time.Millisecond)
				return
			}
			checked++
			if i := slices.IndexFunc(v.LEDs, func(led string) bool { return !listening(led) }); i >= 0 {
				t.Fatalf("listens, and after %s shows %v", what, v.LEDs)
			}
		}
		h.hub.Change(hubtest.Script{}) // never has heard enough
		check("nothing")
		h.assail(check)
		if checked < 50 {
			t.Errorf("looked %d times only", checked)
		}
	})
}

// A hub can't light the LEDs as the mute key does.
func TestAHubCannotPretendToBeMuted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newStrange(t, approves)
		h.pair()
		h.until("dark", func(v control.SatelliteState) bool { return v.LEDs[0] == "#000000" })
		for _, l := range []vap.LED{{Red: 170, Seconds: 60}, {Red: 255, Green: 20, Blue: 20, Seconds: 60}} {
			if err := h.hub.Server.Notify(t.Context(), satelliteID, l.Capability()); err != nil {
				t.Fatal(err)
			}
			if v := h.after(100 * time.Millisecond); v.LEDs[0] != "#000000" {
				t.Errorf("shows %v", v.LEDs)
			}
		}
	})
}

// Nobody but a person presses the key: a hub that approves by itself gets no satellite.
func TestAHubCannotAgreeForAPerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newStrange(t, approves)
		h.pair() // with this hub, which now wants another pairing
		if err := h.hub.Pairing.OpenPush(); err != nil {
			t.Fatal(err)
		}
		h.happen(PairPressed{})
		h.until("code", pairingIs("comparing"))
		before := h.ring()
		h.assail(func(string) {})
		if v := h.after(pairing.PushWindow); v.Pairing.State == "paired" || h.ring() != before {
			t.Errorf("%+v", v.Pairing)
		}
	})
}

// Open mode is said at each start.
func TestOpenModeIsLoud(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &strange{home: prepare(t), log: new(journal)}
		h.network = hubtest.NewNetwork()
		h.change = func(c *Config) {
			c.Unencrypted, c.Local = true, func(netip.Addr) bool { return false }
			c.Logger = slog.New(slog.NewTextHandler(h.log, nil))
		}
		h.begin(speaks())
		v := h.until("link", func(v control.SatelliteState) bool { return v.Link.State == "up" })
		if v.Link.Encrypted || v.Pairing.Security != "open" || strings.Count(h.log.String(), "level=WARN msg=\"OPEN MODE") != 1 {
			t.Errorf("%+v\n%s", v.Pairing, h.log)
		}
	})
}
