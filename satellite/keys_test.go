package satellite

import (
	"testing"
	"time"

	"vapd/board"
	"vapd/hal"
)

var comparing = with(func(s *State) { s.Pairing, s.PairN, s.Code = PairComparing, 7, PairCode{Digits: "123 456"} })

func TestKeys(t *testing.T) {
	p, err := board.Find(board.SimID)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	for name, c := range map[string]struct {
		state  State
		uptime time.Duration
		g      hal.Gesture
		want   Event
	}{
		"listen":                  {up, time.Hour, hal.Gesture{Key: board.MainKey, Kind: board.Press, At: at}, ListenPressed{At: at}},
		"listen after boot":       {up, time.Second, hal.Gesture{Key: board.MainKey, Kind: board.Press, At: at}, ListenPressed{At: at}},
		"stop a turn":             {inTurn(TurnSpeaking), time.Hour, hal.Gesture{Key: board.MainKey, Kind: board.Press}, StopPressed{}},
		"stop an announcement":    {announcing, time.Hour, hal.Gesture{Key: board.MainKey, Kind: board.Press}, StopPressed{}},
		"stop a timer":            {with(func(s *State) { s.Ringing = true }), time.Hour, hal.Gesture{Key: board.MainKey, Kind: board.Press}, StopPressed{}},
		"stop a turn after boot":  {inTurn(TurnListening), time.Second, hal.Gesture{Key: board.MainKey, Kind: board.Press}, StopPressed{}},
		"stop a timer after boot": {with(func(s *State) { s.Ringing = true }), time.Second, hal.Gesture{Key: board.MainKey, Kind: board.Press}, StopPressed{}},
		"double mutes":            {up, time.Hour, hal.Gesture{Key: board.MainKey, Kind: board.Double}, MutePressed{}},
		"mute key":                {inTurn(TurnListening), time.Hour, hal.Gesture{Key: board.MuteKey, Kind: board.Press}, MutePressed{}},
		"louder":                  {up, time.Hour, hal.Gesture{Key: board.VolumeUpKey, Kind: board.Press}, VolumePressed{1}},
		"softer":                  {up, time.Hour, hal.Gesture{Key: board.VolumeDownKey, Kind: board.Press}, VolumePressed{-1}},
		"hold pairs":              {up, time.Hour, hal.Gesture{Key: board.MainKey, Kind: board.Hold, Held: 3 * time.Second}, PairPressed{}},
		"hold pairs in a turn":    {inTurn(TurnSpeaking), time.Hour, hal.Gesture{Key: board.MainKey, Kind: board.Hold, Held: 3 * time.Second}, PairPressed{}},
		"hold pairs after boot":   {up, time.Second, hal.Gesture{Key: board.MainKey, Kind: board.Hold, Held: 3 * time.Second}, PairPressed{}},
		"hold refuses":            {comparing, time.Hour, hal.Gesture{Key: board.MainKey, Kind: board.Hold, Held: 3 * time.Second}, PairPressed{}},
		"press agrees":            {comparing, time.Hour, hal.Gesture{Key: board.MainKey, Kind: board.Press, At: at}, AgreePressed{}},
		"a timer rings first":     {with(func(s *State) { s.Pairing, s.Ringing = PairComparing, true }), time.Hour, hal.Gesture{Key: board.MainKey, Kind: board.Press}, StopPressed{}},
		"agreed, listen":          {with(func(s *State) { s.Pairing = PairAgreed }), time.Hour, hal.Gesture{Key: board.MainKey, Kind: board.Press, At: at}, ListenPressed{At: at}},
		"reset after boot":        {up, time.Second, hal.Gesture{Key: board.MainKey, Kind: board.Hold, Held: 10 * time.Second}, ResetPressed{}},
		"reset, pairing, boot":    {with(func(s *State) { s.Pairing = PairSeeking }), time.Second, hal.Gesture{Key: board.MainKey, Kind: board.Hold, Held: 10 * time.Second}, ResetPressed{}},
		"no reset later":          {up, time.Hour, hal.Gesture{Key: board.MainKey, Kind: board.Hold, Held: 10 * time.Second}, nil},
		"mute after boot":         {up, time.Second, hal.Gesture{Key: board.MainKey, Kind: board.Double}, MutePressed{}},
		"unknown key":             {up, time.Hour, hal.Gesture{Key: "?", Kind: board.Press}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := pressed(p, c.g, c.state.mode(c.uptime))
			if got != c.want || ok != (c.want != nil) {
				t.Fatalf("got %#v, want %#v", got, c.want)
			}
		})
	}
}

// A reset is possible only while nothing else goes on: the first mode that holds counts.
func TestModesOfKeys(t *testing.T) {
	ringing := with(func(s *State) { s.Ringing, s.Turn = true, TurnSpeaking })
	for _, c := range []struct {
		state  State
		uptime time.Duration
		want   board.Mode
	}{
		{up, 0, board.PowerUp},
		{up, powerUp, board.Idle},
		{inTurn(TurnListening), 0, board.Turn},
		{inTurn(TurnThinking), time.Hour, board.Turn},
		{ringing, 0, board.Ringing},
		{comparing, 0, board.Comparing},
		{comparing, time.Hour, board.Comparing},
		{with(func(s *State) { s.Pairing = PairSeeking }), time.Hour, board.Idle},
		{ringing, time.Hour, board.Ringing},
	} {
		if got := c.state.mode(c.uptime); got != c.want {
			t.Errorf("%+v after %v: got %s, want %s", c.state, c.uptime, got, c.want)
		}
	}
}
