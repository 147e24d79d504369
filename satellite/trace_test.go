package satellite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vapd/internal/trace"
	"vapd/protocol/vap"
	"vapd/satellite/turn"
)

func TestStepsOfATurn(t *testing.T) {
	began := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	after := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	r := turn.Report{
		SinceWord: 300 * time.Millisecond, Began: began, Sent: after(2), Granted: after(40), Listened: after(900),
		Answered: after(1100), Sounded: after(1110), Spoke: after(1130), Over: after(2500),
	}
	r.Wake = new(turn.Wake)
	all := steps(r)
	if all[0] != (trace.Step{Name: trace.WordEnds, At: after(-300)}) || all[1].At != began {
		t.Errorf("the wake word: %+v", all[:2])
	}
	if !slices.IsSortedFunc(all, func(a, b trace.Step) int { return a.At.Compare(b.At) }) {
		t.Errorf("not in the order of time: %+v", all)
	}
	for _, s := range all {
		if !trace.Known(s.Name) {
			t.Errorf("no hub takes the step %q", s.Name)
		}
	}
	r.Wake, r.Spoke = nil, time.Time{}
	for _, s := range steps(r) {
		never := s.Name == trace.WordEnds || s.Name == trace.WakeHeard || s.Name == trace.PlaybackBegan
		if s.At.IsZero() != never {
			t.Errorf("%s without a word and a voice: %v", s.Name, s.At)
		}
	}
}

func TestOutcome(t *testing.T) {
	for want, err := range map[string]error{
		"answered":           nil,
		"cancelled":          fmt.Errorf("turn: %w", context.Canceled),
		"failed":             errors.New("what time is it"), // no words in a trace
		"refused: focusLost": &vap.Error{Type: vap.TypeFocusLost},
		"refused":            &vap.Error{Type: "\x1b[2Jevil"},
	} {
		if got := outcome(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
	if isWord(strings.Repeat("a", 41)) {
		t.Error("a long word passes")
	}
}
