//go:build !vapd_satellite

package main

import (
	"bytes"
	"testing"
	"time"

	"vapd/protocol/control"
)

func TestHubWatchShows(t *testing.T) {
	at := time.Date(2026, 11, 26, 12, 30, 15, 0, time.UTC)
	const kitchen, dice = "org.vapd.kitchen", "org.example.dice"
	for want, e := range map[string]control.HubEvent{
		"org.vapd.kitchen (Kitchen) connected from 10.0.0.2:40000": {
			Kind: control.EventJoined, Client: kitchen, Name: "Kitchen", Address: "10.0.0.2:40000",
		},
		"org.vapd.kitchen left: it said goodbye":            {Kind: control.EventLeft, Client: kitchen, Why: "it said goodbye"},
		"org.vapd.kitchen is not listened to: focusLost":    {Kind: control.EventRefused, Client: kitchen, Why: "focusLost"},
		"org.vapd.kitchen got no answer: no engine":         {Kind: control.EventFailed, Client: kitchen, Why: "no engine"},
		`org.vapd.kitchen heard "roll" and answers "Four."`: {Kind: control.EventAnswered, Client: kitchen, Heard: "roll", Answer: "Four."},
		`org.vapd.kitchen heard "roll" and answers "Four." after 321 ms`: {
			Kind: control.EventAnswered, Client: kitchen, Heard: "roll", Answer: "Four.", FirstAudio: 320.7,
		},
		"org.vapd.kitchen, pairing: paired": {Kind: control.EventPairing, Client: kitchen, Pairing: &control.PairingEvent{What: "paired"}},
		"org.vapd.kitchen at 10.0.0.2 asks to be let in: 'vapd hub clients approve org.vapd.kitchen'": {
			Kind: control.EventAsks, Client: kitchen, Address: "10.0.0.2",
		},
		"skill org.example.dice (Dice) connected from 127.0.0.1:40000": {
			Kind: control.EventSkillJoined, Skill: dice, Name: "Dice", Address: "127.0.0.1:40000",
		},
		"skill org.example.dice left (lost): no reply": {
			Kind: control.EventSkillLeft, Skill: dice, Result: control.LeftLost, Why: "no reply",
		},
		"skill org.example.dice does not answer org.vapd.kitchen (late): after 8 s": {
			Kind: control.EventSkillFailed, Skill: dice, Client: kitchen, Result: control.RequestLate, Why: "after 8 s",
		},
		`skill org.example.dice says "Hi\u202e" to org.vapd.kitchen (said)`: {
			Kind: control.EventNotice, Skill: dice, Client: kitchen, Answer: "Hi\u202e", Result: control.NoticeSaid,
		},
		"new_kind org.vapd.kitchen": {Kind: "new_kind", Client: kitchen},
	} {
		var out bytes.Buffer
		if err := (hubWatchCmd{}).show(hubEventLine{at, e}, &out); err != nil || out.String() != "12:30:15  "+want+"\n" {
			t.Errorf("%v %q, want %q", err, out.String(), want)
		}
	}
	var out bytes.Buffer
	want := `{"at":"2026-11-26T12:30:15Z","kind":"skill_left","client":"","skill":"org.example.dice","result":"goodbye"}` + "\n"
	left := control.HubEvent{Kind: control.EventSkillLeft, Skill: dice, Result: control.LeftGoodbye}
	if err := (hubWatchCmd{JSON: true}).show(hubEventLine{at, left}, &out); err != nil || out.String() != want {
		t.Errorf("%v %s", err, &out)
	}
}
