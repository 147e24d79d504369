package audiotest

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"vapd/audio"
)

// Names of the PCMs, beside "default", which is both.
const (
	MicrophonePCM = "vapd_microphone"
	SpeakerPCM    = "vapd_speaker"
)

// systemConf is where ALSA's own configuration lies; without it the card works, but
// no program can list it.
const systemConf = "/usr/share/alsa/alsa.conf"

// Period is the length of a block of the speaker, and of the microphone unless
// Config.Block says otherwise.
const Period = 10 * time.Millisecond

// catchUp is how many blocks a direction makes up for when the machine was busy.
const catchUp = 20

// Config says what a Card consists of.
type Config struct {
	// Dir is an existing folder for the configuration and the FIFOs.
	Dir string
	// Microphone and Speaker are the formats of the two directions; the zero Format is
	// a direction that the card lacks.
	Microphone, Speaker audio.Format
	// Block is how much the microphone gives at once. It has to be a multiple of what a
	// program reads at once, where its reads are not paced by the speaker: ALSA's plugin
	// takes a short read for a whole one and fills it with silence. Default: Period.
	Block time.Duration
	// Heard gets what the speaker plays, as it plays, on a goroutine of its own; it must
	// not keep the slice. It may be nil.
	Heard func(samples []int16)
}

// Card is a sound card without hardware.
type Card struct {
	// Microphone is nil when the card has none.
	Microphone *Microphone
	speaker    *speaker
	conf       string
}

// New makes the card and starts its clocks. Close it when no program uses it any more.
func New(cfg Config) (*Card, error) {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("audiotest: folder %s: %w", cfg.Dir, err)
	}
	if strings.ContainsAny(dir, "\"'\\:\n") { // ALSA's syntax has no escape for all of them
		return nil, fmt.Errorf("audiotest: folder %q: quotes, colons and backslashes can't be in its name", dir)
	}
	c := &Card{conf: filepath.Join(dir, "asound.conf")}
	conf, err := c.start(cfg, dir)
	if err == nil {
		err = os.WriteFile(c.conf, []byte(conf), 0o600)
	}
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("audiotest: %w", err)
	}
	return c, nil
}

// start makes both directions and returns ALSA's configuration of them.
func (c *Card) start(cfg Config, dir string) (conf string, err error) {
	var both, pcms string
	if f := cfg.Microphone; f != (audio.Format{}) {
		fifo := filepath.Join(dir, "microphone.fifo")
		if c.Microphone, err = newMicrophone(fifo, f, cmp.Or(cfg.Block, Period)); err != nil {
			return "", err
		}
		both += "  capture.pcm " + MicrophonePCM + "\n"
		pcms += pcm(MicrophonePCM, f, fmt.Sprintf("file \"/dev/null\" infile \"%s\"", fifo))
	}
	if f := cfg.Speaker; f != (audio.Format{}) {
		fifo := filepath.Join(dir, "speaker.fifo")
		if c.speaker, err = newSpeaker(fifo, f, cfg.Heard); err != nil {
			return "", err
		}
		both += "  playback.pcm " + SpeakerPCM + "\n"
		pcms += pcm(SpeakerPCM, f, fmt.Sprintf("file \"%s\"", fifo))
	}
	if both == "" {
		return "", errors.New("a card with neither microphone nor speaker")
	}
	return "pcm.!default {\n  type asym\n" + both + "}\n" + pcms, nil
}

// pcm is the definition of a PCM that has the format f and no other: the plugin plug
// converts for whoever asks for something else, as before a real card.
func pcm(name string, f audio.Format, files string) string {
	return fmt.Sprintf(`pcm.%s {
  type plug
  slave {
    pcm {
      type file
      slave.pcm { type null }
      %s
      format raw
    }
    format S16_LE
    rate %d
    channels %d
  }
  hint { show on description "vapd: no hardware" }
}
`, name, files, f.Rate, f.Channels)
}

// Env is the setting that has ALSA's library use this card, for a program's
// environment.
func (c *Card) Env() string {
	path := c.conf
	if _, err := os.Stat(systemConf); err == nil {
		path = systemConf + ":" + path
	}
	return "ALSA_CONFIG_PATH=" + path
}

// Close takes the card away. A program that still has its microphone open hears no
// more.
func (c *Card) Close() {
	if c.Microphone != nil {
		c.Microphone.close()
	}
	if c.speaker != nil {
		c.speaker.close()
	}
}

// makeFIFO makes the FIFO anew, so that nothing old is in it.
func makeFIFO(path string, f audio.Format) error {
	if err := f.Validate(); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := unix.Mkfifo(path, 0o600); err != nil {
		return fmt.Errorf("making the FIFO %s: %w", path, err)
	}
	return nil
}
