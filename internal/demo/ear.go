package demo

import (
	"fmt"
	"time"

	"vapd/audio/meter"
	"vapd/protocol/control"
)

// ear knows how a person in front of a real microphone is doing.
type ear struct {
	since time.Time // of the first look, or of the last time it woke
	woke  int64
	best  float64 // score since then
	loud  float64 // highest peak of the last seconds, in dBFS
	at    time.Time
}

const (
	// patience is how long a person tries before they are helped.
	patience = 10 * time.Second
	// loudFor is how long a peak counts: longer than a pause in speech.
	loudFor = 3 * time.Second
	// fullScale is a peak at which the tops of waves are cut off, in dBFS.
	fullScale = -0.01
)

// see looks at the satellite.
func (e *ear) see(now time.Time, s control.SatelliteState) {
	if e.since.IsZero() {
		e.since, e.woke = now, woken(s)
	}
	if n := woken(s); n != e.woke || s.Turn.State != "idle" {
		e.since, e.woke, e.best = now, n, 0
	}
	for _, w := range s.Words {
		e.best = max(e.best, w.Score)
	}
	if s.Mic.Peak >= e.loud || now.Sub(e.at) > loudFor {
		e.loud, e.at = s.Mic.Peak, now
	}
}

// advice is what to tell the person.
func (e *ear) advice(now time.Time, s control.SatelliteState) []string {
	switch {
	case s.Mic.KeyMuted || s.Mic.NetMuted:
		return []string{"It is muted. Press m."}
	case s.Turn.State != "idle":
		return []string{"Go on: what time is it? Set a timer for five minutes."}
	case len(s.Words) == 0:
		return []string{"Press space, and ask: what time is it?", e.level()}
	case now.Sub(e.since) < patience:
		return []string{fmt.Sprintf("Say: %s, what time is it?", s.Words[0].Word), e.level()}
	}
	return []string{
		fmt.Sprintf("Not heard yet: the best score was %.2f of %.2f. Press r for recordings, space for the key.", e.best, s.Words[0].Cutoff),
		e.level(),
	}
}

// level is what to tell the person about how loud they are.
func (e *ear) level() string {
	level := meter.Level{Peak: e.loud}
	if e.loud >= fullScale {
		level.Clipped = 1
	}
	switch v := level.Judge(); v {
	case meter.NoSignal:
		return "The microphone hears nothing: is it the right one? 'vapd audio devices' lists all, --mic names one."
	case meter.Quiet:
		return "The microphone is too quiet: come nearer, or raise it with alsamixer."
	case meter.Clipping:
		return "The microphone is clipping: lower it with alsamixer."
	default:
		return "The microphone is " + string(v) + "."
	}
}
