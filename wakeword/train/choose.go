package train

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"vapd/wakeword/pack"
	"vapd/wakeword/train/augment"
	"vapd/wakeword/train/corpus"
	"vapd/wakeword/train/export"
	"vapd/wakeword/train/net"
	"vapd/wakeword/trial"
)

// Result is what was made, and how good it is on the validation part.
type Result struct {
	Pack   *pack.Pack
	Losses []Loss
	// Clean and Noisy are the curves without and with noise 10 dB below the voice; Noisy is
	// nil where there are no recordings of noise.
	Clean, Noisy trial.Curve
	// Chosen is Clean at the cutoff, which was chosen on the other speech at several
	// speeds. Reached is false where no cutoff has so few false accepts there as the recipe
	// asks for.
	Chosen  trial.Counts
	Reached bool
	// FromText is true where only voices said the word, and Clean and Noisy are about them.
	FromText bool
	// CrossFires are other words of the validation part that wake it.
	CrossFires []trial.CrossFire
}

const (
	validationSNR = 10 // dB
	// calibrated is how many examples of each kind the ranges of int8 are taken from.
	calibrated = 400
	// lowest is the lowest cutoff that is chosen. Below the network itself says that the
	// word is not likely, and only the validation part lacks what would wake it.
	lowest = 0.5
	// lowestFromText is that of a word which only voices said. People speak otherwise: the
	// network is less sure of them, and only its false accepts can be measured.
	lowestFromText = 0.05
)

// choose makes the model in int8 and finds its cutoff.
func (r *run) choose(ctx context.Context, n *net.Net, s *stores) (*Result, error) {
	clips, err := r.calibration(s)
	if err != nil {
		return nil, err
	}
	model, err := export.Quantize(n, clips)
	if err != nil {
		return nil, err
	}
	if r.cfg.Cutoff > 0 {
		p, err := r.pack(model, r.cfg.Out, r.cfg.Cutoff)
		return &Result{Pack: p}, err
	}
	draft, err := r.pack(model, filepath.Join(r.cfg.Work, "pack"), lowest)
	if err != nil {
		return nil, err
	}
	result := &Result{FromText: r.fromText}
	if err := r.measure(ctx, draft, result); err != nil {
		return nil, err
	}
	result.Pack, err = r.pack(model, r.cfg.Out, result.Chosen.Cutoff)
	return result, err
}

// pack writes the model with a cutoff.
func (r *run) pack(m *export.Model, dir string, cutoff float64) (*pack.Pack, error) {
	id := ID(r.cfg.Word)
	err := m.Save(dir, id, pack.Manifest{
		WakeWord: r.cfg.Word, TrainedLanguages: r.cfg.Languages,
		Micro: pack.Micro{ProbabilityCutoff: cutoff, SlidingWindowSize: r.cfg.Recipe.Window},
	}, r.cfg.Save)
	if err != nil {
		return nil, err
	}
	return pack.Open(filepath.Join(dir, id+".json"))
}

// calibration are examples of all kinds.
func (r *run) calibration(s *stores) (clips [][]int8, err error) {
	random := r.random("calibration", 0)
	samples := newSampler(&r.cfg.Recipe, s.positives, s.others, s.negatives)
	for len(clips) < 3*calibrated {
		batch, err := samples.next(random)
		if err != nil {
			return nil, err
		}
		for i := range batch {
			clips = append(clips, append([]int8(nil), batch[i].Features...))
		}
	}
	return clips, nil
}

// measure scores the validation part.
func (r *run) measure(ctx context.Context, p *pack.Pack, result *Result) error {
	clean, err := trial.NewScores(p, trial.Background{})
	if err != nil {
		return err
	}
	var noisy *trial.Scores
	if len(r.test.Noise) > 0 {
		noise, err := corpus.ReadAll(r.test.Noise)
		if err != nil {
			return err
		}
		if noisy, err = trial.NewScores(p, trial.Background{Noise: noise, SNR: validationSNR, Seed: r.cfg.Seed}); err != nil {
			return err
		}
	}
	total := len(r.test.Positives) + len(r.test.Others) + len(r.test.Negatives)
	done := 0
	varied, err := trial.NewScores(p, trial.Background{})
	if err != nil {
		return err
	}
	hear := func(clips []corpus.Clip, to func(corpus.Clip) error) error {
		for _, c := range clips {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := to(c); err != nil {
				return err
			}
			done++
			r.progress(float64(done)/float64(total), "")
		}
		return nil
	}
	var noisyErr, variedErr error
	var work sync.WaitGroup
	work.Go(func() { variedErr = Vary(ctx, varied, r.test.Negatives) })
	if noisy != nil {
		work.Go(func() {
			for _, c := range r.test.Positives {
				if noisyErr == nil {
					noisyErr = noisy.Said(c)
				}
			}
		})
	}
	err = errors.Join(hear(r.test.Positives, clean.Said), hear(r.test.Others, clean.Other), hear(r.test.Negatives, clean.Without))
	work.Wait()
	if err = errors.Join(err, noisyErr, variedErr); err != nil {
		return fmt.Errorf("train: choosing the cutoff: %w", err)
	}
	if result.Clean, err = clean.Curve(); err != nil {
		return err
	}
	if noisy != nil {
		if result.Noisy, err = noisy.Curve(); err != nil {
			return err
		}
	}
	curve, err := varied.Curve()
	if err != nil {
		return err
	}
	chosen, reached := chooseFrom(r.lowest(), curve, r.cfg.Recipe.PerHour)
	result.Chosen, result.Reached = result.Clean.At(chosen.Cutoff), reached
	result.CrossFires, err = clean.CrossFires(result.Chosen.Cutoff)
	return err
}

// speeds are those at which the other speech is heard to choose the cutoff: as it is, and
// as if other people spoke. There is seldom an hour of it, and what is rarer than one
// event in all of it can't be told.
func speeds() []float64 { return []float64{1, 0.93, 1.07} }

// Vary lets s hear other speech for Choose: as it is, slower and faster.
func Vary(ctx context.Context, s *trial.Scores, negatives []corpus.Clip) error {
	for _, speed := range speeds() {
		for _, c := range negatives {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := corpus.Pieces(c.Path, reel, func(pcm []int16) error {
				pcm, err := augment.Speed(pcm, speed)
				s.WithoutPCM(pcm)
				return err
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Choose is the point of the lowest cutoff from 0.5 on with at most so many false accepts an
// hour, or of the highest where none has.
func Choose(c trial.Curve, perHour float64) (chosen trial.Counts, reached bool) {
	return chooseFrom(lowest, c, perHour)
}

// lowest is the lowest cutoff that is chosen.
func (r *run) lowest() float64 {
	if r.fromText {
		return lowestFromText
	}
	return lowest
}

func chooseFrom(lowest float64, c trial.Curve, perHour float64) (chosen trial.Counts, reached bool) {
	if chosen, reached = c.AtRate(perHour); !reached {
		return c[len(c)-1], false
	}
	return c.At(max(lowest, chosen.Cutoff)), true
}
