package satellite

import (
	"context"
	"errors"
	"strings"
	"time"

	"vapd/internal/trace"
	"vapd/protocol/vap"
	"vapd/satellite/turn"
)

// traceWait bounds the report of a turn to the hub, which has its own half meanwhile.
const traceWait = 5 * time.Second

// traced remembers a turn that is over, and tells the hub when its steps were.
func (s *Satellite) traced(r turn.Report) {
	if r.Session == 0 || r.Sent.IsZero() {
		return // nothing of it reached the hub
	}
	s.tally.count(r)
	k := trace.Key{Client: s.cfg.ID, Session: r.Session, Turn: r.N}
	report := vap.Trace{Session: r.Session, Turn: r.N, Clock: r.Sent.UTC()}
	for _, step := range steps(r) {
		if !step.At.IsZero() {
			s.traces.Mark(k, trace.Satellite, step.Name, step.At)
			report.Steps = append(report.Steps, vap.TraceStep{Name: step.Name, After: step.At.Sub(r.Sent)})
		}
	}
	s.traces.End(k, outcome(r.Err))
	_, wanted := vap.FindOffer(s.link.Status().Answer.Capabilities, vap.CapTrace)
	hub, err := s.client.Hub()
	if !wanted || err != nil {
		return
	}
	report.RoundTrip = hub.Stats().RTT
	s.halves.put(report) // one that finds no room is worth no word: the hub has its own half
}

// sendTraces tells the hub of turns that are over.
func (s *Satellite) sendTraces(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.halves.bell:
			for _, t := range s.halves.take() {
				s.sendTrace(ctx, t)
			}
		}
	}
}

func (s *Satellite) sendTrace(ctx context.Context, t vap.Trace) {
	ctx, cancel := context.WithTimeout(ctx, traceWait)
	defer cancel()
	if err := s.client.Notify(ctx, t.Capability()); err != nil {
		s.cfg.Logger.Debug("the hub did not take a trace", "turn", t.Turn, "error", err)
	}
}

// steps are those of a turn; the time of one that never was is zero.
func steps(r turn.Report) []trace.Step {
	word := time.Time{}
	heard := word
	if r.Wake != nil {
		word, heard = r.Began.Add(-r.SinceWord), r.Began
	}
	return []trace.Step{
		{Name: trace.WordEnds, At: word},
		{Name: trace.WakeHeard, At: heard},
		{Name: trace.FirstSent, At: r.Sent},
		{Name: trace.Granted, At: r.Granted},
		{Name: trace.HeardEnough, At: r.Listened},
		{Name: trace.Answered, At: r.Answered},
		{Name: trace.FirstPiece, At: r.Sounded},
		{Name: trace.PlaybackBegan, At: r.Spoke},
		{Name: trace.PlaybackEnded, At: r.Over},
	}
}

// outcome is what came of a turn.
func outcome(err error) string {
	var refusal *vap.Error
	switch {
	case err == nil:
		return "answered"
	case errors.As(err, &refusal) && isWord(refusal.Type):
		return "refused: " + refusal.Type
	case errors.As(err, &refusal):
		return "refused"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	}
	return "failed"
}

// isWord reports whether s, which a hub sent, can be shown and counted as it is.
func isWord(s string) bool {
	return len(s) <= 40 && !strings.ContainsFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') })
}
