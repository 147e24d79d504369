//go:build !vapd_satellite

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"vapd/wakeword/crossval"
	"vapd/wakeword/train"
	"vapd/wakeword/train/corpus"
	"vapd/wakeword/trial"

	"golang.org/x/term"
)

// wakeCrossvalCmd is "vapd wake crossval".
type wakeCrossvalCmd struct {
	wakeMaterial
	Dir     string `short:"o" required:"" type:"path" placeholder:"DIR" help:"Folder for the models; what it has is not made again."`
	Folds   int    `default:"5" help:"Parts that the recordings are divided into. Default: ${default}."`
	Outer   []int  `placeholder:"FOLD" help:"Folds that are measured, from 0 on; two are enough to choose between words. Default: all."`
	Inner   int    `default:"2" help:"Models that choose the cutoff of each fold, at most. Default: ${default}."`
	Measure bool   `help:"Train nothing, measure what there is."`
	Curve   bool   `help:"Show what one cutoff for all folds gives."`
}

// Run trains what is missing, and measures.
func (c wakeCrossvalCmd) Run() error {
	plan, err := c.plan()
	if err != nil {
		return err
	}
	ctx, stop := untilInterrupt(0)
	defer stop()
	if !c.Measure {
		if err := plan.Run(ctx); errors.Is(err, context.Canceled) {
			return fmt.Errorf("stopped, and the same command goes on: %w", err)
		} else if err != nil {
			return err
		}
	}
	r, err := plan.Measure(ctx)
	if err != nil {
		return err
	}
	return c.table(r)
}

func (c wakeCrossvalCmd) plan() (*crossval.Plan, error) {
	cfg, err := c.config()
	if err != nil {
		return nil, err
	}
	switch {
	case c.Folds < 3 || c.Folds > 20:
		return nil, fmt.Errorf("there are %d folds: must be 3 to 20", c.Folds)
	case c.Inner < 1:
		return nil, fmt.Errorf("there are %d inner models: must be 1 or more", c.Inner)
	}
	outer := c.Outer
	if len(outer) == 0 {
		for k := range c.Folds {
			outer = append(outer, k)
		}
	}
	return &crossval.Plan{
		Word: c.Word, Set: cfg.Set, Folds: c.Folds, Seed: c.Seed, Outer: outer, Inner: c.Inner, PerHour: cfg.Recipe.PerHour, Dir: c.Dir, Save: cfg.Save,
		Train: func(ctx context.Context, dir string, set corpus.Set) (string, error) {
			cfg := cfg
			show := newTrainProgress(term.IsTerminal(int(os.Stderr.Fd())))
			defer show.end()
			cfg.Set, cfg.Progress = set, show.show
			cfg.Out, cfg.Work = dir, filepath.Join(dir, "work")
			cfg.Cutoff = 0.5 // which nobody reads
			result, err := train.Run(ctx, cfg)
			if err != nil {
				return "", err
			}
			return filepath.Join(dir, result.Pack.ID+".json"), nil
		},
		Progress: func(step string) { fmt.Fprintf(os.Stderr, "%s  %s\n", time.Now().Format(time.TimeOnly), step) },
	}, nil
}

// table shows the result.
func (c wakeCrossvalCmd) table(r *crossval.Result) error {
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "fold\tcutoff\tfalse rejects\tin noise\thours without\theard there\tfalse accepts an hour")
	line := func(name, cutoff string, clean, noisy trial.Counts) {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%.2f\t%d\t%s\n", name, cutoff, trial.Percent(clean.Missed, clean.Said), trial.Percent(noisy.Missed, noisy.Said),
			clean.Hours, clean.Accepts, trial.Hourly(clean))
	}
	for _, f := range r.Folds {
		line(fmt.Sprint(f.Number), fmt.Sprint(f.Frozen.Cutoff), f.Clean, f.Noisy)
	}
	line("all", "", r.Clean, r.Noisy)
	if c.Curve {
		for _, cutoff := range []float64{0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.996} {
			line("all", fmt.Sprint(cutoff), r.Curve.At(cutoff), r.NoisyCurve.At(cutoff))
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Println("\nother words that woke it, at the folds' own cutoffs")
	for _, f := range r.CrossFires {
		fmt.Fprintf(t, "%s\t%d of %d\t%s\n", f.Word, f.Fired, f.Said, trial.Percent(f.Fired, f.Said))
	}
	return t.Flush()
}
