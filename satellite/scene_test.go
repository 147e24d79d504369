package satellite

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vapd/hal"
)

func paint(v View, at time.Duration, leds int) ([]hal.Color, bool) {
	out := make([]hal.Color, leds)
	moving := Scene(v, at, out)
	return out, moving
}

func TestScene(t *testing.T) {
	muted := with(func(s *State) { s.KeyMuted = true })
	recorded := with(func(s *State) { s.Recorded = true })
	for name, c := range map[string]struct {
		v      View
		at     time.Duration
		first  hal.Color
		last   hal.Color
		moving bool
	}{
		"idle is dark":           {v: View{State: up}},
		"muted":                  {v: View{State: muted}, first: red, last: scale(red, 0.5)},
		"net muted":              {v: View{State: with(func(s *State) { s.NetMuted = true })}, first: red, last: scale(red, 0.5)},
		"listening, silence":     {v: View{State: inTurn(TurnListening)}, first: scale(cyan, 0.35), last: scale(cyan, 0.35), moving: true},
		"listening, loud":        {v: View{State: inTurn(TurnListening), Level: 1}, first: cyan, last: cyan, moving: true},
		"thinking":               {v: View{State: inTurn(TurnThinking), Ring: true}, first: violet, last: scale(violet, 0.75), moving: true},
		"thinking, a row":        {v: View{State: inTurn(TurnThinking)}, first: violet, last: scale(violet, 0.04), moving: true},
		"speaking":               {v: View{State: inTurn(TurnSpeaking)}, at: 750 * time.Millisecond, first: green, last: green, moving: true},
		"announcing":             {v: View{State: announcing, Asked: &white}, at: 750 * time.Millisecond, first: green, last: green, moving: true},
		"announcing, ringing":    {v: View{State: with(func(s *State) { *s = announcing; s.Ringing = true })}, at: 350 * time.Millisecond, first: amber, last: amber, moving: true},
		"speaking while muted":   {v: View{State: with(func(s *State) { s.KeyMuted, s.Turn = true, TurnSpeaking })}, at: 750 * time.Millisecond, first: red, last: green, moving: true},
		"ringing":                {v: View{State: with(func(s *State) { s.Ringing = true })}, at: 350 * time.Millisecond, first: amber, last: amber, moving: true},
		"volume":                 {v: View{State: up, ShowVolume: true}, first: white},
		"no hub":                 {v: View{State: with(func(s *State) { s.Link = LinkSearching })}, last: scale(amber, 0.3)},
		"pending":                {v: View{State: with(func(s *State) { s.Link = LinkPending })}, last: scale(amber, 0.2), moving: true},
		"denied":                 {v: View{State: with(func(s *State) { s.Link = LinkDenied })}, last: scale(amber, 0.5), moving: true},
		"microphone failed":      {v: View{State: with(func(s *State) { s.Mic = MicStalled })}, first: red, last: red, moving: true},
		"microphone failed, off": {v: View{State: with(func(s *State) { s.Mic = MicStalled })}, at: 600 * time.Millisecond, moving: true},
		"listening, volume":      {v: View{State: inTurn(TurnListening), Level: 1, ShowVolume: true}, first: cyan, last: cyan, moving: true},
		"listening, ringing":     {v: View{State: with(func(s *State) { s.Turn, s.Ringing = TurnListening, true }), Level: 1}, first: cyan, last: cyan, moving: true},
		"listening, pairing":     {v: View{State: with(func(s *State) { s.Turn, s.Pairing = TurnListening, PairComparing }), Level: 1, Asked: &white}, first: cyan, last: cyan, moving: true},
		"looks for a hub":        {v: View{State: with(func(s *State) { s.Pairing = PairSeeking })}, at: 500 * time.Millisecond, first: violet, last: violet, moving: true},
		"paired":                 {v: View{State: with(func(s *State) { s.Pairing = PairDone })}, first: green, last: green},
		"not paired":             {v: View{State: with(func(s *State) { s.Pairing = PairFailed })}, first: amber, last: amber, moving: true},
		"not paired, muted":      {v: View{State: with(func(s *State) { s.Pairing, s.KeyMuted = PairFailed, true })}, first: red, last: amber, moving: true},
		"recorded":               {v: View{State: recorded}, last: pink},
		"recorded, listening":    {v: View{State: with(func(s *State) { *s = inTurn(TurnListening); s.Recorded = true }), Level: 1}, first: cyan, last: pink, moving: true},
		"recorded, asked":        {v: View{State: recorded, Asked: &white}, first: white, last: pink},
		"recorded, muted":        {v: View{State: with(func(s *State) { s.Recorded, s.KeyMuted = true, true })}, first: red, last: pink},
		"recorded, pairing":      {v: View{State: with(func(s *State) { s.Recorded, s.Pairing = true, PairDone })}, first: green, last: green},
		"asked by the hub":       {v: View{State: up, Asked: &white}, first: white, last: white},
	} {
		t.Run(name, func(t *testing.T) {
			leds, moving := paint(c.v, c.at, 12)
			if leds[0] != c.first || leds[11] != c.last || moving != c.moving {
				t.Fatalf("first %v, last %v, moving %v\nwant %v, %v, %v", leds[0], leds[11], moving, c.first, c.last, c.moving)
			}
		})
	}
}

