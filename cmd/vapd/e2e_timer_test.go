//go:build !vapd_satellite && cgo && !race

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"vapd/protocol/control"
)

// A timer that is paused waits on the satellite, whatever becomes of it and of the hub.
func TestATimerIsPaused(t *testing.T) {
	h := newHome(t, "")
	paused := func(yes bool) func(control.SatelliteState) bool {
		return func(s control.SatelliteState) bool {
			return len(s.Timers) == 1 && s.Timers[0].Paused == yes && s.Link.State == "up"
		}
	}
	h.answers("set a pizza timer for one hour", "Pizza timer set for one hour.")
	h.await("timer", paused(false))
	h.answers("pause the pizza timer", "The pizza timer is paused with ")
	left := h.await("pause", paused(true)).Timers[0].RemainingMS

	_ = h.sat.stop(syscall.SIGKILL)
	_ = h.hub.stop(syscall.SIGKILL)
	h.startHub(h.hubReady.CoAP)
	h.startSatellite()
	if s := h.await("the timer of before", paused(true)); s.Timers[0].RemainingMS != left {
		t.Errorf("of %d ms, %d are left", left, s.Timers[0].RemainingMS)
	}
	h.answers("how long is left", "The pizza timer is paused with ")
	h.answers("resume my timer", "The pizza timer goes on with ")
	h.await("time that passes", func(s control.SatelliteState) bool { return paused(false)(s) && s.Timers[0].RemainingMS < left-500 })
}

// The next rings of an alarm that repeats are on the satellite, and come back when it forgets
// them.
func TestAnAlarmRepeats(t *testing.T) {
	h := newHome(t, "")
	kept := func(n int) func(control.SatelliteState) bool {
		return func(s control.SatelliteState) bool { return len(s.Timers) == n && s.Link.State == "up" }
	}
	h.answers("wake me up every day at seven in the morning", "Alarm set for seven o'clock in the morning every day.")
	before := timerIDs(h.await("alarms", kept(3)))
	_ = h.sat.stop(syscall.SIGKILL)
	if err := os.Remove(filepath.Join(h.dir, "satellite", "timers.json")); err != nil {
		t.Fatal(err)
	}
	h.startSatellite()
	if now := timerIDs(h.await("the alarms of before", kept(3))); !slices.Equal(before, now) {
		t.Errorf("there are %v, and there were %v", now, before)
	}
	h.answers("skip tomorrow's alarm", "No alarm at seven o'clock tomorrow morning.")
	h.answers("when is my alarm", "There is an alarm for seven o'clock in the morning every day")
	h.answers("cancel my alarm", "The alarm for seven o'clock in the morning every day is cancelled for good.")
	h.await("silence", kept(0))
}

// answers types a sentence, whose answer begins as said.
func (h *home) answers(text, answer string) {
	h.t.Helper()
	out, err := vapdOutput("satellite", "say", text, "--control", h.satReady.Control)
	if err != nil || !strings.HasPrefix(out, answer) {
		h.t.Fatalf("%s: %v: %s", text, err, out)
	}
}
