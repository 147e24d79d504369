package train

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"vapd/audio"
	"vapd/audio/wav"
	"vapd/wakeword/train/confusable"
	"vapd/wakeword/train/corpus"
)

// speak has the phrases said that the model must not take for the word, and the word. It is
// learnt beside what people say, since otherwise the model learns that voices never say it.
func (r *run) speak(ctx context.Context) error {
	if r.cfg.Speaker == nil {
		return nil
	}
	phrases := everything
	if r.fromText {
		phrases = mostPhrases
		if err := r.say(ctx, "talk", r.cfg.Talk, mostTalk); err != nil {
			return err
		}
	}
	if err := r.say(ctx, "phrases", r.cfg.Phrases, phrases); err != nil {
		return err
	}
	// Voices say it in other ways at the end of a sentence.
	if err := r.say(ctx, "word", []string{r.cfg.Word, r.cfg.Word + ".", r.cfg.Word + "?", r.cfg.Word + "!", r.cfg.Word + ","}, everything); err != nil {
		return err
	}
	clips, err := corpus.Folder(filepath.Join(r.cfg.Work, "word"), nil)
	if err != nil {
		return err
	}
	for i := range clips {
		// What one voice says is in one part of the recordings.
		clips[i].Label = corpus.Label{Word: r.cfg.Word, Set: "spoken", Speaker: clips[i].Set}
	}
	if r.fromText {
		r.cfg.Set.Positives = clips
	} else {
		r.said = clips
	}
	return nil
}

// everything is for say: each voice says each text.
const everything = math.MaxInt

// say has texts said by every voice, into a folder for each voice: of all that could be said
// so much at most, chosen by chance.
func (r *run) say(ctx context.Context, folder string, texts []string, most int) error {
	dir := filepath.Join(r.cfg.Work, folder)
	if _, err := os.Stat(filepath.Join(dir, "done")); err == nil {
		return nil
	}
	voices := r.cfg.Speaker.Voices()
	total := len(voices) * len(texts)
	chosen := make([]bool, total)
	for _, i := range r.random(folder, 0).Perm(total)[:min(most, total)] {
		chosen[i] = true
	}
	done := 0
	take := func(s confusable.Spoken) error {
		var data bytes.Buffer
		if len(s.PCM) == 0 {
			return nil
		}
		if err := wav.Write(&data, audio.Format{Rate: audio.WakeRate, Channels: 1}, s.PCM); err != nil {
			return fmt.Errorf("train: %w", err)
		}
		path := filepath.Join(dir, s.Voice, fmt.Sprintf("%03d.wav", done%len(texts)))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("train: %w", err)
		}
		done++
		r.progress(float64(done)/float64(min(most, total)), s.Text)
		return r.save(path, data.Bytes())
	}
	for i, name := range voices {
		var its []string
		for k, text := range texts {
			if chosen[i*len(texts)+k] {
				its = append(its, text)
			}
		}
		if err := confusable.Speak(ctx, voice{r.cfg.Speaker, name}, its, take); err != nil {
			return err
		}
	}
	if done == 0 {
		return nil
	}
	return r.save(filepath.Join(dir, "done"), nil)
}

// voice is one of a Speaker.
type voice struct {
	confusable.Speaker
	name string
}

func (v voice) Voices() []string { return []string{v.name} }

// spoken are the clips of what voices say, in the folder of say.
func (r *run) spoken(folder string, texts []string) ([]corpus.Clip, error) {
	if r.cfg.Speaker == nil || len(texts) == 0 {
		return nil, nil
	}
	return corpus.Folder(filepath.Join(r.cfg.Work, folder), nil)
}
