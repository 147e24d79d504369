//go:build !vapd_satellite && cgo && !race

package main

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"vapd/audio"
	"vapd/audio/audiotest"
	"vapd/internal/netns"
	"vapd/internal/netsim"
	"vapd/protocol/control"
)

// lan is a satellite in the test's network namespace, and its hub in another.
type lan struct {
	*home
	turns uint32
}

func newLAN(t *testing.T, hub string) *lan {
	t.Helper()
	h := &lan{home: &home{t: t, dir: t.TempDir()}}
	h.hub = startDaemonOn(t, "far", nil, filepath.Join(h.dir, "hub.log"), &h.hubReady,
		"hub", "--control", filepath.Join(h.dir, "hub.sock"), "run", "--listen", hub, "--state", filepath.Join(h.dir, "hub"), "--set", "security=open")
	t.Cleanup(func() { _ = h.hub.stop(syscall.SIGTERM) })
	format := audio.Format{Rate: audio.WakeRate, Channels: 1}
	card, err := audiotest.New(audiotest.Config{Dir: h.dir, Microphone: format, Speaker: format})
	if err != nil {
		t.Fatal(err)
	}
	h.card = card
	t.Cleanup(card.Close)
	h.satArgs = []string{
		"satellite", "--hub", hub, "--profile", "sim", "--state", filepath.Join(h.dir, "satellite"),
		"--control", filepath.Join(h.dir, "satellite.sock"),
		"--set", "capture.pcm=default", "--set", "playback.pcm=default", "--set", "log_level=DEBUG",
		"--set", "security=open",
	}
	h.startSatellite()
	t.Cleanup(func() {
		_ = h.sat.stop(syscall.SIGTERM)
		if t.Failed() {
			t.Logf("hub:\n%s\nsatellite:\n%s", h.hub.tail(), h.sat.tail())
		}
	})
	h.works()
	return h
}

// works fails unless a sentence is answered.
func (h *lan) works() {
	h.t.Helper()
	h.turns++
	h.call(control.MethodSay, control.Say{Text: "what day is it"})
	if s := h.answered(h.turns); s.Turn.Heard != "what day is it" || s.Turn.Error != "" {
		h.t.Errorf("turn %+v", s.Turn)
	}
}

// shows waits until the link is up or not and the LEDs say the same, and fails when that
// takes longer than limit.
func (h *lan) shows(after string, up bool, limit time.Duration) {
	h.t.Helper()
	start := time.Now()
	for {
		s := h.state()
		dark := true
		for _, led := range s.LEDs {
			dark = dark && led == "#000000"
		}
		if (s.Link.State == "up") == up && dark == up {
			h.t.Logf("%s: up is %v after %v", after, up, time.Since(start))
			return
		}
		if time.Since(start) > limit {
			h.t.Fatalf("%s: after %v the link is %+v, LEDs %v", after, limit, s.Link, s.LEDs)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Limits of the goals. What is seen at once takes some milliseconds; the limit is far
// from that, for the sake of a busy machine, and below what a silent hub takes.
const (
	atOnce    = 2 * time.Second
	silentFor = 5 * time.Second
	recovery  = 3 * time.Second
)

func TestTheLinkFollowsTheNetwork(t *testing.T) {
	if !netns.Inside(t, netns.Cable) {
		return
	}
	h := newLAN(t, "10.77.0.2:5683")
	h.shows("start", true, recovery)

	netns.IP(t, "link set near0 down")
	h.shows("interface down", false, atOnce)
	time.Sleep(5 * time.Second) // some attempts fail
	netns.IP(t, "link set near0 up")
	h.shows("interface up", true, recovery)

	netns.IP(t, "-n far link set far0 down")
	h.shows("cable pulled", false, atOnce)
	netns.IP(t, "-n far link set far0 up")
	h.shows("cable plugged in", true, recovery)
	h.works()

	// DHCP gives another address; the hub has to let the satellite in from there.
	losses := h.state().Link.Losses
	netns.IP(t, "addr add 10.77.0.7/24 dev near0")
	netns.IP(t, "addr del 10.77.0.1/24 dev near0")
	netns.IP(t, "addr replace 10.77.0.7/24 dev near0") // gone with the first one on some kernels
	h.await("link from the new address", func(s control.SatelliteState) bool { return s.Link.Losses > losses })
	h.shows("new address", true, recovery)
	h.works()

	if err := h.hub.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	h.shows("hub silent", false, silentFor)
	time.Sleep(5 * time.Second)
	if err := h.hub.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	h.shows("hub there again", true, recovery)
	h.works()
}

func TestTheHubIsInAnotherSubnet(t *testing.T) {
	if !netns.Inside(t, netns.Routed) {
		return
	}
	h := newLAN(t, "10.77.2.2:5683")
	h.shows("start", true, recovery)
	netns.IP(t, "route del default")
	h.shows("route gone", false, atOnce)
	netns.IP(t, "route add default via 10.77.1.254")
	h.shows("route back", true, recovery)
	h.works()
}

// Datagrams in which bits are flipped end turns, but neither the hub nor the satellite,
// and what comes after them is as ever.
func TestCorruptionDisturbsNobody(t *testing.T) {
	h := newHome(t, "")
	for _, how := range []netsim.Impairment{{Corrupt: 0.2}, {Corrupt: 0.5, Unchecked: true}, {}} {
		for _, d := range []netsim.Direction{netsim.Up, netsim.Down} {
			if err := h.network.Set(d, func(i *netsim.Impairment) { *i = how }); err != nil {
				t.Fatal(err)
			}
		}
		if how.Unchecked {
			for range 10 {
				h.call(control.MethodSay, control.Say{Text: "what day is it"})
				time.Sleep(300 * time.Millisecond)
			}
			h.call(control.MethodStop, struct{}{})
			continue
		}
		h.await("an idle satellite with a link", func(s control.SatelliteState) bool {
			return s.Link.State == "up" && s.Turn.State == "idle"
		})
		n := h.state().Turn.N
		h.call(control.MethodSay, control.Say{Text: "what day is it"})
		if s := h.answered(n + 1); s.Turn.Heard != "what day is it" || s.Turn.Error != "" {
			t.Errorf("%+v: turn %+v", how, s.Turn)
		}
	}
	if _, counts := h.network.Status(netsim.Up); counts.Corrupted < 10 {
		t.Errorf("%+v", counts)
	}
}
