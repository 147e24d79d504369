//go:build !vapd_satellite && cgo && !race

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"vapd/internal/sharedtest"
	"vapd/internal/trace"
	"vapd/protocol/control"
)

// addLook gives the hub a model for "Okay Nabu", and starts it again. It is that of another
// word where nobody shall be believed.
func (h *home) addLook(t *testing.T, model string) {
	t.Helper()
	dir := t.TempDir()
	data, err := os.ReadFile(sharedtest.Path(t, "models", model+".tflite"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "large.tflite"), data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := os.ReadFile(sharedtest.Path(t, "models", "okay_nabu.json"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "large.json"), []byte(strings.ReplaceAll(string(manifest), "okay_nabu.tflite", "large.tflite")), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := h.hub.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	h.await("no link", func(s control.SatelliteState) bool { return s.Link.State != "up" })
	out := vapdOK(t, "hub", "wake", "add", filepath.Join(dir, "large.json"), "--state", filepath.Join(h.dir, "hub"))
	if !strings.Contains(out, `added large: the hub looks again at "Okay Nabu"`) {
		t.Errorf("%s", out)
	}
	h.startHub(h.hubReady.CoAP)
	h.await("the link", func(s control.SatelliteState) bool { return s.Link.State == "up" })
}

func (h *home) looks(t *testing.T) control.HubLooks {
	t.Helper()
	s, err := control.Call[control.HubStatus](t.Context(), dial(t, h.hubReady.Control), control.MethodHubStatus, struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	return s.Looks
}

func TestASecondLookThatAgreesIsNotNoticed(t *testing.T) {
	h := newHome(t, "okay_nabu")
	h.addLook(t, "okay_nabu")
	h.play(silence(1500 * time.Millisecond))
	h.order(t, "what time is it")
	if s := h.answered(1); s.Turn.Heard != "what time is it" || s.Turn.Error != "" {
		t.Errorf("turn %+v", s.Turn)
	}
	if n := h.looks(t); n.Accepted != 1 || n.Rejected != 0 || !slices.Contains(n.Words, "Okay Nabu") {
		t.Errorf("%+v", n)
	}
}

// Nobody hears or sees anything of a wake word that the hub rejects; the owner finds it.
func TestARejectedWakeWordIsSilent(t *testing.T) {
	h := newHome(t, "okay_nabu")
	h.addLook(t, "hey_mycroft")
	hub := func(args ...string) string {
		return vapdOK(t, append([]string{"hub", "--control", h.hubReady.Control}, args...)...)
	}
	hub("privacy", "wakes", "on", "--for", "1h")
	h.await("a sign that something may be kept", shows)
	h.play(silence(1500 * time.Millisecond))
	h.played()
	h.order(t, "what time is it")
	s := h.await("a refusal", func(s control.SatelliteState) bool { return s.Turn.N == 1 && s.Turn.State == "idle" })
	if !strings.Contains(s.Turn.Error, "wakewordRejected") || s.Turn.Answer != "" || s.Turn.Heard != "" {
		t.Errorf("turn %+v", s.Turn)
	}
	h.play(silence(time.Second)) // in which something could sound
	if p := loudest(h.played()); p != 0 {
		t.Errorf("the satellite played something, as loud as %d", p)
	}
	for _, led := range h.state().LEDs[:len(h.state().LEDs)-1] { // the last one shows that something may be kept
		if led != "#000000" {
			t.Errorf("it shows %v", h.state().LEDs)
			break
		}
	}
	if n := h.looks(t); n.Rejected != 1 || n.Accepted+n.Late+n.Incomplete != 0 {
		t.Errorf("%+v", n)
	}
	if out := hub("trace"); !strings.Contains(out, "refused: wakewordRejected, 0.") || !strings.Contains(out, trace.SecondLook) {
		t.Errorf("the trace is:\n%s", out)
	}

	var kept struct {
		ID   string `json:"id"`
		File string `json:"file"`
		Said bool   `json:"said"`
	}
	find := func() {
		t.Helper()
		if err := json.Unmarshal([]byte(hub("wake", "list", "--json")), &kept); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(kept.File); err != nil || info.Mode().Perm() != 0o600 || info.Size() < 30_000 {
			t.Errorf("%s: %v, %v", kept.File, info, err)
		}
	}
	find()
	hub("wake", "good", kept.ID)
	if find(); !kept.Said || !strings.HasSuffix(filepath.Dir(kept.File), "wakes/positive/okay_nabu") {
		t.Errorf("%+v", kept)
	}
	hub("wake", "bad", kept.ID)
	if find(); kept.Said || !strings.HasSuffix(filepath.Dir(kept.File), "wakes/negative") {
		t.Errorf("%+v", kept)
	}
	if out, err := vapdOutput("hub", "--control", h.hubReady.Control, "wake", "good", "nobody"); err == nil || !strings.Contains(out, "no such wake") {
		t.Errorf("%v: %s", err, out)
	}
	if v := h.privacy(t); !v.Wakes.Recording || v.Wakes.Recordings != 1 || v.Recording || v.Recordings != 0 {
		t.Errorf("%+v", v)
	}
	if out := hub("privacy"); !strings.Contains(out, "kept wakes  1, ") || !strings.Contains(out, "off: nothing that is said is kept") {
		t.Errorf("%s", out)
	}
	hub("privacy", "wakes", "off")
	h.await("no sign", func(s control.SatelliteState) bool { return !shows(s) })
	if out := hub("privacy", "delete", "--yes"); !strings.Contains(out, "1 recordings are deleted") || !strings.Contains(hub("wake", "list"), "There are none") {
		t.Errorf("%s", out)
	}
	if out := hub("audit"); !strings.Contains(out, "wakes.on") || !strings.Contains(out, "wakes.off") {
		t.Errorf("%s", out)
	}
}
