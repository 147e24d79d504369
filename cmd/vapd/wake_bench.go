package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"vapd/wakeword"
	"vapd/wakeword/pack"
	"vapd/wakeword/train/corpus"
	"vapd/wakeword/trial"

	"golang.org/x/term"
)

// exitLimit is the exit status where a pack is beyond a limit that was asked for.
const exitLimit = 2

// wakeBenchCmd is "vapd wake bench".
type wakeBenchCmd struct {
	Packs           []string `arg:"" name:"pack" type:"path" help:"Manifests (.json) with their models beside them, models (.tflite) alone, or folders of them."`
	Positives       []string `required:"" type:"existingdir" sep:"none" placeholder:"DIR" help:"Folder of recordings in which the words are said, each word's in a folder of its name; may be repeated. Where no folder has the name of a word, all recordings are taken to say it."`
	Negatives       []string `type:"existingdir" sep:"none" placeholder:"DIR" help:"Folder of other speech and sounds; may be repeated."`
	Labels          string   `type:"existingfile" placeholder:"FILE" help:"Table of the recordings with columns file, word, set and speaker, instead of the folders' names."`
	Noise           string   `type:"existingdir" placeholder:"DIR" help:"Folder of noise, of which some is put behind every word."`
	SNR             float64  `name:"snr" default:"10" help:"How many decibels the voice is above the noise. Default: ${default}."`
	Seed            uint64   `default:"1" help:"Chooses the noise behind each word. Default: ${default}."`
	SecondLook      string   `name:"second-look" type:"existingfile" placeholder:"PACK" help:"A larger pack with which a hub looks again at what these hear: shows what that changes."`
	Curve           bool     `help:"Show other cutoffs as well."`
	JSON            bool     `help:"All figures and the whole curve, as JSON."`
	MaxFalseRejects float64  `default:"100" placeholder:"PERCENT" help:"Exit with status 2 where a pack misses more."`
	MaxPerHour      float64  `default:"1e9" placeholder:"RATE" help:"Exit with status 2 where a pack is heard more often in an hour without its word."`
}

// Run measures.
func (c wakeBenchCmd) Run() error {
	names, packs, err := openPacks(c.Packs)
	if err != nil {
		return err
	}
	set, background, err := c.recordings()
	if err != nil {
		return err
	}
	ctx, stop := untilInterrupt(0)
	defer stop()
	b := trial.Bench{Packs: packs, Set: set, Background: background}
	if c.SecondLook != "" {
		if b.Second, err = pack.Open(c.SecondLook); err != nil {
			return err
		}
	}
	if term.IsTerminal(int(os.Stderr.Fd())) {
		b.Progress = func(done float64) { fmt.Fprintf(os.Stderr, "\r%3.0f %%\r", 100*done) }
	}
	results, err := b.Run(ctx)
	if err != nil {
		return err
	}
	for i := range results {
		results[i].Pack = names[i]
	}
	if c.JSON {
		err = trial.WriteJSON(os.Stdout, results)
	} else {
		err = trial.WriteResults(os.Stdout, results, c.Curve)
	}
	return errors.Join(err, c.verdict(results))
}

// openPacks opens packs and names each: by its file where two have the same.
func openPacks(paths []string) (names []string, packs []*pack.Pack, err error) {
	for _, file := range paths {
		if info, err := os.Stat(file); err == nil && info.IsDir() {
			all, err := pack.Load(file)
			if err != nil || len(all) == 0 {
				return nil, nil, errors.Join(err, fmt.Errorf("not every pack in %s can be measured: name those to measure", file))
			}
			for _, p := range all {
				if wakeword.RoleOf(p) == wakeword.Gate {
					fmt.Fprintf(os.Stderr, "%s is a gate for others and no word: it is left out\n", p.ID)
					continue
				}
				packs, names = append(packs, p), append(names, filepath.Join(file, p.ID))
			}
			continue
		}
		p, err := pack.Open(file)
		if err != nil {
			return nil, nil, err
		}
		packs, names = append(packs, p), append(names, file)
	}
	for i, p := range packs {
		if !slices.ContainsFunc(packs, func(other *pack.Pack) bool { return other != p && other.ID == p.ID }) {
			names[i] = p.ID
		}
	}
	return names, packs, nil
}

// recordings lists them.
func (c wakeBenchCmd) recordings() (set corpus.Set, b trial.Background, err error) {
	var labels corpus.Labels
	if c.Labels != "" {
		if labels, err = corpus.ReadLabels(c.Labels); err != nil {
			return set, b, err
		}
	}
	var noise []string
	if c.Noise != "" {
		noise = []string{c.Noise}
	}
	if set, err = corpus.Gather(c.Positives, c.Negatives, noise, labels); err != nil {
		return set, b, err
	}
	b.Noise, err = corpus.ReadAll(set.Noise)
	b.SNR, b.Seed = c.SNR, c.Seed
	return set, b, err
}

// verdict is what is wrong with the recordings, or with the packs.
func (c wakeBenchCmd) verdict(results []trial.Result) error {
	var errs []error
	said := make(map[string]bool)
	for _, r := range results {
		for _, err := range r.Unread {
			if !said[err.Error()] {
				said[err.Error()] = true
				errs = append(errs, err)
			}
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("%d recordings were left out: %w", len(errs), errors.Join(errs...))
	}
	for _, r := range results {
		rate, _ := r.Counts.PerHour()
		if 100*r.Counts.FalseRejects() > c.MaxFalseRejects || rate > c.MaxPerHour {
			errs = append(errs, fmt.Errorf("%s is beyond the limits: %.1f %% false rejects, %.2f false accepts an hour", r.Pack, 100*r.Counts.FalseRejects(), rate))
		}
	}
	if len(errs) > 0 {
		return statusError{errors.Join(errs...), exitLimit}
	}
	return nil
}
