package skill

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vapd/protocol/vap"
)

func TestRequest(t *testing.T) {
	text := func(s string) *string { return &s }
	r := newRequest(vap.SkillRequest{
		Client: "kitchen", Type: vap.RequestIntent, Intent: "set", Locale: vap.Language{Language: "en", Country: "GB"}, Input: "set it",
		Slots:        []vap.SlotValue{{Name: "n", Value: text("2.5")}, {Name: "none"}, {Name: "on", Value: text("on")}, {Name: "off", Value: text("off")}, {Name: "long", Value: text("PT1H30M")}},
		Capabilities: []vap.Capability{{Name: "speaker", Fields: map[string]any{"speaker": "Anna", "confidence": 0.9}}},
	})
	if r.Intent != "set" || r.Event != "" || r.Client != "kitchen" || r.Locale != "en-GB" || r.Input != "set it" || r.Speaker != "Anna" || r.Confidence != 0.9 {
		t.Errorf("%+v", r)
	}
	if n, ok := r.Number("n"); n != 2.5 || !ok {
		t.Errorf("%v, %v", n, ok)
	}
	for slot, want := range map[string][2]bool{"on": {true, true}, "off": {false, true}, "n": {false, false}, "none": {false, false}} {
		if on, ok := r.On(slot); on != want[0] || ok != want[1] {
			t.Errorf("%s: %v, %v", slot, on, ok)
		}
	}
	if d, ok := r.Duration("long"); d != 90*time.Minute || !ok {
		t.Errorf("%v, %v", d, ok)
	}
	for _, slot := range []string{"none", "absent"} {
		_, number := r.Number(slot)
		_, duration := r.Duration(slot)
		_, _, at := r.Time(slot, time.UTC)
		if _, there := r.Slots[slot]; there || number || duration || at || r.Text(slot) != "" {
			t.Errorf("%s was not said", slot)
		}
	}
	e := newRequest(vap.SkillRequest{Type: vap.RequestEvent, Event: "timer_finished", Intent: "timer_finished", Capabilities: []vap.Capability{{Name: "timer_finished", Fields: map[string]any{"label": "eggs"}}}})
	if e.Event != "timer_finished" || e.Intent != "" || e.Fields["label"] != "eggs" || e.Locale != "" {
		t.Errorf("%+v", e)
	}
}

func TestParseDuration(t *testing.T) {
	const day = 24 * time.Hour
	for s, want := range map[string]time.Duration{
		"PT5M": 5 * time.Minute, "P2W": 14 * day, "P1DT2H": day + 2*time.Hour, "PT1H30M5S": time.Hour + 30*time.Minute + 5*time.Second,
		"PT0.5S": time.Second / 2, "P1Y1M": 395 * day, "PT0S": 0,
	} {
		if d, ok := parseDuration(s); !ok || d != want {
			t.Errorf("%s is %v, %v", s, d, ok)
		}
	}
	for _, s := range []string{"", "P", "PT", "5M", "PT5", "PM", "PT5D", "P5H", "PT5S5M", "PT5M5M", "P1DT", "PT-5M", "PTNaNS", "PTInfS", "P400Y", "PT1e400S", "P1D2"} {
		if d, ok := parseDuration(s); ok {
			t.Errorf("%q is %v", s, d)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		h, m, s := rapid.IntRange(0, 1000).Draw(t, "h"), rapid.IntRange(0, 59).Draw(t, "m"), rapid.IntRange(0, 59).Draw(t, "s")
		want := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second
		if d, ok := parseDuration(fmt.Sprintf("PT%dH%dM%dS", h, m, s)); !ok || d != want {
			t.Errorf("%v, want %v", d, want)
		}
	})
}

// FuzzParseDuration: what is taken for a duration is one.
func FuzzParseDuration(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) {
		if d, ok := parseDuration(s); d < 0 || !ok && d != 0 {
			t.Errorf("%q is %v, %v", s, d, ok)
		}
	})
}

func TestTime(t *testing.T) {
	zone := time.FixedZone("there", 3600)
	for s, want := range map[string]struct {
		at     time.Time
		allDay bool
	}{
		"2026-11-26T19:00":      {time.Date(2026, 11, 26, 19, 0, 0, 0, zone), false},
		"2026-11-27":            {time.Date(2026, 11, 27, 0, 0, 0, 0, zone), true},
		"2026-11-28/2026-11-29": {time.Date(2026, 11, 28, 0, 0, 0, 0, zone), true},
	} {
		r := &Request{Slots: map[string]string{"when": s}}
		if at, allDay, ok := r.Time("when", zone); !ok || !at.Equal(want.at) || allDay != want.allDay {
			t.Errorf("%s: %v, %v, %v", s, at, allDay, ok)
		}
	}
	if at, _, ok := (&Request{Slots: map[string]string{"when": "soon"}}).Time("when", zone); ok {
		t.Errorf("soon is %v", at)
	}
}
