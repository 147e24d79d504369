//go:build cgo && linux

package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"vapd/audio"
	"vapd/audio/audiotest"
	"vapd/internal/doctor"
	"vapd/protocol/control"
)

// emptyHome is a home without settings and state for the programs that the test starts.
func emptyHome(t *testing.T) string {
	t.Helper()
	home, err := os.MkdirTemp("", "vapd") // short: sockets are in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	t.Setenv("HOME", home)
	for _, name := range []string{"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"} {
		t.Setenv(name, filepath.Join(home, name))
		if err := os.Mkdir(filepath.Join(home, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"STATE_DIRECTORY", "RUNTIME_DIRECTORY"} {
		t.Setenv(name, "")
	}
	return home
}

// examine runs vapd doctor and returns its results by part and name.
func examine(t *testing.T, args ...string) (map[string]doctor.Finding, int) {
	t.Helper()
	cmd := program(t.Context(), append([]string{"doctor", "--json"}, args...)...)
	out, err := cmd.Output()
	var all []doctor.Result
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	found, bad := make(map[string]doctor.Finding), false
	for _, r := range all {
		found[r.Part+" "+r.Name] = r.Finding
		bad = bad || r.State == doctor.Bad
	}
	if status := statusOf(err); bad != (status == 1) || status > 1 {
		t.Errorf("exit status %d, with something bad: %v", status, bad)
	}
	return found, statusOf(err)
}

// finds is what examine has to find.
func finds(t *testing.T, found map[string]doctor.Finding, name string, state doctor.State, what string) {
	t.Helper()
	if f := found[name]; f.State != state || !strings.Contains(f.What, what) {
		t.Errorf("%s: %+v, want %s with %q", name, f, state, what)
	}
}

// A microphone that is deaf, that hears, and that is clipped, each of a real card.
func TestDoctorMicrophone(t *testing.T) {
	home := emptyHome(t)
	format := audio.Format{Rate: 16000, Channels: 1}
	card := newCard(t, audiotest.Config{Microphone: format, Speaker: format})
	settings := filepath.Join(home, "XDG_CONFIG_HOME", "vapd", "satellite.toml")
	if err := os.Mkdir(filepath.Dir(settings), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(settings, []byte("hub = \"127.0.0.1:9\"\nboard = \"generic\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	found, _ := examine(t)
	finds(t, found, "satellite microphone", doctor.Bad, "deaf")
	finds(t, found, "satellite speaker", doctor.OK, "default")
	finds(t, found, "satellite daemon", doctor.Warn, "does not run")
	finds(t, found, "satellite discovery", doctor.Bad, "127.0.0.1:9 does not answer")
	for name := range found {
		if strings.HasPrefix(name, "hub ") {
			t.Errorf("there is no hub, and it was looked at: %s", name)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	var speaker sync.WaitGroup
	defer speaker.Wait()
	defer cancel()
	var mu sync.Mutex
	said := sine(1600, 1, 8000)
	say := func(s []int16) {
		mu.Lock()
		defer mu.Unlock()
		said = s
	}
	speaker.Go(func() {
		for ctx.Err() == nil {
			mu.Lock()
			s := said
			mu.Unlock()
			_ = card.Microphone.Play(ctx, s)
		}
	})
	found, _ = examine(t, "--satellite")
	finds(t, found, "satellite microphone", doctor.OK, "hears, -1") // -15 dBFS, for all but the first moment
	cut := sine(1600, 1, 60000.0/2)
	for i := range cut { // as an amplifier that is set too high
		cut[i] = int16(min(max(int(cut[i])*8, -32768), 32767))
	}
	say(cut)
	found, _ = examine(t, "--satellite")
	finds(t, found, "satellite microphone", doctor.Bad, "clipped")
}

// Beside a hub and a satellite that run, the doctor asks them.
func TestDoctorRunning(t *testing.T) {
	home := emptyHome(t)
	format := audio.Format{Rate: 16000, Channels: 1}
	newCard(t, audiotest.Config{Microphone: format, Speaker: format})
	var hub control.HubReady
	h := startDaemon(t, nil, filepath.Join(home, "hub.log"), &hub, "hub", "run", "--listen", "127.0.0.1:0",
		"--set", "discoverable=false", "--set", "speech.stt=none", "--set", "speech.tts=none", "--set", "name=home")
	defer func() { _ = h.stop(syscall.SIGKILL) }()
	var satellite control.SatelliteReady
	s := startDaemon(t, nil, filepath.Join(home, "satellite.log"), &satellite, "satellite", "run", "--profile", "sim", "--set", `wake=[{file = "none"}]`, "--hub", hub.CoAP)
	defer func() { _ = s.stop(syscall.SIGKILL) }()
	awaitSatellite(t, satellite.Control, "link", func(v control.SatelliteState) bool {
		return v.Link.State == "up" && v.Mic.State == "running"
	})
	t.Setenv("VAPD_SATELLITE_HUB", hub.CoAP)
	found, _ := examine(t)
	for _, name := range []string{"hub daemon", "satellite daemon", "hub store", "hub disk", "satellite disk", "satellite link", "satellite round trip"} {
		finds(t, found, name, doctor.OK, "")
	}
	finds(t, found, "hub engines", doctor.Bad, `speech.stt is "none"`)
	finds(t, found, "hub satellites", doctor.OK, "1 known, 1 connected")
	finds(t, found, "satellite discovery", doctor.OK, "as configured")
	finds(t, found, "satellite pairing", doctor.OK, "on this machine")
	finds(t, found, "satellite microphone", doctor.Bad, "deaf") // nobody plays anything into it
	finds(t, found, "satellite drivers", doctor.Warn, "no wake word")

	if _, err := vapdOutput("satellite", "--control", satellite.Control, "mute", "on"); err != nil {
		t.Error(err)
	}
	awaitSatellite(t, satellite.Control, "mute", func(v control.SatelliteState) bool { return v.Mic.NetMuted })
	if err := h.stop(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	awaitSatellite(t, satellite.Control, "loss", func(v control.SatelliteState) bool { return v.Link.State == "searching" })
	found, _ = examine(t)
	finds(t, found, "satellite microphone", doctor.Skipped, "mute off")
	finds(t, found, "satellite link", doctor.Bad, "no hub")
	finds(t, found, "satellite round trip", doctor.Skipped, "no hub")
	finds(t, found, "hub daemon", doctor.Warn, "does not run")
	finds(t, found, "hub port", doctor.OK, "free")
}
