package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode"

	"vapd/wakeword/train/augment"
	"vapd/wakeword/train/corpus"
)

// run is a training that is on.
type run struct {
	cfg       Config
	near, far *augment.Augmenter // of single words, and of other sound
	fromText  bool               // there are no recordings of the word
	train     corpus.Set
	said      []corpus.Clip // the word, by voices, beside recordings
	test      corpus.Set    // for validation
	phase     int
	began     time.Time
	beganAt   float64 // share of the whole that was done before
}

// phase is a part of a training, and its rough share of the time.
type phase struct {
	name  string
	share float64
}

func phases() []phase {
	return []phase{{"speaking", 0.01}, {"listening", 0.3}, {"learning", 0.62}, {"choosing the cutoff", 0.05}, {"writing the report", 0.02}}
}

// Run trains a word, or goes on with what the work folder has. When ctx ends it returns
// its error; nothing is lost but the last seconds.
func Run(ctx context.Context, c Config) (*Result, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	r := &run{cfg: c.withDefaults(), fromText: c.fromText(), began: time.Now(), beganAt: -1}
	if err := r.open(); err != nil {
		return nil, r.explain(err)
	}
	result, err := r.steps(ctx)
	return result, r.explain(err)
}

// explain gives the errors of disks a remedy.
func (r *run) explain(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w: make room there (some hundred megabytes) and give the same command again, which goes on", err)
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: choose a folder that you may write to", err)
	}
	return err
}

// plan is what the work folder was begun with.
type plan struct {
	Word string `json:"word"`
	Hash string `json:"hash"`
}

// open makes the work folder, or checks that it is for this training.
func (r *run) open() error {
	if err := os.MkdirAll(r.cfg.Work, 0o755); err != nil {
		return fmt.Errorf("train: making the work folder: %w", err)
	}
	hash, err := r.cfg.fingerprint()
	if err != nil {
		return err
	}
	var was plan
	if err := r.load("plan.json", &was); err != nil {
		return err
	}
	switch was.Hash {
	case hash:
		return nil
	case "":
	default:
		return fmt.Errorf("train: %s has a training of %q that was begun with other recordings or options: use another folder, or remove it to begin anew", r.cfg.Work, was.Word)
	}
	data, err := json.Marshal(plan{r.cfg.Word, hash})
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	return r.save(filepath.Join(r.cfg.Work, "plan.json"), data)
}

func (r *run) save(path string, data []byte) error {
	if err := r.cfg.Save(path, data); err != nil {
		return fmt.Errorf("train: writing %s: %w", path, err)
	}
	return nil
}

// progress tells how far the phase is.
func (r *run) progress(done float64, note string) {
	all := 0.0
	for i, p := range phases() {
		if i < r.phase {
			all += p.share
		} else if i == r.phase {
			all += p.share * done
		}
	}
	if r.beganAt < 0 {
		r.began, r.beganAt = time.Now(), all
	}
	p := Progress{Step: phases()[r.phase].name, Done: done, All: all, Note: note}
	if made := all - r.beganAt; made > 0.005 {
		p.Left = time.Duration(float64(time.Since(r.began)) * (1 - all) / made)
	}
	r.cfg.Progress(p)
}

// ID is the name of a word's files: "hey_jarvis" for "Hey Jarvis".
func ID(word string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(word), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }), "_")
}

func (r *run) steps(ctx context.Context) (*Result, error) {
	if err := r.speak(ctx); err != nil {
		return nil, err
	}
	if err := r.prepare(); err != nil {
		return nil, err
	}
	r.phase++
	if err := r.check(ctx); err != nil {
		return nil, err
	}
	stores, err := r.hear(ctx)
	if err != nil {
		return nil, err
	}
	defer stores.close()
	r.phase++
	n, losses, err := r.learn(ctx, stores.positives, stores.others, stores.negatives)
	if err != nil {
		return nil, err
	}
	r.phase++
	result, err := r.choose(ctx, n, stores)
	if err != nil {
		return nil, err
	}
	result.Losses = losses
	if r.cfg.Cutoff > 0 {
		return result, nil
	}
	r.phase++
	return result, r.report(ctx, result)
}

// folds is how many parts there are, of which one is for validation.
const folds = 5

