package crossval

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"vapd/wakeword/pack"
	"vapd/wakeword/train/corpus"
	"vapd/wakeword/trial"
)

// snr is how many decibels the voice is above the noise of the noisy part.
const snr = 10

// Result is what Measure found.
type Result struct {
	Folds []Fold
	// Clean and Noisy are the folds' counts at their own cutoffs, added up; their Cutoff
	// means nothing.
	Clean, Noisy trial.Counts
	// CrossFires are the other words, at the folds' own cutoffs.
	CrossFires []trial.CrossFire
	// Curve and NoisyCurve have the folds' counts at one cutoff for all.
	Curve, NoisyCurve trial.Curve
	// Minutes is how long the longest of the trainings would take alone on two cores: half
	// of its processor time.
	Minutes float64
	// Second is what a second look changes, at the folds' own cutoffs, in those folds for
	// which there is a larger model.
	Second      trial.Cascaded
	SecondFolds int
}

// Fold is one of them, measured by the model that has not heard it.
type Fold struct {
	Number       int
	Frozen       Frozen
	Clean, Noisy trial.Counts // at the frozen cutoff
}

// Measure tries the models that Run made, each on the fold that it has not heard: as it is,
// and with that fold's noise 10 dB below the active level of the voice. It trains nothing;
// where something is missing its error is ErrAbsent.
func (p *Plan) Measure(ctx context.Context) (*Result, error) {
	folds := p.Set.Folds(p.Folds, p.Seed)
	r := new(Result)
	for _, k := range p.Outer {
		m, err := p.find(folder(p.Dir, k))
		if err != nil {
			return nil, err
		}
		f := Frozen{Counts: trial.Counts{Cutoff: m.Manifest.Micro.ProbabilityCutoff}}
		if p.Inner > 0 {
			if f, err = p.frozen(k); err != nil {
				return nil, err
			}
		}
		if err := r.time(folder(p.Dir, k)); err != nil {
			return nil, err
		}
		p.progress("measuring " + folder(p.Dir, k))
		clean, noisy, err := p.hear(ctx, m, folds[k])
		if err != nil {
			return nil, err
		}
		if err := r.add(Fold{Number: k, Frozen: f}, clean, noisy); err != nil {
			return nil, err
		}
		if p.Second == "" {
			continue
		}
		again, err := p.lookAgain(ctx, m, f.Cutoff, folds[k], k)
		if errors.Is(err, ErrAbsent) {
			p.progress(err.Error())
			continue
		} else if err != nil {
			return nil, err
		}
		r.SecondFolds++
		r.Second.Add(again)
	}
	return r, nil
}

// time reads how long a model took.
func (r *Result) time(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, minutesFile))
	if err != nil {
		return fmt.Errorf("crossval: %w", err)
	}
	minutes, err := strconv.ParseFloat(strings.TrimSpace(string(data)), 64)
	if err != nil {
		return fmt.Errorf("crossval: %s: %w", filepath.Join(dir, minutesFile), err)
	}
	r.Minutes = max(r.Minutes, minutes/2)
	return nil
}

// lookAgain lets the larger model of a fold look at what the fold's model hears in it.
func (p *Plan) lookAgain(ctx context.Context, first *pack.Pack, cutoff float64, fold corpus.Set, k int) (trial.Cascaded, error) {
	second, err := p.find(folder(p.Second, k))
	if err != nil {
		return trial.Cascaded{}, err
	}
	judged := *first
	judged.Manifest.Micro.ProbabilityCutoff = cutoff
	c := trial.Cascade{First: &judged, Second: second, Set: fold}
	return c.Run(ctx)
}

// hear lets a model hear a fold, without and with noise.
func (p *Plan) hear(ctx context.Context, m *pack.Pack, fold corpus.Set) (clean, noisy *trial.Scores, err error) {
	noise, err := corpus.ReadAll(fold.Noise)
	if err != nil {
		return nil, nil, err
	}
	if clean, err = trial.NewScores(m, trial.Background{}); err != nil {
		return nil, nil, err
	}
	if noisy, err = trial.NewScores(m, trial.Background{Noise: noise, SNR: snr, Seed: p.Seed}); err != nil {
		return nil, nil, err
	}
	for _, part := range []struct {
		clips []corpus.Clip
		hear  func(corpus.Clip) error
	}{
		{fold.Positives, clean.Said}, {fold.Positives, noisy.Said}, {fold.Others, clean.Other}, {fold.Negatives, clean.Without},
	} {
		for _, c := range part.clips {
			if err := ctx.Err(); err != nil {
				return nil, nil, err
			}
			if err := part.hear(c); err != nil {
				return nil, nil, err
			}
		}
	}
	return clean, noisy, nil
}

// add judges a fold at its cutoff and at all others.
func (r *Result) add(f Fold, clean, noisy *trial.Scores) (err error) {
	if f.Clean, err = clean.Counts(f.Frozen.Cutoff); err != nil {
		return err
	}
	if f.Noisy, err = noisy.Counts(f.Frozen.Cutoff); err != nil {
		return err
	}
	fires, err := clean.CrossFires(f.Frozen.Cutoff)
	if err != nil {
		return err
	}
	curve, err := clean.Curve()
	if err != nil {
		return err
	}
	noisyCurve, err := noisy.Curve()
	if err != nil {
		return err
	}
	if len(r.Folds) > 0 {
		curve, noisyCurve = trial.Pool(r.Curve, curve), trial.Pool(r.NoisyCurve, noisyCurve)
	}
	r.Curve, r.NoisyCurve = curve, noisyCurve
	r.Folds = append(r.Folds, f)
	r.Clean = trial.Pool(trial.Curve{r.Clean}, trial.Curve{f.Clean})[0]
	r.Noisy = trial.Pool(trial.Curve{r.Noisy}, trial.Curve{f.Noisy})[0]
	for _, c := range fires {
		i := slices.IndexFunc(r.CrossFires, func(a trial.CrossFire) bool { return a.Word == c.Word })
		if i < 0 {
			r.CrossFires = append(r.CrossFires, c)
			continue
		}
		r.CrossFires[i].Said, r.CrossFires[i].Fired = r.CrossFires[i].Said+c.Said, r.CrossFires[i].Fired+c.Fired
	}
	return nil
}
