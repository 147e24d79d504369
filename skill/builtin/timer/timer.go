// Package timer is a skill that keeps timers and alarms: "set a pizza timer for ten minutes",
// "how long is left", "wake me at half past six", "snooze". They live on the satellite that
// was told, which rings without a hub. An alarm is a timer that rings at a time of the clock,
// and one that repeats is a series of them, of which the satellite has the next ones.
package timer

import (
	"context"
	"crypto/rand"
	"embed"
	"math"
	"strings"
	"sync"
	"time"

	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/say"
)

//go:embed *.toml
var manifest embed.FS

// ID is the skill's.
const ID = "org.vapd.timer"

const (
	// longest and most are what a satellite keeps (satellite/timer).
	longest = 7 * 24 * time.Hour
	most    = 32
	// alarmID is how the ids of alarms begin.
	alarmID = "alarm-"
)

// timers is the skill.
type timers struct {
	*skill.Skill
	asked skill.Recent[question] // that wait for an answer
	rang  skill.Recent[ring]     // what began to ring last

	changing sync.Mutex // held while what is kept of series changes
}

// New makes the skill.
func New(options ...func(*skill.Config)) *skill.Skill {
	s := &timers{
		Skill: skill.New(ID, manifest, options...),
		asked: skill.Recent[question]{Age: patience}, rang: skill.Recent[ring]{Age: drowsy},
	}
	for intent, h := range map[string]skill.Handler{
		"set": s.set, "set_one": s.set, "left": s.left, "add": s.add, "cancel": s.cancel, "cancel_all": s.cancelAll,
		"which": s.which, "which_all": s.whichAll,
		"alarm": s.alarm, "alarms": s.alarms, "cancel_alarm": s.cancelAlarm, "cancel_alarms": s.cancelAlarms, "snooze": s.snooze,
		"pause": s.pause, "pause_all": s.pauseAll, "resume": s.resume, "resume_all": s.resumeAll,
		"repeat": s.repeat, "skip": s.skip,
	} {
		s.Handle(intent, onSatellite(h))
	}
	s.On(vap.EventTimerFinished, s.finished)
	s.On(vap.EventClientJoined, s.joined)
	s.On(vap.EventStarted, s.started)
	s.Every(refresh, s.adjustAll)
	return s.Skill
}

// onSatellite says why nothing is done where nothing could ring, as for a sentence that was
// typed at the hub.
func onSatellite(h skill.Handler) skill.Handler {
	return func(ctx context.Context, r *skill.Request) (skill.Answer, error) {
		a, err := h(ctx, r)
		if skill.NotFound(err) {
			return skill.Say("There is no satellite here that could ring."), nil
		}
		return a, err
	}
}

// state is a timer or an alarm, as it is at now; of a series, one of its rings.
type state struct {
	vap.TimerState
	now    time.Time
	series *series // nil for what rings once
}

func (t state) length() time.Duration { return seconds(t.Seconds) }

// left is what remains, never nothing: then it rings.
func (t state) left() string { return say.Duration(seconds(max(1, math.Round(t.Remaining)))) }

// at is when it rings, to the minute: what satellites tell is a little late.
func (t state) at() time.Time { return t.now.Add(seconds(t.Remaining)).Round(time.Minute) }

func (t state) isAlarm() bool { return strings.HasPrefix(t.ID, alarmID) }

// String is what people call it: "pizza timer", "timer for five minutes", "alarm for noon
// today".
func (t state) String() string {
	switch {
	case t.isAlarm():
		return "alarm for " + t.when()
	case t.Label != "":
		return t.Label + " timer"
	}
	return "timer for " + say.Duration(t.length())
}

// when is when an alarm rings: once, or always. Of a series that leaves a day out before it
// rings, it is both.
func (t state) when() string {
	once := say.When(t.at(), t.now)
	switch {
	case t.series == nil:
		return once
	case t.series.pauses(t.now):
		return t.series.String() + ", next at " + once
	}
	return t.series.String()
}

// one is what it is among others.
func (t state) one() string {
	switch {
	case t.isAlarm():
		return "one for " + t.when()
	case t.Label != "":
		return "one called " + t.Label
	}
	return "one for " + say.Duration(t.length())
}

// set is the command that starts it again, for d.
func (t state) set(d time.Duration) vap.Capability {
	return vap.TimerCommand{Action: vap.TimerSet, ID: t.ID, Label: t.Label, Seconds: d.Seconds()}.Capability()
}

// do is the command that does something to it.
func (t state) do(action vap.TimerAction) vap.Capability {
	return vap.TimerCommand{Action: action, ID: t.ID}.Capability()
}

// alone is a sentence of how far it is.
func (t state) alone() string {
	switch {
	case t.Ringing, t.Paused:
		return say.Capital(t.progress()) + "."
	case t.Label == "":
		return say.Capital(t.left()) + " left."
	}
	return say.Capital(t.left()) + " left on " + the(t) + "."
}

// progress is how far one is among others.
func (t state) progress() string {
	switch {
	case t.Ringing:
		return the(t) + " is ringing"
	case t.Paused:
		return the(t) + " is paused with " + t.left() + " left"
	}
	return t.left() + " on " + the(t)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// newID is one that no other timer has.
func newID() string { return rand.Text()[:8] }

// name is how people call a timer, in a slot.
func name(r *skill.Request) string {
	n := strings.ToLower(r.Text("name"))
	for _, article := range []string{"the ", "a ", "an ", "my ", "our "} {
		n = strings.TrimPrefix(n, article)
	}
	n = strings.TrimSpace(strings.TrimSuffix(n, " timer"))
	if n == "me" || n == "us" || n == "please" { // "for me"
		return ""
	}
	return n
}

// length is how long a timer is that somebody speaks of; 0 when they did not say.
func length(r *skill.Request) time.Duration {
	d, ok := r.Duration("length")
	if !ok {
		d, _ = r.Duration("unit")
	}
	return d
}

// meant are those of timers that a request speaks of, and what it calls them: all when it
// does not say.
func meant(all []state, r *skill.Request) (some []state, called string) {
	n, d := name(r), length(r)
	if n == "" {
		n = mentioned(all, r.Input)
	}
	switch {
	case n != "":
		return among(all, func(t state) bool { return strings.EqualFold(t.Label, n) }), n + " timer"
	case d != 0:
		return among(all, func(t state) bool { return t.length() == d }), "timer for " + say.Duration(d)
	}
	return all, kindTimer
}

// mentioned is the name of a timer that is in a sentence, since the hub finds only names that
// the manifest lists; "" when there is none.
func mentioned(all []state, sentence string) string {
	words := " " + strings.Join(strings.FieldsFunc(strings.ToLower(sentence), func(r rune) bool { return strings.ContainsRune(" .,!?", r) }), " ") + " "
	for _, t := range all {
		if l := strings.ToLower(t.Label); l != "" && strings.Contains(words, " "+l+" ") {
			return l
		}
	}
	return ""
}

func among(all []state, is func(state) bool) (some []state) {
	for _, t := range all {
		if is(t) {
			some = append(some, t)
		}
	}
	return some
}

// the are timers with their articles: "the pizza timer", "the timer for five minutes".
func the(t state) string { return "the " + t.String() }
