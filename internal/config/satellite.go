package config

import (
	"cmp"
	"log/slog"
	"strconv"
	"strings"
)

// Satellite has the settings of the satellite.
type Satellite struct {
	ID       string     `toml:"id" doc:"Identity on the network, at most 100 of the characters a-z 0-9 . - _. Empty: made on the first start and kept. Two satellites with one id shut each other out."`
	Name     string     `toml:"name" doc:"Name that people see (\"kitchen\"), at most 63 bytes. Empty: the machine's name."`
	Security string     `toml:"security" doc:"\"paired\": the satellite speaks only to a hub that it is paired with ('vapd satellite pair'), encrypted, or to one on this machine. \"open\": it also goes to any hub without encryption, and everybody on the network can listen."`
	Hub      string     `toml:"hub" doc:"Address and port of the hub (\"192.168.1.2:5683\" or \"hub.lan:5683\"). Empty: found by DNS-SD and CoAP multicast."`
	Board    string     `toml:"board" doc:"Profile of LEDs, keys and sound card; 'vapd board list' names them. \"auto\" detects it."`
	Capture  Capture    `toml:"capture"`
	Playback Playback   `toml:"playback"`
	Volume   Volume     `toml:"volume"`
	Wake     []WakePack `toml:"wake" doc:"Wake words, each {file = \"okay_nabu.json\", cutoff = 0.97}. A file without a folder lies in the folder wake of the state folder. A cutoff above 0 and below 1 replaces the one of the pack: higher wakes less often; 0 keeps it. Empty: all packs of that folder, and the word that comes with the program when none of them wakes. {file = \"none\"}: only the key wakes."`
	VAD      string     `toml:"vad" doc:"Pack of a voice detector that wake words are checked against. Empty: none."`
	StopWord string     `toml:"stop_word" doc:"Pack of the word that ends what sounds, without a wake word. Empty: none."`
	Codec    string     `toml:"codec" doc:"How speech travels: \"opus\" (about 24 kbit/s; Debian package libopus0), \"pcm\" (256 kbit/s), or \"auto\": Opus where both sides have it."`
	Metrics  string     `toml:"metrics" doc:"TCP address and port where Prometheus fetches measurements, at /metrics: \"127.0.0.1:9465\". Whoever reaches it can read them; there are no names and no words in them. Empty: nowhere."`
	LogLevel slog.Level `toml:"log_level" doc:"DEBUG, INFO, WARN or ERROR."`
	LogToHub slog.Level `toml:"log_to_hub" doc:"The same for what of the log goes to the hub, where 'vapd hub logs' shows it. What was said, and secrets, never do."`
	StateDir string     `toml:"state_dir" doc:"Folder of what the satellite keeps (token, timers, volumes, wake packs). Empty: $STATE_DIRECTORY, else $XDG_STATE_HOME/vapd/satellite."`
	Control  string     `toml:"control_socket" doc:"Unix socket of the command line. Empty: satellite.sock in $RUNTIME_DIRECTORY, else in $XDG_RUNTIME_DIR/vapd."`
}

// Capture is the microphone.
type Capture struct {
	PCM      string `toml:"pcm" doc:"ALSA device: \"hw:CARD=seeed2micvoicec,DEV=0\", \"default\" or another PCM by name. Empty: the board's."`
	Rate     int    `toml:"rate" doc:"Samples per second at which it is opened, 8000 to 192000. 0: the board's."`
	Channels int    `toml:"channels" doc:"Channels that it has, 1 to 32. 0: the board's."`
	Use      []int  `toml:"use" doc:"Channels that are listened to, counted from 0. Empty: the board's."`
}

// Playback is the speaker.
type Playback struct {
	PCM      string `toml:"pcm" doc:"ALSA device, as for capture. Empty: the board's. \"none\": no speaker."`
	Rate     int    `toml:"rate" doc:"Samples per second at which it is opened, 8000 to 192000. 0: the board's."`
	Channels int    `toml:"channels" doc:"Channels that it has, 1 to 32. 0: the board's."`
}

// Volume has the volumes of the first start in percent; later ones are kept.
type Volume struct {
	Voice int `toml:"voice" doc:"Volume of answers in percent at the first start; later changes are kept."`
	Chime int `toml:"chime" doc:"Volume of the short sounds in percent at the first start."`
	Alarm int `toml:"alarm" doc:"Volume of timers in percent at the first start."`
}

// WakePack is one wake word.
type WakePack struct {
	File   string  `toml:"file"`
	Cutoff float64 `toml:"cutoff"` // probability, below 1; 0 is the pack's own
}

// DefaultSatellite has every setting's default.
func DefaultSatellite() Satellite {
	return Satellite{
		Security: SecurityPaired,
		Board:    "auto",
		Capture:  Capture{Use: []int{}},
		Volume:   Volume{Voice: 60, Chime: 50, Alarm: 80},
		Wake:     []WakePack{},
		Codec:    "auto",
		LogLevel: slog.LevelInfo,
	}
}

func (s *Satellite) validate() error {
	if s.Hub != "" {
		if err := hostPort("hub", s.Hub); err != nil {
			return err
		}
	}
	return cmp.Or(
		oneOf("security", s.Security, SecurityPaired, SecurityOpen),
		id("id", s.ID),
		name("name", s.Name),
		metricsAddr(s.Metrics),
		rate("capture.rate", s.Capture.Rate),
		between("capture.channels", s.Capture.Channels, 0, 32),
		s.Capture.validateUse(),
		rate("playback.rate", s.Playback.Rate),
		between("playback.channels", s.Playback.Channels, 0, 32),
		between("volume.voice", s.Volume.Voice, 0, 100),
		between("volume.chime", s.Volume.Chime, 0, 100),
		between("volume.alarm", s.Volume.Alarm, 0, 100),
		s.validateWake(),
		oneOf("codec", s.Codec, "auto", "opus", "pcm"),
	)
}

func (c *Capture) validateUse() error {
	for _, n := range c.Use {
		if n < 0 || n >= 32 || (c.Channels > 0 && n >= c.Channels) {
			return &problem{"capture.use", "no channel " + strconv.Itoa(n) + ": they are counted from 0 to below capture.channels"}
		}
	}
	return nil
}

func (s *Satellite) validateWake() error {
	for _, w := range s.Wake {
		if w.File == "" {
			return &problem{"wake", "a wake word has no file"}
		}
		// The negated form refuses NaN as well.
		if !(w.Cutoff >= 0 && w.Cutoff < 1) {
			return &problem{"wake", "the cutoff of " + w.File + " must be 0, or above 0 and below 1"}
		}
	}
	return nil
}

func id(key, value string) error {
	const allowed = "abcdefghijklmnopqrstuvwxyz0123456789.-_"
	if len(value) > 100 || strings.ContainsFunc(value, func(r rune) bool { return !strings.ContainsRune(allowed, r) }) {
		return &problem{key, "want at most 100 of the characters a-z 0-9 . - _"}
	}
	return nil
}

func rate(key string, hz int) error {
	if hz == 0 {
		return nil
	}
	return between(key, hz, 8000, 192000)
}
