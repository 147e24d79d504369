package board

import "time"

// Ids of the profiles that other packages name.
const (
	SimID     = "sim"
	GenericID = "generic"
)

// Keys of the profiles.
const (
	MainKey       KeyID = "main" // the only key of most boards
	MuteKey       KeyID = "mute"
	VolumeUpKey   KeyID = "volume-up"
	VolumeDownKey KeyID = "volume-down"
)

// Profiles are all there are. The caller may change what it got.
func Profiles() []Profile {
	return []Profile{sim(), generic(), respeaker2MicV1(), respeaker2MicV2()}
}

func sim() Profile {
	keys := make([]Key, 0, 4)
	for _, id := range []KeyID{MainKey, MuteKey, VolumeUpKey, VolumeDownKey} {
		keys = append(keys, Key{ID: id, Driver: Sim})
	}
	return Profile{
		ID:         SimID,
		Name:       "simulated board",
		Sound:      Sound{Microphones: []int{0}},
		LEDs:       &LEDs{Driver: Sim, Count: 12, Ring: true, Brightness: 255},
		Keys:       keys,
		MuteSwitch: &Switch{Driver: Sim},
		Bindings: append(oneKey(MainKey),
			press(MuteKey, Mute), press(VolumeUpKey, VolumeUp), press(VolumeDownKey, VolumeDown)),
	}
}

func generic() Profile {
	return Profile{ID: GenericID, Name: "any sound card", Sound: Sound{Microphones: []int{0}}}
}

// headerChips are the labels of the chip that the Raspberry Pi's header is on: models
// 0 to 3, 4, and 5.
func headerChips() []string { return []string{"pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1"} }

// respeaker2Mic is what both versions share: three LEDs, a button with its own
// pull-up resistor, two microphones.
func respeaker2Mic() Profile {
	return Profile{
		Sound: Sound{Cards: []string{"seeed2micvoicec"}, Channels: 2, Microphones: []int{0, 1}},
		LEDs: &LEDs{
			Driver: APA102, Count: 3, Brightness: 80,
			// The LEDs see data and clock only, so either chip select does.
			SPI: SPI{Bus: 0, Select: 0, Hertz: 8_000_000},
		},
		Keys: []Key{{ID: MainKey, Driver: GPIO, Line: Line{
			Chips: headerChips(), Offset: 17, ActiveLow: true, Debounce: 10 * time.Millisecond,
		}}},
		Bindings: oneKey(MainKey),
		Config:   []string{"dtparam=i2c_arm=on", "dtparam=spi=on"},
	}
}

// respeaker2MicV1 is for the WM8960 codec. The microphones are on LINPUT1 and RINPUT1;
// names and ranges are those of sound/soc/codecs/wm8960.c. 20 dB before and 16.5 dB in
// the amplifier put speech at a metre near -35 dBFS and leave room for a shout.
func respeaker2MicV1() Profile {
	p := respeaker2Mic()
	p.ID = "respeaker-2mic-v1"
	p.Name = "ReSpeaker 2-Mics Pi HAT v1 (WM8960)"
	// The second id is that of the overlay in Raspberry Pi OS.
	p.Sound.Cards = append(p.Sound.Cards, "wm8960soundcard")
	p.Sound.Mixer = []Setting{
		{"Left Boost Mixer LINPUT1 Switch", "on"},
		{"Right Boost Mixer RINPUT1 Switch", "on"},
		{"Left Input Mixer Boost Switch", "on"},
		{"Right Input Mixer Boost Switch", "on"},
		{"Left Input Boost Mixer LINPUT1 Volume", "2"},
		{"Right Input Boost Mixer RINPUT1 Volume", "2"},
		{"Capture Switch", "on"},
		{"Capture Volume", "45"},
		{"ADC PCM Capture Volume", "195"}, // 0 dB
		{"ALC Function", "Off"},
		{"Left Output Mixer PCM Playback Switch", "on"},
		{"Right Output Mixer PCM Playback Switch", "on"},
		{"Playback Volume", "255"},           // 0 dB
		{"Headphone Playback Volume", "115"}, // -6 dB
		{"Speaker Playback Volume", "115"},
		{"Speaker DC Volume", "4"}, // what a 5 V supply and a 4 ohm speaker stand
		{"Speaker AC Volume", "4"},
	}
	p.Config = append(p.Config, "dtoverlay=respeaker-2mic-v1_0")
	return p
}

// respeaker2MicV2 is for the TLV320AIC3104 codec. The microphones are on MIC2L and
// MIC2R; names and ranges are those of sound/soc/codecs/tlv320aic3x.c.
func respeaker2MicV2() Profile {
	p := respeaker2Mic()
	p.ID = "respeaker-2mic-v2"
	p.Name = "ReSpeaker 2-Mics Pi HAT v2.0 (TLV320AIC3104)"
	p.Sound.Mixer = []Setting{
		{"Left PGA Mixer Mic2L Switch", "on"},
		{"Right PGA Mixer Mic2R Switch", "on"},
		{"PGA Capture Switch", "on"},
		{"PGA Capture Volume", "60"}, // 30 dB
		{"AGC Switch", "off"},
		{"Left HP Mixer DACL1 Switch", "on"},
		{"Right HP Mixer DACR1 Switch", "on"},
		{"Left Line Mixer DACL1 Switch", "on"},
		{"Right Line Mixer DACR1 Switch", "on"},
		{"HP Playback Switch", "on"},
		{"Line Playback Switch", "on"},
		{"HP DAC Playback Volume", "112"}, // -3 dB; it starts at -23.5 dB
		{"Line DAC Playback Volume", "112"},
		{"PCM Playback Volume", "127"}, // 0 dB
	}
	p.Config = append(p.Config, "dtoverlay=respeaker-2mic-v2_0")
	return p
}
