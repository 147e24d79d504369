package main

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vapd/protocol/control"
)

// The commands reach a satellite that runs, with the flags on both sides of them.
func TestSatelliteControl(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "s.sock")
	var ready control.SatelliteReady
	p := startDaemon(t, nil, filepath.Join(dir, "log"), &ready, "satellite", "run", "--profile", "sim", "--hub", "127.0.0.1:9",
		"--name", "kitchen", "--control", socket, "--state", filepath.Join(dir, "state"), "--set", "capture.pcm=hw:31", "--set", "playback.pcm=none")
	defer func() { _ = p.stop(syscall.SIGKILL) }()
	run := func(want string, args ...string) {
		t.Helper()
		out, err := vapdOutput(append([]string{"satellite", "--control", socket}, args...)...)
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("%v: %v, want %q in:\n%s", args, err, want, out)
		}
	}
	await := func(what string, wanted func(control.SatelliteState) bool) {
		t.Helper()
		awaitSatellite(t, socket, what, wanted)
	}
	run("", "mute", "on")
	await("mute", func(s control.SatelliteState) bool { return s.Mic.NetMuted })
	run("muted: 'vapd satellite mute off' opens it", "status")
	run(`"net_muted":true`, "status", "--json")
	run("", "mute", "off")
	await("end of the mute", func(s control.SatelliteState) bool { return !s.Mic.NetMuted })
	run("", "volume", "40", "--alarm", "90")
	await("volume", func(s control.SatelliteState) bool {
		return s.Volume == control.VolumeView{Voice: 40, Chime: 50, Alarm: 90}
	})
	run("voice 40 %, chime 50 %, alarm 90 %", "volume")
	run("", "volume", "--chime", "0")
	await("silent chime", func(s control.SatelliteState) bool { return s.Volume.Voice == 40 && s.Volume.Chime == 0 })
	run("", "listen")
	run("", "stop")
	for _, c := range []struct{ args, want string }{
		{"say what time is it", "no hub"},
		{"volume 101", "0 to 100"},
		{"mute perhaps", "on"},
		{"sensitivity okay_nabu 0.5", "add it first"},
	} {
		out, err := vapdOutput(append([]string{"satellite", "--control", socket}, strings.Fields(c.args)...)...)
		if statusOf(err) < 1 || !strings.Contains(out, c.want) {
			t.Errorf("%s: %v, want %q in:\n%s", c.args, err, c.want, out)
		}
	}
	if err := p.stop(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if out, err := vapdOutput("satellite", "status", "--control", socket); err == nil || !strings.Contains(out, "start the satellite with 'vapd satellite'") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestShowSatellite(t *testing.T) {
	for name, c := range map[string]struct {
		state control.SatelliteState
		want  []string // lines that begin so, columns apart
	}{
		"busy": {
			control.SatelliteState{
				ID: "org.vapd.satellite.abc", Name: "kitchen", UptimeMS: 3_601_200, RSSBytes: 17_200_000,
				Link: control.LinkView{State: "up", Hub: "home", Address: "192.168.1.2:5683", RTTMS: 3.21, Losses: 2},
				Pairing: control.PairingView{
					Security: "open", Hubs: []control.PairedHub{{ID: "org.vapd.hub.a", Name: "home", As: "org.vapd.satellite.x"}},
					State: "comparing", Hub: "home", Digits: "123 456", Colours: []string{"red", "blue", "blue"},
				},
				Mic:   control.MicView{Device: "hw:1", State: "running", RMS: -41.6, Floor: -70, Reopens: 1, Lost: 160},
				Words: []control.WordView{{Pack: "okay_nabu", Word: "Okay Nabu", Cutoff: 0.97, Woke: 3, NearMiss: 0.9, NearMissAgoMS: 61_000}},
				Turn:  control.TurnView{N: 7, State: "speaking", Heard: "what time is it", Answer: "It is ten."},
				Timers: []control.TimerView{
					{ID: "t1", Label: "tea", TotalMS: 300_000, RemainingMS: 90_000},
					{ID: "t2", TotalMS: 1000, Ringing: true},
					{ID: "t3", TotalMS: 60_000, RemainingMS: 30_000, Paused: true},
				},
				Volume:  control.VolumeView{Voice: 60, Chime: 50, Alarm: 80},
				Drivers: []control.DriverView{{Name: "leds", State: "failed", Reason: "no SPI"}, {Name: "keys", State: "loaded"}},
			},
			[]string{
				"satellite kitchen (org.vapd.satellite.abc), up for 1h0m1s, 17.2 MB",
				"link up, hub home at 192.168.1.2:5683, NOT encrypted, round trip 3.2 ms, lost 2 times",
				"pairing OPEN MODE: any hub, without encryption; paired with hub home (org.vapd.hub.a) as org.vapd.satellite.x; does hub home show 123 456 (red, blue, blue)?",
				"microphone hw:1, running, level -42 dB, noise -70 dB, opened again 1 times, 160 frames lost",
				"wake word Okay Nabu (okay_nabu), cutoff 0.97, woke 3 times, came to 0.90 1m1s ago",
				`turn speaking, turn 7, heard "what time is it", answered "It is ten."`,
				"timer tea: 1m30s of 5m0s left",
				"timer t2: rings",
				"timer t3: 30s of 1m0s left, paused",
				"volume voice 60 %, chime 50 %, alarm 80 %",
				"leds failed: no SPI",
				"keys loaded",
			},
		},
		"lost": {
			control.SatelliteState{
				Link: control.LinkView{State: "denied", Hub: "10.0.0.1:5683", Address: "10.0.0.1:5683", RTTMS: -1, Why: "the owner refuses it"},
				Mic:  control.MicView{Device: "default", State: "failed", KeyMuted: true, NetMuted: true},
				Turn: control.TurnView{N: 1, State: "idle", Error: "focusLost"},
			},
			[]string{
				"satellite (), up for 0s, 0.0 MB",
				"link denied, hub 10.0.0.1:5683: the owner refuses it",
				"pairing with no hub yet: run 'vapd hub pair' there and 'vapd satellite pair' here",
				"microphone default, muted on the device",
				"wake word none: add one with 'vapd wake add', or press the key",
				"turn idle, turn 1, failed: focusLost",
				"volume voice 0 %, chime 0 %, alarm 0 %",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			if err := showSatellite(&out, c.state); err != nil {
				t.Fatal(err)
			}
			var got []string
			for line := range strings.Lines(out.String()) {
				got = append(got, strings.Join(strings.Fields(line), " "))
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}
