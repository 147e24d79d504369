package vap

import (
	"math"
	"time"
)

// Trace is when the steps of a turn were at a client. There are no words in it.
type Trace struct {
	Session uint64
	Turn    uint32
	// RoundTrip is the one to the hub as it was measured; 0 when it is not known.
	RoundTrip time.Duration
	// Clock is the time of day at the first fragment; zero while the client does not know
	// it.
	Clock time.Time
	Steps []TraceStep
}

// TraceStep is one step.
type TraceStep struct {
	Name string
	// After is the time from the sending of the first fragment to the step, negative for
	// one before, to a microsecond and at most an hour.
	After time.Duration
}

// Limits of a trace.
const (
	maxTraceSteps = 32
	maxTraceName  = 40 // bytes
	maxTraceTime  = int64(time.Hour / time.Microsecond)
)

// Capability is the trace on the wire.
func (t Trace) Capability() Capability {
	list := make([]any, 0, len(t.Steps))
	for _, s := range t.Steps {
		list = append(list, map[string]any{"step": s.Name, "after": s.After.Microseconds()})
	}
	m := map[string]any{
		"session": t.Session, "turn": t.Turn, "roundTrip": t.RoundTrip.Microseconds(), "steps": list,
	}
	if !t.Clock.IsZero() {
		m["clock"] = t.Clock.UnixMicro()
	}
	return Capability{Name: CapTrace, Fields: m}
}

// ParseTrace reads a capability trace.
func ParseTrace(c Capability) (Trace, error) {
	f := readFields(c, CapTrace)
	t := Trace{Turn: f.uint32("turn", true)}
	if f.has("session", true) {
		t.Session = f.uint64("session", true)
	}
	t.RoundTrip = time.Duration(f.int("roundTrip", false, 0, maxTraceTime)) * time.Microsecond
	if f.has("clock", false) {
		t.Clock = time.UnixMicro(f.int("clock", true, 0, math.MaxInt64/1000)).UTC()
	}
	list, ok := c.Fields["steps"].([]any)
	if f.has("steps", true) && (!ok || len(list) > maxTraceSteps) {
		f.fail(malformed("steps"))
		list = nil
	}
	for _, v := range list {
		m, ok := v.(map[string]any)
		if !ok {
			f.fail(malformed("steps"))
			break
		}
		s := &fields{c: Capability{Name: c.Name, Fields: m}}
		step := TraceStep{
			Name:  s.text("step", true),
			After: time.Duration(s.int("after", true, -maxTraceTime, maxTraceTime)) * time.Microsecond,
		}
		if len(step.Name) > maxTraceName {
			s.fail(malformed("step"))
		}
		if s.err != nil && f.err == nil {
			f.err = s.err
		}
		t.Steps = append(t.Steps, step)
	}
	return t, f.error()
}
