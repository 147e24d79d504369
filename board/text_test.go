package board

import "testing"

func TestDetectionInWords(t *testing.T) {
	d, err := Detect(machine(map[string]string{
		"proc/device-tree/model":                 pi4,
		"proc/asound/cards":                      inTreeCard,
		"sys/bus/i2c/devices/1-001a/name":        "wm8960\n",
		"sys/bus/i2c/devices/1-001a/driver/bind": "",
		"sys/bus/i2c/devices/1-0051/name":        "pcf85063\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	const want = `Raspberry Pi 4 Model B Rev 1.4
sound card 0: wm8960soundcard (wm8960-soundcard)
I2C bus 1, address 0x1a: wm8960 answers
I2C bus 1, address 0x51: pcf85063 does not answer
It may be one of these, which look the same from inside. Choose its profile yourself:
  respeaker-2mic-v1  ReSpeaker 2-Mics Pi HAT v1, Keyestudio 2-mic HAT
                     because a wm8960 answers at 0x1a on I2C bus 1, and sound card 0 is wm8960soundcard
                     look for: a button and three LEDs in a row between two microphones; the back says v1.x
  generic            Adafruit Voice Bonnet
                     because a wm8960 answers at 0x1a on I2C bus 1, and sound card 0 is wm8960soundcard
                     look for: it says adafruit; its LEDs are on GPIO 5 and 6, which no profile drives yet
  generic            Waveshare WM8960 Audio HAT
                     because a wm8960 answers at 0x1a on I2C bus 1, and sound card 0 is wm8960soundcard
                     look for: it says Waveshare; it has no LEDs
`
	// The order of /sys/bus/i2c/devices is that of its names.
	if got := d.String(); got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestProfileInALine(t *testing.T) {
	for id, want := range map[string]string{
		"sim":               "sim: simulated board, 1 microphone, 12 LEDs, 4 keys, mute switch",
		"generic":           "generic: any sound card, 1 microphone",
		"respeaker-2mic-v1": "respeaker-2mic-v1: ReSpeaker 2-Mics Pi HAT v1 (WM8960), 2 microphones, 3 LEDs, 1 key",
	} {
		p, err := Find(id)
		if err != nil || p.String() != want {
			t.Errorf("got %q, %v", p, err)
		}
	}
}
