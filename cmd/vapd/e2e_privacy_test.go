//go:build !vapd_satellite && cgo && !race

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"vapd/audio/wav"
	"vapd/protocol/control"
)

// pinkLED is what the last LED shows while the hub keeps what is said.
const pinkLED = "#c8006e"

func shows(s control.SatelliteState) bool {
	return s.Mic.Recorded && len(s.LEDs) > 0 && s.LEDs[len(s.LEDs)-1] == pinkLED
}

// privacy is what the hub says it keeps.
func (h *home) privacy(t *testing.T) (v control.HubPrivacy) {
	t.Helper()
	if err := json.Unmarshal([]byte(vapdOK(t, "hub", "--control", h.hubReady.Control, "privacy", "--json")), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// ask presses the key and says a sentence; it is turn n.
func (h *home) ask(t *testing.T, n uint32, sentence string) {
	t.Helper()
	if s := h.say(n, spoken(t, sentence)); s.Turn.Heard != sentence {
		t.Fatalf("turn %+v", s.Turn)
	}
}

// say presses the key and lets somebody speak; it is turn n.
func (h *home) say(n uint32, speech []int16) control.SatelliteState {
	h.t.Helper()
	h.call(control.MethodListen, struct{}{})
	h.await("listening", func(s control.SatelliteState) bool { return s.Turn.N == n && s.Turn.State == "listening" })
	h.play(speech)
	return h.answered(n)
}

func TestRecordingIsSeenAndDeleted(t *testing.T) {
	h := newHome(t, "")
	hub := func(args ...string) string {
		return vapdOK(t, append([]string{"hub", "--control", h.hubReady.Control, "privacy"}, args...)...)
	}
	folder := filepath.Join(h.dir, "hub", "recordings")
	h.ask(t, 1, "what time is it")
	if _, err := os.Stat(folder); !os.IsNotExist(err) || !strings.Contains(hub(), "off: nothing that is said is kept") {
		t.Fatalf("recorded before anybody allowed it: %v\n%s", err, hub())
	}

	hub("record", "on", "--for", "1h")
	h.await("a sign that the hub records", shows)
	if v := h.privacy(t); !v.Recording || len(v.Shown) != 1 || len(v.Unable)+len(v.Silent) != 0 || v.Until.IsZero() {
		t.Errorf("%+v", v)
	}
	h.ask(t, 2, "what day is it")
	if list := hub("list"); strings.Count(list, "\n") != 1 || !strings.Contains(list, "what day is it") {
		t.Fatalf("recordings:\n%s", list)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.wav"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, samples, err := wav.Read(bytes.NewReader(data)); err != nil || len(samples) < 8000 || loudest(samples) < 1000 {
		t.Errorf("%d samples, the loudest %d, %v", len(samples), loudest(samples), err)
	}

	// It is on after a restart, which says so, and the satellite shows it again.
	if err := h.hub.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	h.await("no sign while the hub is away", func(s control.SatelliteState) bool { return !s.Mic.Recorded && s.Link.State != "up" })
	h.startHub(h.hubReady.CoAP)
	if !bytes.Contains(h.hub.tail(), []byte("RECORDING")) {
		t.Errorf("the start does not say that recording is on:\n%s", h.hub.tail())
	}
	h.await("the sign after a restart", shows)

	hub("record", "off")
	h.await("no sign", func(s control.SatelliteState) bool { return s.Link.State == "up" && !s.Mic.Recorded && !shows(s) })
	n := h.state().Turn.N
	h.ask(t, n+1, "what time is it")
	if v := h.privacy(t); v.Recording || v.Recordings != 1 {
		t.Errorf("%+v", v)
	}
	if out, err := vapdOutput("hub", "--control", h.hubReady.Control, "privacy", "delete"); err == nil || h.privacy(t).Recordings != 1 {
		t.Errorf("deleted without a yes: %s", out)
	}
	if out := hub("delete", "--yes"); !strings.Contains(out, "1 recordings are deleted") {
		t.Errorf("%s", out)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) || hub("list") != "There are no recordings.\n" {
		t.Errorf("there is something left: %v", err)
	}
	var said []string
	for line := range strings.Lines(vapdOK(t, "hub", "--control", h.hubReady.Control, "audit")) {
		for _, action := range []string{"hub.start", "token.issue", "recording.on", "recording.off", "recording.delete"} {
			if strings.Contains(line, action) && !strings.Contains(line, "begins") {
				said = append(said, action)
			}
		}
	}
	if want := "[hub.start token.issue recording.on hub.start recording.off recording.delete]"; fmt.Sprint(said) != want {
		t.Errorf("the audit log says %v", said)
	}
}

// A satellite that has no light to show it with is not recorded.
func TestWhoCannotShowItIsNotRecorded(t *testing.T) {
	h := newHome(t, "", "--profile", "generic")
	vapdOK(t, "hub", "--control", h.hubReady.Control, "privacy", "record", "on")
	h.ask(t, 1, "what time is it")
	time.Sleep(200 * time.Millisecond) // nothing comes that could be waited for
	if v := h.privacy(t); v.Recordings != 0 || len(v.Unable) != 1 || len(v.Shown) != 0 {
		t.Errorf("%+v", v)
	}
	if out := vapdOK(t, "hub", "--control", h.hubReady.Control, "privacy"); !strings.Contains(out, "can't show it") {
		t.Errorf("%s", out)
	}
}

// The log of a satellite is read on its hub, also what it wrote while the hub was away; but
// not what was said.
func TestTheSatellitesLogIsReadOnTheHub(t *testing.T) {
	h := newHome(t, "", "--set", "log_to_hub=DEBUG")
	logs := func(args ...string) string {
		return vapdOK(t, append([]string{"hub", "--control", h.hubReady.Control, "logs", "--level", "DEBUG"}, args...)...)
	}
	await := func(what string) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); !strings.Contains(logs(), what); time.Sleep(100 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("no %q on the hub within 20 s:\n%s", what, logs())
			}
		}
	}
	await("link state=up")
	h.ask(t, 1, "what time is it")
	await("turn n=1")
	if out := logs(h.satReady.ID); strings.Contains(out, "what time is it") || strings.Contains(out, "It is ") || !strings.Contains(out, h.satReady.ID) {
		t.Errorf("what was said is in the log:\n%s", out)
	}
	if out := logs("nobody"); out != "" {
		t.Errorf("the log of nobody:\n%s", out)
	}
	if err := h.hub.stop(syscall.SIGKILL); err == nil {
		t.Error("it survived")
	}
	h.await("a lost link", func(s control.SatelliteState) bool { return s.Link.State != "up" })
	time.Sleep(time.Second)
	back := time.Now()
	h.startHub(h.hubReady.CoAP)
	await("link state=searching")
	for line := range strings.Lines(logs()) {
		if !strings.Contains(line, "link state=searching") {
			continue
		}
		at, err := time.ParseInLocation(time.DateTime, line[:len(time.DateTime)], time.Local)
		if err != nil || !at.Before(back) {
			t.Errorf("not the satellite's own time: %s", line)
		}
	}
}
