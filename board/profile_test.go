package board

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestProfilesMakeSense(t *testing.T) {
	for _, p := range Profiles() {
		if err := p.Validate(); err != nil {
			t.Error(err)
		}
		if got, err := Find(p.ID); err != nil || got.Name != p.Name {
			t.Errorf("%s: found %q, %v", p.ID, got.Name, err)
		}
	}
	if _, err := Find("respeaker"); err == nil || !strings.Contains(err.Error(), "respeaker-2mic-v1") {
		t.Errorf("an unknown profile: %v", err)
	}
}

// TestOneKeyTable is the rule for boards with one key, in every mode.
func TestOneKeyTable(t *testing.T) {
	type row map[Mode]Action
	for _, c := range []struct {
		gesture Gesture
		held    time.Duration
		want    row
	}{
		{Press, 0, row{PowerUp: Listen, Idle: Listen, Turn: Stop, Ringing: Stop, Comparing: Agree}},
		{Double, 0, row{PowerUp: Mute, Idle: Mute, Turn: Mute, Ringing: Mute, Comparing: Mute}},
		{Hold, 3 * time.Second, row{PowerUp: Pair, Idle: Pair, Turn: Pair, Ringing: Pair, Comparing: Pair}},
		{Hold, 10 * time.Second, row{PowerUp: Reset}},
	} {
		for _, id := range []string{"sim", "respeaker-2mic-v1", "respeaker-2mic-v2"} {
			p, err := Find(id)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range []Mode{PowerUp, Ringing, Turn, Comparing, Idle} {
				got, ok := p.Action(MainKey, c.gesture, c.held, m)
				if want := c.want[m]; got != want || ok != (want != "") {
					t.Errorf("%s: %s %v in mode %s does %q, want %q", id, c.gesture, c.held, m, got, want)
				}
			}
			if got := p.Holds(MainKey); !slices.Equal(got, []time.Duration{3 * time.Second, 10 * time.Second}) {
				t.Errorf("%s: holds %v", id, got)
			}
			if !p.Doubles(MainKey) {
				t.Errorf("%s: no double press", id)
			}
		}
	}
	p, _ := Find(SimID)
	if p.Doubles(VolumeUpKey) || len(p.Holds(VolumeUpKey)) != 0 {
		t.Error("a volume key waits for more than a press")
	}
}

func TestValidateRefuses(t *testing.T) {
	key := Key{ID: "k", Driver: GPIO, Line: Line{Chips: []string{"c"}, Offset: 1}}
	for why, p := range map[string]Profile{
		"channels":     {Sound: Sound{Channels: 33}},
		"microphone":   {Sound: Sound{Channels: 2, Microphones: []int{2}}},
		"LEDs":         {LEDs: &LEDs{Count: 3}},
		"the order":    {LEDs: &LEDs{Count: 3, Brightness: 1, Order: []int{0, 1, 1}}},
		"given twice":  {Keys: []Key{key, key}},
		"has them all": {Keys: []Key{key, {ID: "l", Driver: Sim}}},
		"can't read":   {Keys: []Key{{ID: "k", Driver: APA102}}},
		"of chips":     {MuteSwitch: &Switch{Driver: GPIO}},
		"no such key":  {Bindings: []Binding{press("x", Mute)}},
		"needs one":    {Keys: []Key{key}, Bindings: []Binding{{Key: "k", Gesture: Hold, Action: Pair}}},
		"does both":    {Keys: []Key{key}, Bindings: []Binding{press("k", Mute), press("k", Stop)}},
		"by accident":  {Keys: []Key{key}, Bindings: []Binding{press("k", Reset)}},
		"is empty":     {Keys: []Key{{Driver: Sim}}},
		"each place o": {LEDs: &LEDs{Count: 2, Brightness: 1, Order: []int{0, 2}}},
	} {
		if err := p.Validate(); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", why, err)
		}
	}
}
