package vap

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"
)

// Whatever bytes come, nothing panics, and what was understood is understood again
// after it was encoded.
func FuzzMessages(f *testing.F) {
	f.Add(fromHex(f, goldenConnectNamed))
	f.Add(fromHex(f, goldenConnectArray))
	f.Add(AppendSessionStart(nil, SessionStart{Session: 1, HasSession: true, Capabilities: []Capability{Wakeword{Word: "hey", Audio: []byte{1}}.Capability()}}))
	f.Add(AppendSessionData(nil, SessionData{Session: 1, HasSession: true, Seq: 3, Last: true, Capabilities: []Capability{Sound{Data: []byte{1, 2}}.Capability()}}))
	f.Add(AppendAnswer(nil, Answer{EndSession: true, Capabilities: []Capability{TextCapability(CapVoice, "yes"), TimersCapability([]TimerState{{ID: "a"}})}}))
	f.Add(AppendClientClose(nil, ClientClose{ClientID: "a"}))
	f.Add((&Error{Code: 132, Type: TypeNotFound, Object: "x"}).Response().Body)
	f.Add(AppendNotification(nil, Notification{Capabilities: []Capability{NearMiss{Word: "hey", Pack: "p", Score: 0.4, Cutoff: 0.7, End: 2, Sound: []int16{1, -2, 3}}.Capability()}}))
	f.Add(bytes.Repeat([]byte{0x91}, 100))
	f.Fuzz(func(t *testing.T, b []byte) {
		again(t, b, AppendConnect, ParseConnect)
		again(t, b, AppendConnected, ParseConnected)
		again(t, b, AppendSessionStart, ParseSessionStart)
		again(t, b, AppendSessionStarted, ParseSessionStarted)
		again(t, b, AppendSessionData, ParseSessionData)
		again(t, b, AppendAnswer, ParseAnswer)
		again(t, b, AppendNotification, ParseNotification)
		again(t, b, AppendClientClose, ParseClientClose)
		parseError(b)
		if n, err := ParseNotification(b); err == nil {
			for _, c := range n.Capabilities {
				parseAll(c)
			}
		}
	})
}

func again[M any](t *testing.T, b []byte, appendTo func([]byte, M) []byte, parse func([]byte) (M, error)) {
	m, err := parse(b)
	if err != nil {
		return
	}
	first := appendTo(nil, m)
	m, err = parse(first)
	if err != nil {
		t.Fatalf("%x was encoded as %x: %v", b, first, err)
	}
	if second := appendTo(nil, m); !bytes.Equal(first, second) {
		t.Fatalf("%x, then %x", first, second)
	}
}

// parseAll reads c as every kind of capability.
func parseAll(c Capability) {
	for _, name := range []string{
		CapWakeword, CapSound, CapChime, CapText, CapVoice, CapHeard, CapListen, CapVolume,
		CapTimer, CapMute, CapLED, CapRecording, CapLog, CapTrace, CapNearMiss,
	} {
		c.Name = name
		_, _ = ParseWakeword(c)
		if s, err := ParseSound(c); err == nil {
			s.Duration()
		}
		_, _ = ParseChime(c)
		_, _ = ParseText(c)
		_, _ = ParseListen(c)
		_, _ = ParseVolume(c)
		_, _ = ParseTimerCommand(c)
		_, _ = ParseTimers(c)
		_, _ = ParseMute(c)
		_, _ = ParseLED(c)
		_, _ = ParseRecording(c)
		_, _ = ParseLog(c)
		_, _ = ParseTrace(c)
		if n, err := ParseNearMiss(c); err == nil {
			again, err := ParseNearMiss(n.Capability())
			if err != nil || !reflect.DeepEqual(again, n) || len(n.Sound) > MaxNearMiss {
				panic(fmt.Sprintf("%+v became %+v, %v", n, again, err))
			}
		}
	}
}
