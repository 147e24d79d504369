//go:build !vapd_satellite

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"vapd/wakeword/crossval"
	"vapd/wakeword/model"
	"vapd/wakeword/train"
	"vapd/wakeword/train/corpus"

	"golang.org/x/term"
)

// unfrozen is the cutoff of a model for which none is chosen.
const unfrozen = 0.5

// wakeCrossvalCmd is "vapd wake crossval".
type wakeCrossvalCmd struct {
	wakeMaterial
	Dir     string `short:"o" required:"" type:"path" placeholder:"DIR" help:"Folder for the models; what it has is not made again."`
	Folds   int    `default:"5" help:"Parts that the recordings are divided into. Default: ${default}."`
	Outer   []int  `placeholder:"FOLD" help:"Folds that are measured, from 0 on; two are enough to choose between words. Default: all."`
	Inner   int    `default:"2" help:"Models that choose the cutoff of each fold, at most; with 0 it is 0.5. Default: ${default}."`
	Measure bool   `help:"Train nothing, measure what there is."`
	Second  string `type:"path" placeholder:"DIR" help:"Folder of such models of the same recordings, made with --large, that look again at what these hear."`
	Curve   bool   `help:"Show what one cutoff for all folds gives."`
	Figures bool   `hidden:"" help:"Print figures of the word that comes with the program, whose models these are."`
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
	if errors.Is(err, crossval.ErrAbsent) && c.Figures {
		fmt.Printf("absent: %v\n", err)
		return nil
	} else if err != nil {
		return err
	}
	if !c.Figures {
		return r.Write(os.Stdout, c.Curve)
	}
	shipped, err := model.Default()
	if err != nil {
		return err
	}
	return r.WriteFigures(os.Stdout, shipped.Manifest.Micro.ProbabilityCutoff)
}

func (c wakeCrossvalCmd) plan() (*crossval.Plan, error) {
	cfg, err := c.config()
	if err != nil {
		return nil, err
	}
	switch {
	case c.Folds < 3 || c.Folds > 20:
		return nil, fmt.Errorf("there are %d folds: must be 3 to 20", c.Folds)
	case c.Inner < 0:
		return nil, fmt.Errorf("there are %d inner models: must be 0 or more", c.Inner)
	}
	outer := c.Outer
	if len(outer) == 0 {
		for k := range c.Folds {
			outer = append(outer, k)
		}
	}
	for i, k := range outer {
		if k < 0 || k >= c.Folds || slices.Contains(outer[:i], k) {
			return nil, fmt.Errorf("there is no fold %d, or it is named twice: they are 0 to %d", k, c.Folds-1)
		}
	}
	return &crossval.Plan{
		Word: c.Word, Set: cfg.Set, Folds: c.Folds, Seed: c.Seed, Outer: outer, Inner: c.Inner, PerHour: cfg.Recipe.PerHour, Dir: c.Dir, Second: c.Second, Save: cfg.Save,
		Train: func(ctx context.Context, dir string, set corpus.Set) (string, error) {
			cfg := cfg
			show := newTrainProgress(term.IsTerminal(int(os.Stderr.Fd())))
			defer show.end()
			cfg.Set, cfg.Progress = set, show.show
			cfg.Out, cfg.Work = dir, filepath.Join(dir, "work")
			cfg.Cutoff = unfrozen
			result, err := train.Run(ctx, cfg)
			if err != nil {
				return "", err
			}
			return filepath.Join(dir, result.Pack.ID+".json"), nil
		},
		Progress: func(step string) { fmt.Fprintf(os.Stderr, "%s  %s\n", time.Now().Format(time.TimeOnly), step) },
	}, nil
}
