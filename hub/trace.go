package hub

import (
	"context"
	"time"

	"vapd/internal/trace"
	"vapd/protocol/control"
	"vapd/protocol/vap"
)

// controlTrace serves the traces of the last turns.
func (h *Hub) controlTrace(m *control.Mux) {
	control.Handle(m, control.MethodTrace, func(_ context.Context, q trace.Query) ([]trace.Trace, error) {
		return h.traces.Answer(q), nil
	})
}

// traced adds a client's half to a trace. A client can add to its own turns only, and no
// steps but those that there are.
func (h *Hub) traced(client string, c vap.Capability) error {
	t, err := vap.ParseTrace(c)
	if err != nil {
		return err
	}
	half := trace.Half{RoundTrip: t.RoundTrip, Clock: t.Clock, Steps: make(map[string]time.Duration)}
	for _, s := range t.Steps {
		if trace.Known(s.Name) {
			half.Steps[s.Name] = s.After
		}
	}
	h.traces.Join(trace.Key{Client: client, Session: t.Session, Turn: t.Turn}, half)
	return nil
}
