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
	h.call(control.MethodListen, struct{}{})
	h.await("listening", func(s control.SatelliteState) bool { return s.Turn.N == n && s.Turn.State == "listening" })
	h.play(spoken(t, sentence))
	if s := h.answered(n); s.Turn.Heard != sentence {
		t.Fatalf("turn %+v", s.Turn)
	}
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
