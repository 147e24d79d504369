package health

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"vapd/audio"
	"vapd/audio/alsa"
	"vapd/audio/meter"
	"vapd/board"
	"vapd/internal/doctor"
)

// levels are those of samples of one channel.
func levels(samples ...int16) []meter.Level {
	l := meter.New(1)
	l.Add(samples)
	return l.Take(nil)
}

// repeated is 16,000 samples of a pattern.
func repeated(pattern ...int16) (all []int16) {
	for i := range 16000 {
		all = append(all, pattern[i%len(pattern)])
	}
	return all
}

func TestMicrophone(t *testing.T) {
	clap := repeated(3000, -3000)
	for i := range 20 {
		clap[8000+i] = 32767
	}
	for name, c := range map[string]struct {
		heard        Heard
		err          error
		state        doctor.State
		what, remedy string
	}{
		"hears":         {Heard{Levels: levels(repeated(300, -300)...), Use: []int{0}}, nil, doctor.OK, "hears, -41 dBFS", ""},
		"digital zero":  {Heard{Levels: levels(repeated(0)...), Use: []int{0}}, nil, doctor.Bad, "deaf", "alsamixer"},
		"next to deaf":  {Heard{Levels: levels(repeated(1, 0, 0, 0, 0, 0, 0, 0)...), Use: []int{0}}, nil, doctor.Warn, "next to nothing", "gain"},
		"clipping":      {Heard{Levels: levels(repeated(32767, 32767, -32768, -32768)...), Use: []int{0}}, nil, doctor.Bad, "clipped", "lower its gain"},
		"a clap":        {Heard{Levels: levels(clap...), Use: []int{0}}, nil, doctor.Warn, "clipped at times", "lower its gain"},
		"channel count": {Heard{Levels: levels(repeated(300)...), Use: []int{0, 5}}, nil, doctor.Bad, "channel 5", "capture.use"},
		"one of two deaf": {
			Heard{Levels: append(levels(repeated(300, -300)...), levels(repeated(0)...)...), Use: []int{0, 1}},
			nil,
			doctor.Bad, "channel 1 is deaf", "alsamixer",
		},
		"muted":     {Heard{Muted: "on the device"}, nil, doctor.Skipped, "on the device", ""},
		"silent":    {Heard{Device: "hw:1", Use: []int{0}}, nil, doctor.Bad, "delivers nothing", "unplug"},
		"unplugged": {Heard{}, fmt.Errorf("alsa: hw:1: %w", audio.ErrUnplugged), doctor.Bad, "hw:1", "plug the card in"},
		"no right":  {Heard{}, fmt.Errorf("alsa: hw:1: add the user to the group audio: %w", fs.ErrPermission), doctor.Bad, "audio", "as it says"},
		"channels":  {Heard{}, errors.New("alsa: hw:1: has no 6 channels"), doctor.Bad, "6 channels", "capture.channels"},
	} {
		t.Run(name, func(t *testing.T) {
			m := Microphone{func(context.Context) (Heard, error) { return c.heard, c.err }}
			expect(t, m.Run(t.Context()), c.state, c.what, c.remedy)
		})
	}
}

func TestSpeaker(t *testing.T) {
	open := func(err error) Speaker {
		return Speaker{func(context.Context) (string, audio.Format, error) {
			return "hw:1", audio.Format{Rate: 16000, Channels: 2}, err
		}}
	}
	expect(t, open(nil).Run(t.Context()), doctor.OK, "hw:1", "")
	expect(t, open(audio.ErrUnplugged).Run(t.Context()), doctor.Bad, "unplugged", "playback.pcm")
	expect(t, Speaker{}.Run(t.Context()), doctor.Skipped, "none", "")
}

// fakeMixer has controls of one value each.
type fakeMixer map[string]fakeControl

type fakeControl struct {
	kind  alsa.ControlType
	value int64
}

func (m fakeMixer) Controls() (all []alsa.Control, err error) {
	for name, c := range m {
		id, err := alsa.ParseControl(name)
		if err != nil {
			return nil, err
		}
		high := int64(1)
		if c.kind == alsa.Integer {
			high = 100
		}
		all = append(all, alsa.Control{ID: id, Type: c.kind, Count: 1, Max: high, Readable: true, Writable: true})
	}
	return all, nil
}

func (m fakeMixer) Get(c alsa.Control) ([]int64, error) { return []int64{m[c.ID.String()].value}, nil }
func (m fakeMixer) Close()                              {}

func TestMixer(t *testing.T) {
	on, off := fakeControl{alsa.Boolean, 1}, fakeControl{alsa.Boolean, 0}
	loud, least := fakeControl{alsa.Integer, 80}, fakeControl{alsa.Integer, 0}
	for name, c := range map[string]struct {
		card         fakeMixer
		want         []board.Setting
		state        doctor.State
		what, remedy string
	}{
		"well":             {fakeMixer{"Master Playback Switch": on, "Speaker Playback Switch": on, "Capture Switch": on}, nil, doctor.OK, "nothing is muted", ""},
		"master off":       {fakeMixer{"Master Playback Switch": off}, nil, doctor.Bad, "Master Playback Switch is muted", "alsamixer"},
		"PCM at 0":         {fakeMixer{"PCM Playback Volume": least}, nil, doctor.Bad, "PCM Playback Volume is muted", "alsamixer"},
		"microphone off":   {fakeMixer{"Mic Capture Switch": off, "Master Playback Switch": on}, nil, doctor.Bad, "Mic Capture Switch", "F4"},
		"headphones only":  {fakeMixer{"Speaker Playback Switch": off, "Headphone Playback Switch": on}, nil, doctor.OK, "", ""},
		"no output":        {fakeMixer{"Speaker Playback Switch": off, "Headphone Playback Volume": least}, nil, doctor.Bad, "all outputs are muted", "alsamixer"},
		"sidetone is off":  {fakeMixer{"Mic Playback Switch": off, "Master Playback Volume": loud}, nil, doctor.OK, "", ""},
		"as the board":     {fakeMixer{"Capture Volume": loud, "Capture Switch": on}, []board.Setting{{Control: "Capture Volume", Value: "80"}, {Control: "Capture Switch", Value: "on"}}, doctor.OK, "", ""},
		"not as the board": {fakeMixer{"Capture Volume": loud}, []board.Setting{{Control: "Capture Volume", Value: "45"}}, doctor.Warn, `"Capture Volume" is 80, and the board wants 45`, "restart the satellite"},
		"another driver":   {fakeMixer{"Capture Volume": loud}, []board.Setting{{Control: "ADC PCM Capture Volume", Value: "45"}}, doctor.Warn, "no control", "docs/boards.md"},
	} {
		t.Run(name, func(t *testing.T) {
			m := Mixer{func() (Controls, error) { return c.card, nil }, c.want}
			expect(t, m.Run(t.Context()), c.state, c.what, c.remedy)
		})
	}
	expect(t, Mixer{}.Run(t.Context()), doctor.Skipped, "library", "")
}
