// Package trace follows turns from the wake word to the end of the answer: which step
// happened when, at the satellite and at the hub. There are times in it, and no words.
package trace

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Side is where a step happens.
type Side string

// Sides.
const (
	Satellite Side = "satellite"
	Hub       Side = "hub"
)

// Steps of a satellite.
const (
	WordEnds      = "word ends" // as it was captured
	WakeHeard     = "wake heard"
	FirstSent     = "first fragment sent"
	Granted       = "granted"
	HeardEnough   = "heard enough"
	Answered      = "answer arrives"
	FirstPiece    = "first sound arrives"
	PlaybackBegan = "playback starts"
	PlaybackEnded = "turn ends"
)

// Steps of a hub.
const (
	SessionStart  = "session start arrives"
	FirstFragment = "first fragment arrives"
	SecondLook    = "second look ends" // at the wake word
	Grant         = "session granted"
	SpeechEnds    = "speech ends" // as far as its arrival tells
	EndFound      = "end of speech found"
	Transcript    = "transcript"
	Understood    = "understood"
	FirstAudio    = "first synthesised sound"
	AnswerSent    = "answer sent"
)

// steps are the names of a satellite's steps, in the order in which they are usual.
func steps() []string {
	return []string{WordEnds, WakeHeard, FirstSent, Granted, HeardEnough, Answered, FirstPiece, PlaybackBegan, PlaybackEnded}
}

// Known reports whether a satellite has a step of that name.
func Known(step string) bool { return slices.Contains(steps(), step) }

// Key names a turn.
type Key struct {
	Client  string `json:"client"`
	Session uint64 `json:"session,string"`
	Turn    uint32 `json:"turn"`
}

// Step is one step of a turn.
type Step struct {
	Side Side      `json:"side"`
	Name string    `json:"step"`
	At   time.Time `json:"at"` // by the clock of the machine that has the trace
}

// Trace is one turn.
type Trace struct {
	Key
	Steps  []Step `json:"steps"`            // by time
	Result string `json:"result,omitempty"` // "" while it goes on
	// ClockSeconds is by how much the satellite's clock is ahead of the hub's, in a hub's
	// trace to which the satellite added its half and the time; else nil.
	ClockSeconds *float64 `json:"clock_seconds,omitempty"`
}

// at is when a step happened.
func (t *Trace) at(side Side, name string) (time.Time, bool) {
	for _, s := range t.Steps {
		if s.Side == side && s.Name == name {
			return s.At, true
		}
	}
	return time.Time{}, false
}

// Between is the time from one step to another; false when one of them is missing.
func (t *Trace) Between(from, to string) (time.Duration, bool) {
	var a, b time.Time
	for _, s := range t.Steps {
		switch s.Name {
		case from:
			a = s.At
		case to:
			b = s.At
		}
	}
	return b.Sub(a), !a.IsZero() && !b.IsZero()
}

// size is how many turns a Ring remembers.
const size = 100

// Ring remembers the last turns. The zero value is ready, for any goroutine.
type Ring struct {
	mu  sync.Mutex
	all []*Trace // oldest first
}

// Mark notes a step. Of one that happens twice the first time counts.
func (r *Ring) Mark(k Key, side Side, step string, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.find(k)
	if t == nil {
		t = &Trace{Key: k}
		if len(r.all) == size {
			r.all = slices.Delete(r.all, 0, 1)
		}
		r.all = append(r.all, t)
	}
	t.mark(side, step, at)
}

func (t *Trace) mark(side Side, step string, at time.Time) {
	if _, twice := t.at(side, step); twice {
		return
	}
	t.Steps = append(t.Steps, Step{side, step, at})
	slices.SortStableFunc(t.Steps, func(a, b Step) int { return a.At.Compare(b.At) })
}

// End notes what came of a turn.
func (r *Ring) End(k Key, result string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := r.find(k); t != nil && t.Result == "" {
		t.Result = result
	}
}

func (r *Ring) find(k Key) *Trace {
	for _, t := range slices.Backward(r.all) {
		if t.Key == k {
			return t
		}
	}
	return nil
}

// Half is a satellite's half of a turn. Times are from its step FirstSent on, and
// negative before it.
type Half struct {
	Steps map[string]time.Duration
	// RoundTrip is the one measured between satellite and hub.
	RoundTrip time.Duration
	// Clock is the satellite's time of day at FirstSent; zero while it does not know it.
	Clock time.Time
}

// Join adds a satellite's half to the hub's: false when there is no such turn any more.
//
// The two clocks are put side by side as NTP does it (RFC 5905 section 8), with the first
// fragment as the packet there and the grant as the packet back; a turn without a grant of
// its own takes half of the round trip as the way there. What a way is longer than the
// other is an error of half as much; a first fragment that was lost and sent again adds
// half of its delay.
func (r *Ring) Join(k Key, h Half) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.find(k)
	if t == nil {
		return false
	}
	arrived, ok := t.at(Hub, FirstFragment)
	if !ok {
		return false
	}
	zero := arrived.Add(-h.RoundTrip / 2)
	granted, back := h.Steps[Granted]
	if grant, ok := t.at(Hub, Grant); ok && back {
		latest := grant.Add(-granted) // if the way back took no time
		zero = arrived.Add(latest.Sub(arrived) / 2)
	}
	for _, name := range steps() {
		if at, ok := h.Steps[name]; ok {
			t.mark(Satellite, name, zero.Add(at))
		}
	}
	if !h.Clock.IsZero() {
		ahead := h.Clock.Round(0).Sub(zero.Round(0)).Seconds()
		t.ClockSeconds = &ahead
	}
	return true
}

// Last are the last n turns, the oldest first; n is at least 1.
func (r *Ring) Last(n int) []Trace {
	return r.choose(n, func(*Trace) bool { return true })
}

// Session are the turns of a session.
func (r *Ring) Session(id uint64) []Trace {
	return r.choose(size, func(t *Trace) bool { return t.Session == id })
}

func (r *Ring) choose(n int, want func(*Trace) bool) []Trace {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := []Trace{}
	for _, t := range slices.Backward(r.all) {
		if len(out) < cmp.Or(n, 1) && want(t) {
			c := *t
			c.Steps = slices.Clone(t.Steps)
			out = append(out, c)
		}
	}
	slices.Reverse(out)
	return out
}

// Query asks for traces: those of a session, or the last ones.
type Query struct {
	Session uint64 `json:"session,string,omitempty"`
	Last    int    `json:"last,omitempty"` // 1 when it is 0
}

// Answer answers q.
func (r *Ring) Answer(q Query) []Trace {
	if q.Session != 0 {
		return r.Session(q.Session)
	}
	return r.Last(q.Last)
}
