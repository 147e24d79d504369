package train

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vapd/audio"
	"vapd/audio/wav"
	"vapd/wakeword/train/confusable"
	"vapd/wakeword/train/corpus"
)

// How many texts voices say at most. A word from nothing but text is said by many voices,
// and has to be learnt beside as much as they say else.
const (
	all         = math.MaxInt
	mostPhrases = 600
	mostTalk    = 600
	mostPauses  = 1000 // recordings of people that are broken into single words
)

// speak has the phrases said that the model must not take for the word, and the word. It is
// learnt beside what people say, since otherwise the model learns that voices never say it.
func (r *run) speak(ctx context.Context) error {
	if r.cfg.Speaker == nil {
		return nil
	}
	phrases := all
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
	if err := r.say(ctx, "word", []string{r.cfg.Word, r.cfg.Word + ".", r.cfg.Word + "?", r.cfg.Word + "!", r.cfg.Word + ","}, all); err != nil {
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

// spokenWord has the jobs of a word that only voices say. Each family of voices has the same
// part of it: the speakers of one accent are more alike than their number tells.
func (r *run) spokenWord() (jobs []job) {
	families := make(map[string][]corpus.Clip)
	for _, c := range r.train.Positives {
		family, _, _ := strings.Cut(c.Speaker, "+")
		families[family] = append(families[family], c)
	}
	for _, name := range slices.Sorted(maps.Keys(families)) {
		clips := families[name]
		jobs = append(jobs, r.jobs("word-"+name, clips, variants(r.cfg.Recipe.Words/len(families), clips), true)...)
	}
	return changed(jobs)
}

// spoken are the clips of the phrases.
func (r *run) spoken() ([]corpus.Clip, error) {
	if r.cfg.Speaker == nil || len(r.cfg.Phrases) == 0 {
		return nil, nil
	}
	return corpus.Folder(filepath.Join(r.cfg.Work, "phrases"), nil)
}

// talk are the clips of what voices say besides.
func (r *run) talk() ([]corpus.Clip, error) {
	if !r.fromText || len(r.cfg.Talk) == 0 {
		return nil, nil
	}
	return corpus.Folder(filepath.Join(r.cfg.Work, "talk"), nil)
}

// pauses has the jobs of single words of people. Otherwise only voices would say a word
// after a silence, and that would be what the model listens for.
func (r *run) pauses() []job {
	order := r.random("pauses", 0).Perm(len(r.train.Negatives))
	var clips []corpus.Clip
	for _, i := range order[:min(len(order), mostPauses)] {
		clips = append(clips, r.train.Negatives[i])
	}
	jobs := r.jobs("pauses", clips, r.cfg.Recipe.Negatives, false)
	for i := range jobs {
		jobs[i].pauses = true
	}
	return jobs
}
