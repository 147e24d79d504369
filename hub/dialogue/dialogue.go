// Package dialogue turns what a person meant into what the hub says and what the
// satellite is to do. It is values only: no I/O, no clock, no goroutine.
package dialogue

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"vapd/skill/say"

	"vapd/hub/intent"
	"vapd/protocol/vap"
	"vapd/wakeword/speaker"
)

// Situation is what an answer depends on.
type Situation struct {
	Now    time.Time // in the zone of the listener
	Timers []vap.TimerState
	Volume vap.Volume
	// TimerID names the timer that this answer may set.
	TimerID string
	// By is who may speak.
	By speaker.Hint
}

// Reply is an answer: words to say, none when there is nothing to say, and capabilities
// for the satellite to carry out. Again asks for another utterance.
type Reply struct {
	Say   string
	Do    []vap.Capability
	Again bool
}

// NotUnderstood is the answer to speech that means nothing to the hub.
func NotUnderstood() Reply { return Reply{Say: "Sorry, I did not understand that."} }

// Answer is the answer to i.
func Answer(i intent.Intent, s Situation) Reply {
	switch i.Kind {
	case intent.TellTime:
		return answer("It is %s.", say.Clock(s.Now))
	case intent.TellDate:
		return answer("It is %s.", say.Date(s.Now))
	case intent.SetTimer:
		return setTimer(i.Duration, s)
	case intent.CancelTimer:
		return cancelTimer(i, s)
	case intent.TellTimer:
		return tellTimers(i.Duration, s)
	case intent.SetVolume:
		return setVolume(i.Volume)
	case intent.ChangeVolume:
		return setVolume(volume(s) + i.Steps*volumeStep)
	case intent.Stop:
		return Reply{Do: []vap.Capability{vap.StopCapability()}}
	case intent.TellSpeaker:
		return tellSpeaker(s.By)
	case intent.Help:
		return answer("You can ask for the time and the date, set a timer, ask how long is left, cancel a timer, " +
			"change the volume, or say stop.")
	}
	return NotUnderstood()
}

// tellSpeaker says who speaks. A voice is a hint, so it says how sure it is.
func tellSpeaker(by speaker.Hint) Reply {
	const sure, likely = 0.8, 0.5
	switch {
	case by.Confidence >= sure:
		return answer("You are %s.", by.Speaker)
	case by.Confidence >= likely:
		return answer("I think that you are %s.", by.Speaker)
	}
	return answer("I do not know your voice.")
}

func answer(format string, args ...any) Reply { return Reply{Say: fmt.Sprintf(format, args...)} }

const (
	// maxTimer and maxTimers are what a satellite keeps (satellite/timer).
	maxTimer  = 7 * 24 * time.Hour
	maxTimers = 32

	volumeStep    = 10
	defaultVolume = 50
)

func setTimer(d time.Duration, s Situation) Reply {
	switch {
	case d > maxTimer:
		return answer("That is too long: a timer runs for a week at most.")
	case len(s.Timers) >= maxTimers:
		return answer("You have too many timers. Cancel one first.")
	}
	r := answer("Timer set for %s.", say.Duration(d))
	r.Do = []vap.Capability{vap.TimerCommand{Action: vap.TimerSet, ID: s.TimerID, Seconds: d.Seconds()}.Capability()}
	return r
}

// which are the timers that d means: those of that length, or all when d is 0.
func which(timers []vap.TimerState, d time.Duration) []vap.TimerState {
	if d == 0 {
		return timers
	}
	return slices.DeleteFunc(slices.Clone(timers), func(t vap.TimerState) bool { return t.Seconds != d.Seconds() })
}

func cancelTimer(i intent.Intent, s Situation) Reply {
	meant := which(s.Timers, i.Duration)
	switch {
	case len(s.Timers) == 0:
		return answer("There is no timer.")
	case len(meant) == 0:
		return answer("There is no timer for %s.", say.Duration(i.Duration))
	case i.All && len(meant) > 1:
		r := answer("All timers are cancelled.")
		r.Do = []vap.Capability{vap.TimerCommand{Action: vap.TimerCancelAll}.Capability()}
		return r
	case len(meant) > 1:
		r := answer("There are %s. Which one? Say, for example, cancel the %s timer, or cancel all timers.",
			lengths(meant), span(meant[0]))
		r.Again = true
		return r
	}
	r := answer("The timer for %s is cancelled.", say.Duration(seconds(meant[0].Seconds)))
	r.Do = []vap.Capability{vap.TimerCommand{Action: vap.TimerCancel, ID: meant[0].ID}.Capability()}
	return r
}

func tellTimers(d time.Duration, s Situation) Reply {
	meant := which(s.Timers, d)
	switch {
	case len(s.Timers) == 0:
		return answer("There is no timer.")
	case len(meant) == 0:
		return answer("There is no timer for %s.", say.Duration(d))
	case len(meant) == 1:
		return answer("%s left.", capital(left(meant[0])))
	}
	parts := make([]string, len(meant))
	for i, t := range meant {
		parts[i] = fmt.Sprintf("%s on the timer for %s", left(t), say.Duration(seconds(t.Seconds)))
	}
	return answer("%s.", capital(say.List(parts)))
}

// left is what remains of a timer, never "nothing": it rings when nothing is left.
func left(t vap.TimerState) string {
	return say.Duration(seconds(max(1, math.Round(t.Remaining))))
}

// span is a timer's length as an adjective: "five minute".
func span(t vap.TimerState) string {
	return strings.NewReplacer("hours", "hour", "minutes", "minute", "seconds", "second").
		Replace(say.Duration(seconds(t.Seconds)))
}

func lengths(timers []vap.TimerState) string {
	parts := make([]string, len(timers))
	for i, t := range timers {
		parts[i] = "one for " + say.Duration(seconds(t.Seconds))
	}
	return fmt.Sprintf("%s timers: %s", say.Number(len(timers)), say.List(parts))
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func volume(s Situation) int {
	if s.Volume.Voice == nil {
		return defaultVolume
	}
	return *s.Volume.Voice
}

// setVolume sets what is heard of the assistant; the alarm keeps its own, so that
// nobody oversleeps since the answers were too loud last night.
func setVolume(v int) Reply {
	v = min(max(v, 0), 100)
	r := answer("Volume %s.", say.Number(v))
	r.Do = []vap.Capability{vap.Volume{Voice: &v, Chime: &v}.Capability()}
	return r
}