func TestSceneVolumeIsABar(t *testing.T) {
	v := View{State: with(func(s *State) { s.Volume = Volume{Voice: 50, Alarm: 100} }), ShowVolume: true}
	if leds, _ := paint(v, 0, 3); leds[0] != white || leds[1] != scale(white, 0.5) || leds[2] != (hal.Color{}) {
		t.Fatalf("50 %% on three LEDs is %v", leds)
	}
	v.State.Ringing = true
	if leds, _ := paint(v, 0, 3); leds[2] != white {
		t.Fatalf("the alarm's volume is %v", leds)
	}
}

// Whatever the satellite does and however many LEDs it has: a closed microphone shows
// red, a satellite that listens to somebody shows only that, an open one with nothing to tell is dark, and a scene that says it does not
// move does not.
func TestSceneInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		on := rapid.Bool()
		v := View{
			State: State{
				Link: LinkState(rapid.IntRange(0, 4).Draw(t, "link")), Mic: MicState(rapid.IntRange(0, 2).Draw(t, "mic")),
				KeyMuted: on.Draw(t, "key"), NetMuted: on.Draw(t, "net"),
				Turn: TurnState(rapid.IntRange(0, 3).Draw(t, "turn")), Ringing: on.Draw(t, "ringing"), Recorded: on.Draw(t, "recorded"), Announcing: on.Draw(t, "announcing"),
				Volume:  Volume{rapid.IntRange(0, 100).Draw(t, "volume"), 0, 0},
				Pairing: PairState(rapid.IntRange(0, 5).Draw(t, "pairing")),
			},
			Level: rapid.Float64Range(0, 1).Draw(t, "level"), ShowVolume: on.Draw(t, "show"), Ring: on.Draw(t, "ring"),
		}
		if on.Draw(t, "asked") {
			v.Asked = &white
		}
		n := rapid.IntRange(0, 16).Draw(t, "leds")
		at := time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "at"))
		leds, moving := paint(v, at, n)
		if v.State.Muted() && n > 0 && leds[0] != red {
			t.Fatal("muted, and no red LED")
		}
		if s := v.State; s.Turn == TurnListening && !s.Muted() {
			if alone, _ := paint(View{State: State{Turn: TurnListening, Recorded: s.Recorded}, Level: v.Level}, at, n); !slices.Equal(leds, alone) {
				t.Fatalf("listens, and shows %v", leds)
			}
		}
		if s := v.State; s.Recorded && n > 0 && (s.Pairing == PairIdle || s.Turn != TurnIdle) && (n > 1 || !s.Muted()) {
			if leds, _ := paint(v, at.Truncate(time.Second), n); leds[n-1] != pink {
				t.Fatalf("recorded, and shows %v", leds)
			}
		}
		if later, _ := paint(v, at+200*time.Millisecond, n); !moving {
			for i := range leds {
				if leds[i] != later[i] {
					t.Fatal("a still scene moved")
				}
			}
		}
	})
}
