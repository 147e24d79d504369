package vap

import (
	"fmt"
	"log/slog"
	"math"
	"time"
)

// TextCapability is text under one of the names CapText, CapVoice and CapHeard.
func TextCapability(name, text string) Capability {
	return Capability{Name: name, Fields: map[string]any{"text": text}}
}

// ParseText reads the text of a capability text, voice or heard.
func ParseText(c Capability) (string, error) {
	f := &fields{c: c}
	if c.Name != CapText && c.Name != CapVoice && c.Name != CapHeard {
		f.err = malformed(c.Name)
	}
	return f.text("text", true), f.error()
}

// Volume is the loudness of each kind of sound, 0 to 100; nil leaves it.
type Volume struct{ Voice, Chime, Alarm *int }

// Capability is the volume on the wire.
func (v Volume) Capability() Capability {
	m := make(map[string]any, 3)
	for key, p := range map[string]*int{"voice": v.Voice, "chime": v.Chime, "alarm": v.Alarm} {
		if p != nil {
			m[key] = *p
		}
	}
	return Capability{Name: CapVolume, Fields: m}
}

// ParseVolume reads a capability volume.
func ParseVolume(c Capability) (Volume, error) {
	f := readFields(c, CapVolume)
	percent := func(key string) *int {
		if !f.has(key, false) {
			return nil
		}
		v := int(f.int(key, true, 0, 100))
		return &v
	}
	return Volume{Voice: percent("voice"), Chime: percent("chime"), Alarm: percent("alarm")}, f.error()
}

// TimerAction is what a hub asks of a client's timers.
type TimerAction string

// Actions on timers.
const (
	TimerSet       TimerAction = "set"
	TimerCancel    TimerAction = "cancel"
	TimerCancelAll TimerAction = "cancelAll"
	// Since version TimerPauses of the capability.
	TimerPause  TimerAction = "pause"
	TimerResume TimerAction = "resume"
)

// TimerPauses is the version of the capability timer since which timers can be paused. A
// client of before takes TimerPause and TimerResume for a mistake.
const TimerPauses = 2

// Limits of timers.
const (
	maxTimers  = 64
	maxSeconds = 400 * 24 * 3600
)

// TimerCommand is an action on one timer.
type TimerCommand struct {
	Action  TimerAction
	ID      string
	Label   string
	Seconds float64
}

// Capability is the command on the wire.
func (t TimerCommand) Capability() Capability {
	m := map[string]any{"action": string(t.Action)}
	set(m, "id", t.ID)
	set(m, "label", t.Label)
	set(m, "seconds", t.Seconds)
	return Capability{Name: CapTimer, Fields: m}
}

// ParseTimerCommand reads a capability timer that a hub sent.
func ParseTimerCommand(c Capability) (TimerCommand, error) {
	f := readFields(c, CapTimer)
	t := TimerCommand{Action: TimerAction(f.text("action", true))}
	t.ID = f.text("id", t.Action != TimerCancelAll)
	t.Label = f.text("label", false)
	switch t.Action {
	case TimerSet:
		if t.Seconds = f.float("seconds", true, 0, maxSeconds); t.Seconds == 0 {
			f.fail(malformed("seconds"))
		}
	case TimerCancel, TimerCancelAll, TimerPause, TimerResume:
	default:
		f.fail(malformed("action"))
	}
	return t, f.error()
}

// TimerState is one timer of a client as it reports it.
type TimerState struct {
	ID        string
	Label     string
	Seconds   float64 // as it was set
	Remaining float64 // seconds
	Ringing   bool
	Paused    bool // then Remaining stays as it is
}

// TimersCapability is all timers of a client on the wire.
func TimersCapability(timers []TimerState) Capability {
	list := make([]any, 0, len(timers))
	for _, t := range timers {
		m := map[string]any{"id": t.ID, "seconds": t.Seconds, "remaining": t.Remaining}
		set(m, "label", t.Label)
		set(m, "ringing", t.Ringing)
		set(m, "paused", t.Paused)
		list = append(list, m)
	}
	return Capability{Name: CapTimer, Fields: map[string]any{"timers": list}}
}

