package health

import (
	"strings"
	"testing"
	"testing/fstest"

	"vapd/internal/doctor"
)

// machine is the file system of a Raspberry Pi, or of a PC without a model.
func machine(model, cards, config string, more ...string) fstest.MapFS {
	fs := fstest.MapFS{}
	for name, text := range map[string]string{
		"proc/device-tree/model": model, "proc/asound/cards": cards, "boot/firmware/config.txt": config,
	} {
		if text != "" {
			fs[name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	for i := 0; i+1 < len(more); i += 2 {
		fs[more[i]] = &fstest.MapFile{Data: []byte(more[i+1])}
	}
	return fs
}

const (
	pi       = "Raspberry Pi Zero 2 W Rev 1.0\x00"
	onboard  = " 0 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones\n                      bcm2835 Headphones\n"
	seeed    = " 1 [seeed2micvoicec]: simple-card - seeed2micvoicec\n                      seeed2micvoicec\n"
	wm8960   = "sys/bus/i2c/devices/1-001a/name"
	wmDriver = "sys/bus/i2c/devices/1-001a/driver"
	tlv      = "sys/bus/i2c/devices/1-0018/name"
	v1       = "dtparam=i2c_arm=on\ndtparam=spi=on\ndtoverlay=respeaker-2mic-v1_0\n"
	v2       = "dtparam=i2c_arm=on,spi=on\n[all]\ndtoverlay=respeaker-2mic-v2_0,foo=1 # voice\n"
)

func TestBoard(t *testing.T) {
	tlvDriver := strings.Replace(tlv, "name", "driver", 1)
	for name, c := range map[string]struct {
		root         fstest.MapFS
		id           string
		state        doctor.State
		what, remedy string
	}{
		"PC":                {machine("", onboard, ""), "auto", doctor.OK, "any sound card", ""},
		"generic":           {machine(pi, onboard, ""), "generic", doctor.OK, "any sound card", ""},
		"no such profile":   {machine(pi, "", ""), "respeaker", doctor.Bad, "respeaker", "vapd board list"},
		"Pi without board":  {machine(pi, onboard, ""), "auto", doctor.Warn, "no board", "docs/boards.md"},
		"well":              {machine(pi, seeed, v2, tlv, "tlv320aic3104", tlvDriver, ""), "auto", doctor.OK, "v2.0", ""},
		"well, named":       {machine(pi, seeed, v2, tlv, "tlv320aic3104", tlvDriver, ""), "respeaker-2mic-v2", doctor.OK, "v2.0", ""},
		"no overlay":        {machine(pi, onboard, "dtparam=i2c_arm=on\n#dtoverlay=respeaker-2mic-v1_0\n"), "respeaker-2mic-v1", doctor.Bad, "missing in /boot/firmware/config.txt", "dtparam=spi=on, dtoverlay=respeaker-2mic-v1_0"},
		"no config.txt":     {machine(pi, onboard, ""), "respeaker-2mic-v1", doctor.Bad, "overlay is missing", "dtoverlay=respeaker-2mic-v1_0 into /boot/firmware/config.txt"},
		"wrong overlay":     {machine(pi, onboard, v2), "respeaker-2mic-v1", doctor.Bad, "another board: dtoverlay=respeaker-2mic-v2_0", "dtoverlay=respeaker-2mic-v1_0"},
		"not on the header": {machine(pi, onboard, v1), "respeaker-2mic-v1", doctor.Bad, "no sound card of it", "sits on the header"},
		"overlay, auto":     {machine(pi, onboard, v1), "auto", doctor.Bad, "dtoverlay=respeaker-2mic-v1_0", "switch off"},
		"other board":       {machine(pi, seeed, v1, wm8960, "wm8960", wmDriver, ""), "respeaker-2mic-v2", doctor.Bad, "but a ReSpeaker 2-Mics Pi HAT v1", `board = "respeaker-2mic-v1"`},
		"several":           {machine(pi, seeed, v1, wm8960, "wm8960", wmDriver, ""), "auto", doctor.Warn, "Adafruit", `board = "respeaker-2mic-v1" if`},
		"no SPI":            {machine(pi, seeed, "dtparam=i2c_arm=on\ndtoverlay=respeaker-2mic-v2_0", tlv, "tlv320aic3104", tlvDriver, ""), "auto", doctor.Warn, "LEDs", "put dtparam=spi=on into"},
		"old place": {func() fstest.MapFS {
			m := machine(pi, onboard, "")
			m["boot/config.txt"] = &fstest.MapFile{Data: []byte(v2)}
			return m
		}(), "respeaker-2mic-v1", doctor.Bad, "missing in /boot/config.txt", "into /boot/config.txt"},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, Board{c.root, c.id}.Run(t.Context()), c.state, c.what, c.remedy)
		})
	}
}

// expect is what a finding has to be.
func expect(t *testing.T, f doctor.Finding, state doctor.State, what, remedy string) {
	t.Helper()
	if f.State != state || !strings.Contains(f.What, what) || !strings.Contains(f.Remedy, remedy) {
		t.Errorf("%+v, want %s with %q and remedy %q", f, state, what, remedy)
	}
	if (f.State == doctor.Bad || f.State == doctor.Warn) && f.Remedy == "" {
		t.Errorf("no remedy: %+v", f)
	}
}
