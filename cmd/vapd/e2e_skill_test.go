//go:build !vapd_satellite && cgo && !race

package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"vapd/protocol/control"
)

// A spoken question is answered in speech by a skill in another process, which the hub did
// not know when it started.
func TestASpokenQuestionIsAnsweredByASkill(t *testing.T) {
	h := newHome(t, "")
	dice(t, h.hubReady.CoAP, t.TempDir())
	answered := regexp.MustCompile(`^\d+\.$`)
	const question = "roll a twenty sided dice"
	n := uint32(0)
	for deadline := time.Now().Add(time.Minute); ; {
		n++
		h.played()
		s := h.say(n, spoken(t, question))
		if s.Turn.Heard == question && answered.MatchString(s.Turn.Answer) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("turn %+v", s.Turn)
		}
	}
	if p := loudest(h.played()); p < 1000 {
		t.Errorf("the loudest sample of the answer is %d", p)
	}
	// Its question is answered without another key or word.
	h.call(control.MethodListen, struct{}{})
	h.await("listening", func(s control.SatelliteState) bool { return s.Turn.N == n+1 && s.Turn.State == "listening" })
	h.play(spoken(t, "roll a one sided dice"))
	n += 2
	h.await("listening for the answer", func(s control.SatelliteState) bool { return s.Turn.N == n && s.Turn.State == "listening" })
	h.play(spoken(t, question))
	if s := h.answered(n); s.Turn.Heard != question || !answered.MatchString(s.Turn.Answer) {
		t.Errorf("turn %+v", s.Turn)
	}
	// And what the hub itself understands is heard as before.
	n++
	if s := h.say(n, spoken(t, "what time is it")); !strings.HasPrefix(s.Turn.Answer, "It is ") {
		t.Errorf("turn %+v", s.Turn)
	}
}
