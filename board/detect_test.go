package board

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// machine builds a file system as the kernel shows it.
func machine(files map[string]string) fs.FS {
	m := fstest.MapFS{}
	for name, content := range files {
		m[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o444}
	}
	return m
}

const (
	seeedCard = " 0 [vc4hdmi        ]: vc4-hdmi - vc4-hdmi\n                      vc4-hdmi\n" +
		" 1 [seeed2micvoicec]: simple-card - seeed2micvoicec\n                      seeed2micvoicec\n"
	inTreeCard = " 0 [wm8960soundcard]: simple-card - wm8960-soundcard\n                      wm8960-soundcard\n"
	pi4        = "Raspberry Pi 4 Model B Rev 1.4\x00"
)

func TestDetect(t *testing.T) {
	for name, c := range map[string]struct {
		files   map[string]string
		want    []string // boards, by the start of their name
		profile string   // when there is no doubt
	}{
		"a PC": {files: map[string]string{"proc/asound/cards": " 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n"}},
		"no sound": {files: map[string]string{
			"proc/asound/cards":      "--- no soundcards ---\n",
			"proc/device-tree/model": pi4,
		}},
		"v2 is the only one with its codec": {
			files: map[string]string{
				"proc/device-tree/model": pi4, "proc/asound/cards": seeedCard,
				"sys/bus/i2c/devices/1-0018/name":        "tlv320aic3104\n",
				"sys/bus/i2c/devices/1-0018/driver/bind": "",
			},
			want: []string{"ReSpeaker 2-Mics Pi HAT v2.0"}, profile: "respeaker-2mic-v2",
		},
		"v1 shares codec and card id": {
			files: map[string]string{
				"proc/device-tree/model": pi4, "proc/asound/cards": seeedCard,
				"sys/bus/i2c/devices/1-001a/name":        "wm8960\n",
				"sys/bus/i2c/devices/1-001a/driver/bind": "",
			},
			want: []string{"ReSpeaker 2-Mics Pi HAT v1", "Adafruit Voice Bonnet"},
		},
		"the overlay of Raspberry Pi OS fits three": {
			files: map[string]string{
				"proc/asound/cards":                      inTreeCard,
				"sys/bus/i2c/devices/1-001a/name":        "wm8960\n",
				"sys/bus/i2c/devices/1-001a/driver/bind": "",
			},
			want: []string{"ReSpeaker 2-Mics Pi HAT v1", "Adafruit Voice Bonnet", "Waveshare"},
		},
		"the card id alone leaves both versions": {
			files: map[string]string{"proc/asound/cards": seeedCard},
			want:  []string{"ReSpeaker 2-Mics Pi HAT v1", "ReSpeaker 2-Mics Pi HAT v2.0", "Adafruit Voice Bonnet"},
		},
		"an overlay whose chip never answered proves nothing": {
			files: map[string]string{"proc/asound/cards": "", "sys/bus/i2c/devices/1-001a/name": "wm8960\n"},
		},
		"an EEPROM names the board": {
			files: map[string]string{
				"proc/asound/cards":                      " 0 [IQaudIOCODEC   ]: IQaudIOCODEC - IQaudIOCODEC\n",
				"proc/device-tree/hat/vendor":            "Raspberry Pi Ltd\x00",
				"proc/device-tree/hat/product":           "Raspberry Pi Codec Zero\x00",
				"sys/bus/i2c/devices/1-001a/name":        "da7213\n",
				"sys/bus/i2c/devices/1-001a/driver/bind": "",
			},
			want: []string{"Raspberry Pi Codec Zero"}, profile: GenericID,
		},
		"another board's codec at the same address": {
			files: map[string]string{
				"proc/asound/cards":                      seeedCard,
				"sys/bus/i2c/devices/1-001a/name":        "da7213\n",
				"sys/bus/i2c/devices/1-001a/driver/bind": "",
			},
			want: []string{"Raspberry Pi Codec Zero"}, profile: GenericID,
		},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Detect(machine(c.files))
			if err != nil {
				t.Fatal(err)
			}
			if len(d.Candidates) != len(c.want) {
				t.Fatalf("got %+v, want %q", d.Candidates, c.want)
			}
			for i, got := range d.Candidates {
				if !strings.HasPrefix(got.Board, c.want[i]) || len(got.Because) == 0 || got.Check == "" {
					t.Errorf("candidate %d: %+v, want %q with reasons", i, got, c.want[i])
				}
			}
			p, sure := d.Profile()
			if sure != (c.profile != "") || p.ID != c.profile {
				t.Errorf("profile %q, %v; want %q", p.ID, sure, c.profile)
			}
		})
	}
}

func TestLookReadsTheMachine(t *testing.T) {
	m, err := Look(machine(map[string]string{
		"proc/device-tree/model":          pi4,
		"proc/asound/cards":               seeedCard,
		"sys/bus/i2c/devices/i2c-1/name":  "bcm2835\n",
		"sys/bus/i2c/devices/1-001a/name": "wm8960\n",
		"sys/bus/i2c/devices/10-0051/x":   "",
	}))
	if err != nil || m.Model != "Raspberry Pi 4 Model B Rev 1.4" {
		t.Errorf("model %q, %v", m.Model, err)
	}
	if len(m.Cards) != 2 || m.Cards[1] != (Card{1, "seeed2micvoicec", "seeed2micvoicec"}) {
		t.Errorf("cards %+v", m.Cards)
	}
	if len(m.Chips) != 2 || m.Chips[0] != (Chip{1, 0x1a, "wm8960", false}) || m.Chips[1] != (Chip{Bus: 10, Address: 0x51}) {
		t.Errorf("chips %+v", m.Chips)
	}
}

// TestEveryProfileIsFound: no candidate names a profile that is not there.
func TestEveryProfileIsFound(t *testing.T) {
	for _, k := range knownBoards() {
		p, err := Find(k.Profile)
		if err != nil {
			t.Error(err)
		}
		for _, id := range p.Sound.Cards {
			if !strings.Contains(strings.Join(k.cards, " "), id) {
				t.Errorf("%s: the profile's card %s is not known to be its", k.Board, id)
			}
		}
	}
}

func FuzzParseCards(f *testing.F) {
	f.Add(seeedCard)
	f.Add("--- no soundcards ---\n")
	f.Add(" 0 [a]: b - ")
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range parseCards(s) {
			if c.Number < 0 || c.Number > 99 || strings.Contains(c.ID, "]") {
				t.Fatalf("%+v", c)
			}
		}
	})
}
