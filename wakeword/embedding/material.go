package embedding

import (
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vapd/wakeword/train/augment"
	"vapd/wakeword/train/corpus"
)

// Material is what a network is trained on.
type Material struct {
	// Audio is the folder of recordings: wake (see corpus.Load) and commands.
	Audio string
	// Without are words, and sets by their last name, that are left out, and Held is
	// whether the speech is left out that measurements are made on.
	Without []string
	Held    bool
	// Phrases is how many Flite says.
	Phrases int
	Models  string // of PocketSphinx: hub/speech/pocketsphinx.ModelDir
	// Segments is a file with what PocketSphinx heard earlier (pocketsphinx_batch
	// -hypseg, and gzip); empty to hear it now.
	Segments string
	Seed     uint64
}

// Held reports whether a clip is speech to measure on and never to train on: every second
// reader of LibriSpeech, and the English prompts of Asterisk.
func Held(c corpus.Clip) bool {
	switch c.Set {
	case "negative/librispeech":
		return corpus.Hash(c.Speaker)%2 == 1
	case "negative/asterisk_en":
		return true
	}
	return false
}

// Gather finds the utterances to learn from. Those that are recordings have no sound yet,
// but are named after the file to read.
func (m *Material) Gather(ctx context.Context) ([]Utterance, error) {
	d, err := ReadDictionary(filepath.Join(m.Models, "cmudict-en-us.dict"))
	if err != nil {
		return nil, err
	}
	all, err := corpus.Load(filepath.Join(m.Audio, "wake"))
	if err != nil {
		return nil, err
	}
	commands, err := corpus.Folder(filepath.Join(m.Audio, "commands"), nil)
	if err != nil {
		return nil, err
	}
	var words []Utterance
	var sentences []corpus.Clip
	for _, c := range slices.Concat(all.Positives, all.Negatives, commands) {
		switch {
		case m.leftOut(c):
		case c.Word != "":
			if phones, ok := d.Words(c.Word); ok {
				words = append(words, Utterance{Name: c.Path, Words: phones})
			}
		case isEnglish(c):
			sentences = append(sentences, c)
		}
	}
	spoken, err := m.transcribed(ctx, sentences, d)
	if err != nil {
		return nil, err
	}
	return slices.Concat(words, spoken, phrases(d, m.Phrases, m.Seed)), nil
}

func (m *Material) leftOut(c corpus.Clip) bool {
	return slices.ContainsFunc(m.Without, func(s string) bool {
		return corpus.SameWord(s, c.Word) || corpus.SameWord(s, filepath.Base(c.Set))
	}) || m.Held && Held(c)
}

func isEnglish(c corpus.Clip) bool {
	for _, set := range []string{"librispeech", "kathleen", "asterisk_en", "commands"} {
		if strings.HasSuffix(c.Set, set) {
			return !strings.Contains(c.Name, "kitchen") // noise
		}
	}
	return false
}

// transcribed is what PocketSphinx heard in clips.
func (m *Material) transcribed(ctx context.Context, clips []corpus.Clip, d Dictionary) ([]Utterance, error) {
	heard, err := m.heard(ctx, clips, d)
	if err != nil {
		return nil, err
	}
	paths := make(map[string]string)
	for _, c := range clips {
		paths[key(c)] = c.Path
	}
	known := heard[:0]
	for _, u := range heard {
		if path := paths[u.Name]; path != "" {
			u.Name = path
			known = append(known, u)
		}
	}
	return known, nil
}

func (m *Material) heard(ctx context.Context, clips []corpus.Clip, d Dictionary) ([]Utterance, error) {
	if m.Segments == "" {
		return Transcribe(ctx, clips, m.Models, d)
	}
	f, err := os.Open(m.Segments)
	if err != nil {
		return nil, fmt.Errorf("embedding: %w", err)
	}
	defer f.Close()
	text, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("embedding: reading %s: %w", m.Segments, err)
	}
	return readSegments(text, d)
}

// Prepare makes the variants of an utterance: as it is, and so many others.
func (u *Utterance) Prepare(ctx context.Context, a *augment.Augmenter, variants int) (Speech, error) {
	if u.phrase != nil {
		if err := u.say(ctx); err != nil {
			return Speech{}, err
		}
	}
	pcm := u.PCM
	if pcm == nil {
		var err error
		if pcm, err = corpus.Read(u.Name); err != nil {
			return Speech{}, err
		}
	}
	s := Speech{Name: u.Name, Words: u.Words, Labels: u.Labels}
	for i := range variants + 1 {
		by := a
		if i == 0 {
			by = nil
		}
		v, err := variant(pcm, by, corpus.Hash(fmt.Sprint(filepath.Base(u.Name), i)))
		if err != nil {
			return Speech{}, err
		}
		s.Variants = append(s.Variants, v)
	}
	return s, nil
}
