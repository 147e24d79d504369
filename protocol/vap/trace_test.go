package vap

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTrace(t *testing.T) {
	for _, want := range []Trace{
		{Session: 1<<63 + 5, Turn: 7, RoundTrip: 3 * time.Millisecond, Clock: time.UnixMicro(1_790_000_000_000_001).UTC(), Steps: []TraceStep{
			{"word ends", -300 * time.Millisecond}, {"granted", 12345 * time.Microsecond},
		}},
		{Session: 0, Turn: 1},
	} {
		b := AppendNotification(nil, Notification{Capabilities: []Capability{want.Capability()}})
		n, err := ParseNotification(b)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseTrace(n.Capabilities[0])
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%v, -want +got:\n%s", err, d)
		}
	}
	step := func(fields map[string]any) Capability {
		return Capability{Name: CapTrace, Fields: map[string]any{"session": int64(1), "turn": int64(1), "steps": []any{fields}}}
	}
	for name, c := range map[string]Capability{
		"trace.steps":   {Name: CapTrace, Fields: map[string]any{"session": int64(1), "turn": int64(1)}},
		"trace.session": {Name: CapTrace, Fields: map[string]any{"turn": int64(1), "steps": []any{}}},
		"trace.after":   step(map[string]any{"step": "a", "after": int64(1) << 60}),
		"trace.step":    step(map[string]any{"step": strings.Repeat("a", 41), "after": int64(1)}),
	} {
		if _, err := ParseTrace(c); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	long := Trace{Steps: make([]TraceStep, 33)}.Capability()
	if _, err := ParseTrace(long); err == nil {
		t.Error("33 steps are taken")
	}
}
