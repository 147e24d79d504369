//go:build vapd_board

package alsa

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"vapd/audio"
)

// TestBoardMixer sets controls of the driver snd-dummy and reads them back.
func TestBoardMixer(t *testing.T) {
	m, err := OpenMixer("Dummy")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for _, c := range []struct{ control, value, text string }{
		{"Master Volume", "20", "20"},
		{"Master Volume", "-50,100", "-50,100"},
		{"Master Volume", "50%", "25"},
		{"Mic Capture Switch", "on", "on"},
		{"Mic Capture Switch", "on,off", "on,off"},
		{"External I/O Box", "CD Player", "CD Player"},
	} {
		if err := m.Set(c.control, c.value); err != nil {
			t.Error(err)
			continue
		}
		control, err := m.Find(c.control)
		if err != nil {
			t.Fatal(err)
		}
		values, err := m.Get(control)
		if err != nil || control.Text(values) != c.text {
			t.Errorf("%s set to %s: got %s, %v", c.control, c.value, control.Text(values), err)
		}
	}
	for _, c := range []struct{ control, value, why string }{
		{"Master Volume", "101", "-50 to 100"},
		{"Master Volume", "1,2,3", "give one or 2"},
		{"Nonsense Volume", "1", `no control "Nonsense Volume"`},
		{"External I/O Box", "Radio", "CD Player"},
	} {
		if err := m.Set(c.control, c.value); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s set to %s: %v", c.control, c.value, err)
		}
	}
}

// TestBoardControls: every control is listed, found by what its id is written as, and
// its values can be read.
func TestBoardControls(t *testing.T) {
	for _, card := range []string{"Dummy", "Loopback"} {
		m, err := OpenMixer(card)
		if err != nil {
			t.Fatal(err)
		}
		controls, err := m.Controls()
		if err != nil || len(controls) < 5 {
			t.Errorf("%s: %d controls, %v", card, len(controls), err)
		}
		for _, c := range controls {
			if again, err := m.Find(c.ID.String()); err != nil || again.number != c.number {
				t.Errorf("%s: %q is %+v, %v", card, c.ID, again, err)
			}
			if values, err := m.Get(c); err != nil || len(values) != c.Count {
				t.Errorf("%s: %q: %v, %v", card, c.ID, values, err)
			}
		}
		m.Close()
	}
}

func TestBoardDevices(t *testing.T) {
	devices, err := Devices()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(devices, func(d PCM) bool {
		return d.Name.Card == "ArrayUAC10" && d.Direction == Capture && d.Name.Device == 1
	})
	if at < 0 {
		t.Fatalf("no ArrayUAC10 in %+v", devices)
	}
	d := devices[at]
	if d.Problem != nil || d.MinChannels != 1 || d.MaxChannels < 8 || d.Rates[0] != 16000 ||
		!slices.Contains(d.Encodings, S16) || d.Subdevices != 2 || d.Title == "" {
		t.Errorf("%+v", d)
	}
	if cards, err := Cards(); err != nil || !slices.ContainsFunc(cards, func(c Card) bool {
		return c.ID == "seeed2micvoicec" && c.Driver == "Loopback"
	}) {
		t.Errorf("%+v, %v", cards, err)
	}
}

// TestBoardRefuses: what the hardware can't do is said with what it can.
func TestBoardRefuses(t *testing.T) {
	for _, c := range []struct {
		stream    Stream
		unplugged bool
		why       string
	}{
		{Stream{PCM: "hw:Dummy,0", Rate: 192000}, false, "Hz, but has"},
		{Stream{PCM: "hw:Dummy,0", Channels: 8}, false, "can't do 8 channels, but has 1 to 2"},
		{Stream{PCM: "hw:Dummy,9"}, true, "no capture device"},
		{Stream{PCM: "hw:Loopback,1,99"}, false, "no such subdevice"},
	} {
		_, _, err := open(t, Config{Capture: &c.stream}).Formats()
		if err == nil || errors.Is(err, audio.ErrUnplugged) != c.unplugged || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%+v: %v", c.stream, err)
		}
	}
}
