package health

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"vapd/audio/alsa"
	"vapd/board"
	"vapd/internal/doctor"
)

// Controls are those of a sound card; *alsa.Mixer is one.
type Controls interface {
	Controls() ([]alsa.Control, error)
	Get(alsa.Control) ([]int64, error)
	Close()
}

// Mixer checks the controls of the sound card: nothing on the way is muted, and they are
// as the board wants them.
type Mixer struct {
	// Open opens the card's controls; nil: there is no card of the kernel's.
	Open func() (Controls, error)
	Want []board.Setting
}

// Name implements doctor.Check.
func (Mixer) Name() string { return "mixer" }

// Run implements doctor.Check.
func (m Mixer) Run(context.Context) doctor.Finding {
	if m.Open == nil {
		return doctor.Finding{State: doctor.Skipped, What: "the sound goes through ALSA's library: its devices have no mixer of their own"}
	}
	card, err := m.Open()
	if err != nil {
		return doctor.Finding{State: doctor.Skipped, What: err.Error()}
	}
	defer card.Close()
	controls, err := card.Controls()
	if err != nil {
		return doctor.Finding{State: doctor.Bad, What: err.Error(), Remedy: "unplug the card and plug it in again; 'dmesg' says more"}
	}
	now := make(readings)
	for _, c := range controls {
		if values, err := card.Get(c); err == nil {
			now[c.ID.String()] = reading{c, values}
		}
	}
	found := []doctor.Finding{{State: doctor.OK, What: fmt.Sprintf("%d controls, nothing is muted", len(controls))}}
	for _, want := range m.Want {
		found = append(found, now.compare(want)...)
	}
	if len(m.Want) == 0 {
		found = append(found, now.muted()...)
	}
	return doctor.Worst(found...)
}

// reading is a control and its values.
type reading struct {
	alsa.Control
	values []int64
}

// readings are those of a card, by the control's name.
type readings map[string]reading

// compare says where a control is not as the board wants it.
func (r readings) compare(want board.Setting) []doctor.Finding {
	const remedy = "restart the satellite, which sets it; if that does not last, something else sets it: 'systemctl disable alsa-restore', or another overlay"
	now, ok := r[want.Control]
	if !ok {
		return []doctor.Finding{{
			State: doctor.Warn, What: fmt.Sprintf("the card has no control %q, which the board has", want.Control),
			Remedy: "another driver has the card: see docs/boards.md for the overlay",
		}}
	}
	values, err := now.Parse(want.Value)
	if err != nil || !slices.Equal(values, now.values) {
		return []doctor.Finding{{
			State:  doctor.Warn,
			What:   fmt.Sprintf("%q is %s, and the board wants %s", want.Control, now.Text(now.values), want.Value),
			Remedy: remedy,
		}}
	}
	return nil
}

// muted finds the switches that are off and the volumes that are at their least on the
// way of all sound. Of several outputs (speaker, headphones) one is enough.
func (r readings) muted() (found []doctor.Finding) {
	outputs, open := []string{}, false
	for _, name := range slices.Sorted(maps.Keys(r)) {
		base, kind := split(name)
		shut := r[name].shut()
		switch {
		case kind == "playback" && slices.Contains([]string{"Speaker", "Headphone", "Line Out", "HP", "Line", "Lineout"}, base):
			if outputs = append(outputs, name); !shut {
				open = true
			}
		case !shut:
		case kind == "playback" && slices.Contains([]string{"Master", "PCM", "Digital", "DAC", ""}, base):
			found = append(found, doctor.Finding{State: doctor.Bad, What: name + " is muted", Remedy: "open it: 'alsamixer', then 'sudo alsactl store'"})
		case kind == "capture" && slices.Contains([]string{"Mic", "Capture", "ADC", ""}, base):
			found = append(found, doctor.Finding{State: doctor.Bad, What: name + " is muted", Remedy: "open it: 'alsamixer', F4, then 'sudo alsactl store'"})
		}
	}
	if len(outputs) > 0 && !open {
		found = append(found, doctor.Finding{
			State: doctor.Bad, What: strings.Join(outputs, ", ") + ": all outputs are muted",
			Remedy: "open one: 'alsamixer', then 'sudo alsactl store'",
		})
	}
	return found
}

// split takes "Speaker Playback Switch" apart: the part, and "playback" or "capture".
func split(name string) (base, kind string) {
	for _, k := range []string{"Playback", "Capture"} {
		for _, end := range []string{k + " Switch", k + " Volume"} {
			if base, ok := strings.CutSuffix(name, end); ok {
				return strings.TrimSpace(base), strings.ToLower(k)
			}
		}
	}
	return name, ""
}

// shut says that nothing comes through, on any channel.
func (r reading) shut() bool {
	if r.Type != alsa.Boolean && r.Type != alsa.Integer {
		return false
	}
	return len(r.values) > 0 && !slices.ContainsFunc(r.values, func(v int64) bool { return v > r.Min })
}
