package alsa

import (
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vapd/audio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var _ audio.Device = (*Device)(nil)

func TestNewChecksItsConfig(t *testing.T) {
	mic := func(s Stream) *Stream { return &s }
	for want, cfg := range map[string]Config{
		"neither capture nor playback": {},
		"begin with hw:":               {Capture: mic(Stream{PCM: "default"})},
		"missing":                      {Playback: mic(Stream{PCM: "hw:"})},
		"33 channels":                  {Capture: mic(Stream{PCM: "hw:0", Channels: 33})},
		"sample rate 1 Hz":             {Capture: mic(Stream{PCM: "hw:0", Rate: 1})},
		"one device has one rate": {
			Capture:  mic(Stream{PCM: "hw:0", Rate: 16000}),
			Playback: mic(Stream{PCM: "hw:0", Rate: 48000}),
		},
		"period of 1µs": {Capture: mic(Stream{PCM: "hw:0"}), Period: time.Microsecond},
		"stall of -1s":  {Capture: mic(Stream{PCM: "hw:0"}), Stall: -time.Second},
	} {
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error about %q", err, want)
		}
	}
	d, err := New(Config{Capture: mic(Stream{PCM: "hw:0"}), Playback: mic(Stream{PCM: "hw:0", Rate: 48000})})
	if err != nil || d.cfg.Period != 10*time.Millisecond || d.cfg.Stall != time.Second {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestCardThatIsNotThere(t *testing.T) {
	d, err := New(Config{Capture: &Stream{PCM: "hw:CARD=NoSuchCard"}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err = d.Run(t.Context(), func(in, out audio.Block) { t.Error("called") })
		if !errors.Is(err, audio.ErrUnplugged) || !strings.Contains(err.Error(), `"NoSuchCard"`) {
			t.Errorf("got %v", err)
		}
	}
	if _, _, err := d.Formats(); !errors.Is(err, audio.ErrUnplugged) {
		t.Errorf("got %v", err)
	}
	if _, err := OpenMixer("NoSuchCard"); !errors.Is(err, audio.ErrUnplugged) {
		t.Errorf("got %v", err)
	}
}

func TestPickCard(t *testing.T) {
	cards := []Card{
		{Number: 0, ID: "Loopback", Name: "Loopback"},
		{Number: 1, ID: "Device", Name: "USB Audio"},
		{Number: 2, ID: "Device_1", Name: "USB Audio"},
		{Number: 3, ID: "0", Name: "Array"},
	}
	for want, number := range map[string]int{"Loopback": 0, "Device_1": 2, "1": 1, "0": 3, "Array": 3} {
		if c, err := pickCard(cards, want); err != nil || c.Number != number {
			t.Errorf("%q: got %+v, %v", want, c, err)
		}
	}
	if _, err := pickCard(cards, "USB Audio"); err == nil || !strings.Contains(err.Error(), "Device, Device_1") {
		t.Errorf("two cards with one name: %v", err)
	}
	for _, want := range []string{"7", "-1", "loopback", "USB"} {
		if c, err := pickCard(cards, want); !errors.Is(err, audio.ErrUnplugged) {
			t.Errorf("%q: got %+v, %v", want, c, err)
		}
	}
}
