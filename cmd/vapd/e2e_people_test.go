//go:build !vapd_satellite && cgo && !race

package main

import (
	"strings"
	"syscall"
	"testing"

	"vapd/protocol/control"
)

// Somebody lets the hub know their voice, as it is heard by the satellite, and is known by
// it; others are not, and may be refused.
func TestTheHubKnowsWhoSpeaks(t *testing.T) {
	h := newHome(t, "")
	hub := func(args ...string) string {
		t.Helper()
		return vapdOK(t, append([]string{"hub", "--control", h.hubReady.Control}, args...)...)
	}
	n := uint32(0)
	ask := func(voice, sentence string) control.SatelliteState {
		t.Helper()
		n++
		return h.say(n, spokenBy(t, voice, sentence))
	}
	if s := ask("rms", "who is speaking"); s.Turn.Answer != "I do not know your voice." {
		t.Errorf("%+v", s.Turn)
	}

	var out string
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		out, err = vapdOutput("hub", "--control", h.hubReady.Control, "people", "add", "Rita", "--yes")
	}()
	for open := true; open && n < 12; {
		ask("rms", "set a timer for twenty five minutes and thirty seconds")
		select {
		case <-done:
			open = false
		default:
		}
	}
	select {
	case <-done:
	default:
		t.Fatal("after ten sentences the voice is not known")
	}
	if err != nil || !strings.Contains(out, `"set a timer for twenty five minutes and thirty seconds": good, `) || !strings.HasSuffix(out, "The hub knows the voice of Rita.\n") {
		t.Fatalf("%v\n%s", err, out)
	}
	if s := ask("rms", "who is speaking"); !strings.HasSuffix(s.Turn.Answer, "ou are Rita.") {
		t.Errorf("%+v", s.Turn)
	}
	if s := ask("slt", "who is speaking"); strings.HasSuffix(s.Turn.Answer, "ou are Rita.") {
		t.Errorf("%+v", s.Turn)
	}
	if out := hub("people"); !strings.Contains(out, "Rita  since ") {
		t.Errorf("%s", out)
	}
	if out := hub("privacy"); !strings.Contains(out, "known of Rita; ") {
		t.Errorf("%s", out)
	}

	if err := h.hub.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	h.await("no link", func(s control.SatelliteState) bool { return s.Link.State != "up" })
	h.startHub(h.hubReady.CoAP, "--set", "focus.require_speaker=true", "--set", "focus.speaker_confidence=0.5")
	h.await("the link", func(s control.SatelliteState) bool { return s.Link.State == "up" })
	if s := ask("slt", "set a timer for twenty five minutes"); !strings.Contains(s.Turn.Error, "userNotAuthorized") || s.Turn.Heard != "" || s.Turn.Answer != "" {
		t.Errorf("%+v", s.Turn)
	}
	if s := ask("rms", "set a timer for twenty five minutes"); s.Turn.Answer != "Timer set for twenty five minutes." {
		t.Errorf("%+v", s.Turn)
	}
	if out := hub("status"); !strings.Contains(out, "1 known; 1 utterances named, 1 unsure, 0 too short; who is not known with 0.50 is refused: 1") {
		t.Errorf("%s", out)
	}

	hub("people", "forget", "Rita")
	if out := hub("people"); !strings.Contains(out, "The hub knows nobody's voice.") {
		t.Errorf("%s", out)
	}
	if s := ask("rms", "stop"); !strings.Contains(s.Turn.Error, "userNotAuthorized") {
		t.Errorf("%+v", s.Turn)
	}
	if out := hub("audit"); !strings.Contains(out, "people.add") || !strings.Contains(out, "people.hear") || !strings.Contains(out, "people.forget") {
		t.Errorf("%s", out)
	}
}
