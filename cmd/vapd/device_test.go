package main

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"vapd/audio"
	"vapd/audio/alsa"
	"vapd/audio/malgo"
)

func TestDeviceIsChosenByName(t *testing.T) {
	logger := slog.New(slog.DiscardHandler)
	if d, err := openDevice(&audio.Stream{PCM: "hw:0"}, &audio.Stream{PCM: "hw:0"}, logger); err != nil {
		t.Error(err)
	} else if _, ok := d.(*alsa.Device); !ok {
		t.Errorf("hw:0 is a %T", d)
	}
	_, err := openDevice(&audio.Stream{PCM: "hw:0"}, &audio.Stream{PCM: "default"}, logger)
	if err == nil || !strings.Contains(err.Error(), "can't be one device") {
		t.Errorf("hw: and default: got %v", err)
	}
	if _, err := openDevice(nil, nil, logger); err == nil {
		t.Error("a device of nothing was made")
	}
	for _, pcm := range []string{"", "default", "pulse"} {
		d, err := openDevice(nil, &audio.Stream{PCM: pcm}, logger)
		if _, ok := d.(*malgo.Device); !ok {
			t.Errorf("%q is a %T (%v)", pcm, d, err)
		}
	}
}

func TestDevicesAreListed(t *testing.T) {
	var out bytes.Buffer
	cards := []alsa.PCM{
		{
			Card: alsa.Card{Name: "Array"}, Name: alsa.Name{Card: "array", Subdevice: alsa.Any}, Direction: alsa.Capture, Title: "Mics",
			Rates: []audio.SampleRate{16000, 48000}, MinChannels: 2, MaxChannels: 8,
		},
		{Card: alsa.Card{Name: "Box"}, Name: alsa.Name{Card: "box", Device: 1, Subdevice: alsa.Any}, Problem: errors.New("in use")},
	}
	plugins := []malgo.PCM{{Name: "default", Title: "The usual", Capture: true}}
	if err := listDevices(&out, cards, plugins, nil); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"hw:CARD=array,DEV=0 capture 2-8 16000 48000 Array, Mics",
		"hw:CARD=box,DEV=1 playback ? ? Box, (in use)",
		"default capture The usual",
	}
	lines := strings.Split(out.String(), "\n")
	for i, w := range want {
		if got := strings.Join(strings.Fields(lines[i+1]), " "); got != w {
			t.Errorf("line %d: got %q, want %q", i, got, w)
		}
	}
	out.Reset()
	if err := listDevices(&out, nil, nil, errors.New("no cgo")); err != nil {
		t.Fatal(err)
	}
	if s := out.String(); !strings.Contains(s, "No sound card.") || !strings.Contains(s, "Only hw: devices are listed: no cgo") {
		t.Errorf("got %q", s)
	}
}
