package session

import (
	"time"

	"vapd/audio"
	"vapd/hub/speech"
	"vapd/internal/trace"
)

func (s *Session) key() trace.Key {
	return trace.Key{Client: s.remote.Client().ID, Session: s.remote.ID(), Turn: s.number}
}

// mark notes when a step of the turn was.
func (s *Session) mark(step string, at time.Time) {
	if s.cfg.Traces != nil {
		s.cfg.Traces.Mark(s.key(), trace.Hub, step, at)
	}
}

// markEnd notes when speech ended, as far as its arrival tells, and when that was found.
func (s *Session) markEnd(e *ear) {
	if e.end.Kind == speech.Ended {
		s.mark(trace.SpeechEnds, e.heardAt.Add(-audio.WakeRate.Duration(e.at-e.end.At)))
	}
	s.mark(trace.EndFound, time.Now())
}

// over notes what came of the turn. What was said is no part of it.
func (s *Session) over(result string) {
	if s.cfg.Traces != nil {
		s.cfg.Traces.End(s.key(), result)
	}
}
