package train

import (
	"bytes"
	"context"
	"fmt"
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
	if err := r.say(ctx, "phrases", r.cfg.Phrases); err != nil {
		return err
	}
	// Voices say it in other ways at the end of a sentence.
	if err := r.say(ctx, "word", []string{r.cfg.Word, r.cfg.Word + ".", r.cfg.Word + "?", r.cfg.Word + "!", r.cfg.Word + ","}); err != nil {
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
	if len(r.cfg.Set.Positives) == 0 {
		r.cfg.Set.Positives = clips
	} else {
		r.said = clips
	}
	return nil
}

// say has texts said by every voice, into a folder for each voice.
func (r *run) say(ctx context.Context, folder string, texts []string) error {
	done := 0
	dir := filepath.Join(r.cfg.Work, folder)
	if _, err := os.Stat(filepath.Join(dir, "done")); err == nil {
		return nil
	}
	err := confusable.Speak(ctx, r.cfg.Speaker, texts, func(s confusable.Spoken) error {
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
		r.progress(float64(done)/float64(len(texts)*len(r.cfg.Speaker.Voices())), s.Text)
		return r.save(path, data.Bytes())
	})
	if err != nil || done == 0 {
		return err
	}
	return r.save(filepath.Join(dir, "done"), nil)
}

// spoken are the clips of the phrases.
func (r *run) spoken() ([]corpus.Clip, error) {
	if r.cfg.Speaker == nil || len(r.cfg.Phrases) == 0 {
		return nil, nil
	}
	return corpus.Folder(filepath.Join(r.cfg.Work, "phrases"), nil)
}
