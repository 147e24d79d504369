// Make learns the model of voices that wakeword/speaker comes with.
package main

import (
	"flag"
	"fmt"
	"os"

	"vapd/wakeword/embedding"
	"vapd/wakeword/enroll"
	"vapd/wakeword/speaker"
	"vapd/wakeword/train/augment"
	"vapd/wakeword/train/corpus"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	audio := flag.String("audio", "../shared/audio/wake", "`folder` of recordings")
	out := flag.String("o", "wakeword/speaker/voices.model", "the `file` to write")
	flag.Parse()
	network, err := enroll.Default()
	if err != nil {
		return err
	}
	all, err := corpus.Load(*audio)
	if err != nil {
		return err
	}
	augmenter, err := microphones(all)
	if err != nil {
		return err
	}
	recordings, err := gather(all, augmenter)
	if err != nil {
		return err
	}
	m, err := speaker.Learn(network, recordings)
	if err != nil {
		return err
	}
	return os.WriteFile(*out, m.Encode(), 0o644)
}

// most is how many recordings of one person are learnt from, of some there are hundreds;
// variants are how many others are made of each.
const (
	most     = 20
	variants = 2
)

// gather reads recordings of people of whom it is known who they are, less those that
// measurements are made on. Each is also heard elsewhere, as another microphone, room and
// noise make no other person of somebody, and the same ones don't make one of two.
func gather(all corpus.Set, a *augment.Augmenter) (recordings []speaker.Recording, err error) {
	count := make(map[string]int)
	for _, c := range all.Negatives {
		if c.Speaker == "" || c.Set == "negative/digits" || embedding.Held(c) {
			continue
		}
		if count[c.Speaker]++; count[c.Speaker] > most {
			continue
		}
		pcm, err := corpus.Read(c.Path)
		if err != nil {
			return nil, err
		}
		recordings = append(recordings, speaker.Recording{Speaker: c.Speaker, PCM: pcm})
		for i := range variants {
			v, err := a.Apply(pcm, corpus.Hash(fmt.Sprint(c.Name, i)))
			if err != nil {
				return nil, err
			}
			recordings = append(recordings, speaker.Recording{Speaker: c.Speaker, PCM: v.PCM})
		}
	}
	return recordings, nil
}

// microphones changes what is heard of a voice, but not the voice.
func microphones(all corpus.Set) (*augment.Augmenter, error) {
	cfg := augment.DefaultConfig()
	cfg.Speed, cfg.Before, cfg.After = augment.Range{Low: 1, High: 1}, augment.Range{}, augment.Range{}
	cfg.SNR, cfg.Noisy, cfg.Clipped, cfg.Rooms, cfg.Line = augment.Range{Low: 10, High: 30}, 0.5, 0.05, 40, 0.8
	for _, c := range all.Noise {
		pcm, err := corpus.Read(c.Path)
		if err != nil {
			return nil, err
		}
		cfg.Noise = append(cfg.Noise, pcm)
	}
	return augment.New(cfg)
}