// ParseTimers reads a capability timer that a client sent: all of its timers.
func ParseTimers(c Capability) ([]TimerState, error) {
	f := readFields(c, CapTimer)
	list, ok := c.Fields["timers"].([]any)
	if f.has("timers", true) && (!ok || len(list) > maxTimers) {
		f.fail(malformed("timers"))
	}
	timers := make([]TimerState, 0, min(len(list), maxTimers))
	for i, v := range list {
		m, ok := v.(map[string]any)
		if f.err != nil || !ok {
			f.fail(malformed("timers"))
			return nil, f.error()
		}
		one := &fields{c: Capability{Name: fmt.Sprintf("timer.timers.%d", i), Fields: m}}
		timers = append(timers, TimerState{
			ID:        one.text("id", true),
			Label:     one.text("label", false),
			Seconds:   one.float("seconds", false, 0, maxSeconds),
			Remaining: one.float("remaining", false, 0, maxSeconds),
			Ringing:   one.bool("ringing", false),
			Paused:    one.bool("paused", false),
		})
		if one.err != nil {
			return nil, one.err
		}
	}
	return timers, f.error()
}

// Mute is the network's mute bit of a client.
type Mute struct{ Muted bool }

// Capability is the bit on the wire.
func (m Mute) Capability() Capability {
	return Capability{Name: CapMute, Fields: map[string]any{"muted": m.Muted}}
}

// ParseMute reads a capability mute.
func ParseMute(c Capability) (Mute, error) {
	f := readFields(c, CapMute)
	return Mute{Muted: f.bool("muted", true)}, f.error()
}

// StopCapability silences whatever sounds on a client. In sessionData, from a client,
// it cancels the session.
func StopCapability() Capability { return Capability{Name: CapStop} }

// LED lights all pixels of a client in one colour for a while.
type LED struct {
	Red, Green, Blue uint8
	Seconds          float64 // more than 0, at most 60
}

const maxLEDSeconds = 60

// Capability is the light on the wire.
func (l LED) Capability() Capability {
	return Capability{Name: CapLED, Fields: map[string]any{
		"red": int(l.Red), "green": int(l.Green), "blue": int(l.Blue), "seconds": l.Seconds,
	}}
}

// ParseLED reads a capability led.
func ParseLED(c Capability) (LED, error) {
	f := readFields(c, CapLED)
	part := func(key string) uint8 { return uint8(f.int(key, true, 0, math.MaxUint8)) }
	l := LED{Red: part("red"), Green: part("green"), Blue: part("blue"), Seconds: f.float("seconds", true, 0, maxLEDSeconds)}
	if l.Seconds == 0 {
		f.fail(malformed("seconds"))
	}
	return l, f.error()
}

// Recording says whether the hub keeps what is said to the client, which shows it.
type Recording struct {
	On bool
	// NearMisses says whether it keeps near misses as well; nil leaves that as it is.
	NearMisses *bool
}

// Capability is the fact on the wire.
func (r Recording) Capability() Capability {
	m := map[string]any{"on": r.On}
	if r.NearMisses != nil {
		m["nearMisses"] = *r.NearMisses
	}
	return Capability{Name: CapRecording, Fields: m}
}

// ParseRecording reads a capability recording.
func ParseRecording(c Capability) (Recording, error) {
	f := readFields(c, CapRecording)
	r := Recording{On: f.bool("on", true)}
	if f.has("nearMisses", false) {
		near := f.bool("nearMisses", true)
		r.NearMisses = &near
	}
	return r, f.error()
}

// Log is a line of a client's log.
type Log struct {
	At      time.Time // UTC; zero when the client does not know the time
	Level   slog.Level
	Message string
}

// Capability is the line on the wire.
func (l Log) Capability() Capability {
	m := map[string]any{"level": l.Level.String(), "message": l.Message}
	if !l.At.IsZero() {
		m["at"] = l.At.UnixMicro()
	}
	return Capability{Name: CapLog, Fields: m}
}

// ParseLog reads a capability log.
func ParseLog(c Capability) (Log, error) {
	f := readFields(c, CapLog)
	l := Log{Message: f.text("message", true)}
	if err := l.Level.UnmarshalText([]byte(f.text("level", true))); err != nil {
		f.fail(malformed("level"))
	}
	if at := f.int("at", false, 0, math.MaxInt64); at > 0 {
		l.At = time.UnixMicro(at).UTC()
	}
	return l, f.error()
}