// divide chooses the validation part.
func (r *run) divide() error {
	if r.cfg.Cutoff > 0 {
		r.train = r.cfg.Set
		return nil
	}
	if len(r.cfg.Validation.Positives) > 0 {
		r.train, r.test = r.cfg.Set, r.cfg.Validation
		return nil
	}
	parts := r.cfg.Set.Folds(folds, r.cfg.Seed)
	// A part may be without the word where few people say it.
	k := max(0, slices.IndexFunc(parts, func(s corpus.Set) bool { return len(s.Positives) > 0 }))
	split := parts.Split(k)
	r.train, r.test = split.Train, split.Test
	if len(r.train.Positives) == 0 {
		return fmt.Errorf("train: all recordings of %q are of one speaker: they can't be divided", r.cfg.Word)
	}
	return nil
}

// prepare divides the recordings and makes the augmenters.
func (r *run) prepare() error {
	if err := r.divide(); err != nil {
		return err
	}
	noise, err := corpus.ReadAll(r.train.Noise)
	if err != nil {
		return err
	}
	cfg := augment.DefaultConfig()
	cfg.Noise, cfg.Codec, cfg.Seed, cfg.Rooms = noise, r.cfg.Codec, r.cfg.Seed, r.cfg.Recipe.Rooms
	cfg.Before, cfg.After = augment.Range{Low: 0, High: 0}, augment.Range{Low: 0, High: 0}
	if r.far, err = augment.New(cfg); err != nil {
		return err
	}
	// A word is preceded by what an output depends on.
	cfg.Before, cfg.After = augment.Range{Low: 1.4, High: 2}, augment.Range{Low: 0.4, High: 0.9}
	r.near, err = augment.New(cfg)
	return err
}

// check reads the validation part, which is needed last: what is wrong with it is better
// known now.
func (r *run) check(ctx context.Context) error {
	for _, c := range slices.Concat(r.test.Positives, r.test.Others, r.test.Negatives, r.test.Noise) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := corpus.Pieces(c.Path, reel, func([]int16) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

// stores have the features of the recordings that are trained on.
type stores struct{ positives, others, negatives *store }

func (s *stores) close() {
	for _, s := range []*store{s.positives, s.others, s.negatives} {
		if s != nil {
			s.close()
		}
	}
}

// variants is how many of each clip there are where there are n in all.
func variants(n int, clips []corpus.Clip) int { return min(200, (n+len(clips)-1)/len(clips)) }

// sound has the jobs of everything that is learnt from.
func (r *run) sound() (positives, others, negatives []job, err error) {
	recipe := &r.cfg.Recipe
	spoken, err := r.spoken("phrases", r.cfg.Phrases)
	if err != nil {
		return nil, nil, nil, err
	}
	phrases := r.jobs("phrase", spoken, recipe.Spoken, true)
	negatives = r.jobs("speech", r.train.Negatives, recipe.Negatives, false)
	negatives = append(negatives, r.jobs("noise", r.train.Noise, recipe.Negatives, false)...)
	if r.fromText {
		talk, err := r.talk()
		if err != nil {
			return nil, nil, nil, err
		}
		pauses, pieces := r.pausesAndPieces()
		positives, others = r.spokenWord(), pieces
		phrases, negatives = changed(phrases), slices.Concat(negatives, talk, pauses)
	} else {
		words := variants(recipe.Words, r.train.Positives)
		positives = append(r.jobs("word", r.train.Positives, words, true), r.jobs("said", r.said, words, true)...)
	}
	return positives, slices.Concat(r.jobs("other", r.train.Others, recipe.Others, true), phrases, others), negatives, nil
}

// hear makes the features of everything, or finds them.
func (r *run) hear(ctx context.Context) (*stores, error) {
	positives, others, negatives, err := r.sound()
	if err != nil {
		return nil, err
	}
	// Side by side, so that the time that is left can be told.
	all := slices.Concat(positives, others, negatives)
	r.random("order", 0).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if err := r.listen(ctx, all); err != nil {
		return nil, err
	}
	s := new(stores)
	for _, kind := range []struct {
		store **store
		jobs  []job
	}{{&s.positives, positives}, {&s.others, others}, {&s.negatives, negatives}} {
		var paths []string
		for _, j := range kind.jobs {
			paths = append(paths, j.path)
		}
		if *kind.store, err = openStore(paths, r.cfg.Recipe.features()); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}
