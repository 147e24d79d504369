package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"vapd/audio"
	"vapd/audio/wav"
	"vapd/wakeword/train/confusable"
)

// wakeConfusablesCmd is "vapd wake confusables".
type wakeConfusablesCmd struct {
	Word       string `arg:"" help:"The word, such as \"hey jarvis\"."`
	Number     int    `short:"n" default:"30" help:"How many phrases. Default: ${default}."`
	Dictionary string `type:"path" default:"/usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict" placeholder:"FILE" help:"Pronouncing dictionary in CMU's format. Default: that of the package pocketsphinx-en-us; without it spellings are made up."`
	Say        string `type:"path" placeholder:"DIR" help:"Have each phrase said by every voice of Flite, and write DIR/VOICE/PHRASE.wav."`
	TTS        string `name:"tts" placeholder:"HOST:PORT" help:"Have it said by the installed voices of this Wyoming server, too."`
}

// Run lists phrases.
func (c wakeConfusablesCmd) Run() error {
	phrases, err := c.phrases()
	if err != nil {
		return err
	}
	texts := make([]string, len(phrases))
	for i, p := range phrases {
		texts[i] = p.Text
		fmt.Printf("%4.1f  %s\n", p.Distance, p.Text)
	}
	if c.Say == "" {
		return nil
	}
	speaker, err := newSpeaker(c.TTS)
	if err != nil {
		return err
	}
	ctx, stop := untilInterrupt(0)
	defer stop()
	n := 0
	err = confusable.Speak(ctx, speaker, texts, func(s confusable.Spoken) error {
		n++
		return saveWAV(filepath.Join(c.Say, s.Voice, strings.ReplaceAll(s.Text, " ", "_")+".wav"), s.PCM)
	})
	fmt.Fprintf(os.Stderr, "%d recordings are in %s\n", n, c.Say)
	return err
}

func (c wakeConfusablesCmd) phrases() ([]confusable.Phrase, error) {
	d, err := readDictionary(c.Dictionary)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(os.Stderr, "there is no dictionary %s (package pocketsphinx-en-us): these are spellings, made up\n", c.Dictionary)
		return confusable.Spellings(c.Word, c.Number)
	} else if err != nil {
		return nil, err
	}
	return d.Near(c.Word, c.Number)
}

func readDictionary(path string) (*confusable.Dictionary, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d, err := confusable.ReadDictionary(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

func saveWAV(path string, pcm []int16) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(wav.Write(f, audio.Format{Rate: audio.WakeRate, Channels: 1}, pcm), f.Close())
}
