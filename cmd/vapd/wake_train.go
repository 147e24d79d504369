//go:build !vapd_satellite

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"vapd/audio/opus"
	"vapd/internal/durable"
	"vapd/wakeword/train"
	"vapd/wakeword/train/augment"
	"vapd/wakeword/train/confusable"
	"vapd/wakeword/train/corpus"
	"vapd/wakeword/trial"

	"golang.org/x/term"
)

// wakeMaterial is what a word is trained on, and how.
type wakeMaterial struct {
	Word       string   `required:"" help:"The word, such as \"computer\" or \"hey jarvis\"."`
	Positives  []string `type:"existingdir" sep:"none" placeholder:"DIR" help:"Folder of recordings in which the word is said; may be repeated. Where some are in a folder of its name, those of other folders say other words, which it is not to wake for. Without recordings voices say it."`
	Negatives  []string `required:"" type:"existingdir" sep:"none" placeholder:"DIR" help:"Folder of other speech and sounds; may be repeated."`
	Noise      []string `type:"existingdir" sep:"none" placeholder:"DIR" help:"Folder of noise and music, which is put behind the words; may be repeated."`
	Labels     string   `type:"existingfile" placeholder:"FILE" help:"Table of the recordings with columns file, word, set and speaker, instead of the folders' names."`
	Phrases    int      `default:"60" help:"How many phrases that sound nearly like the word the voices say. Default: ${default}."`
	Dictionary string   `type:"path" default:"/usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict" placeholder:"FILE" help:"Pronouncing dictionary in CMU's format, for those. Default: that of the package pocketsphinx-en-us."`
	TTS        string   `name:"tts" placeholder:"HOST:PORT" help:"Let the installed voices of this Wyoming server speak too, beside those of Flite."`
	Effort     float64  `default:"1" help:"How much is done, up to 10: 1 takes about 20 minutes on two cores, 0.1 shows whether the recordings are right. Default: ${default}."`
	Large      bool     `help:"Train a network of three times the size for the second look of a hub, which takes longer: 'vapd hub wake add' adds it there."`
	Seed       uint64   `default:"1" help:"Chooses everything that is random. Default: ${default}."`
}

// wakeTrainCmd is "vapd wake train".
type wakeTrainCmd struct {
	wakeMaterial
	Out       string   `short:"o" required:"" type:"path" placeholder:"DIR" help:"Folder for the pack and the report."`
	Work      string   `type:"path" placeholder:"DIR" help:"Folder for what is kept to go on with: some hundred megabytes. Default: the folder work in that of the pack."`
	Languages []string `name:"language" placeholder:"CODE" help:"Language of the recordings, such as en; for the manifest."`
	Cutoff    float64  `help:"Train on all recordings, and write this cutoff: nothing is kept aside to measure and to choose it. It is what vapd wake crossval found."`
}

// Run trains.
func (c wakeTrainCmd) Run() error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	cfg.Out, cfg.Work, cfg.Languages, cfg.Cutoff = c.Out, c.Work, c.Languages, c.Cutoff
	if c.Work == "" {
		cfg.Work = filepath.Join(c.Out, "work")
	}
	ctx, stop := untilInterrupt(0)
	defer stop()
	show := newTrainProgress(term.IsTerminal(int(os.Stderr.Fd())))
	cfg.Progress = show.show
	result, err := train.Run(ctx, cfg)
	show.end()
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("stopped, and the same command goes on: %w", err)
	} else if err != nil {
		return err
	}
	if c.Cutoff > 0 {
		fmt.Printf("%s\nIt was trained on everything, and nothing was measured.\n", filepath.Join(c.Out, result.Pack.ID+".json"))
		return nil
	}
	n := result.Chosen
	rate, per := n.PerHour()
	w := trial.Wilson(n.Missed, n.Said)
	fmt.Printf("%s\nOn recordings that it has not learnt from, with the cutoff %v:\n", filepath.Join(c.Out, result.Pack.ID+".json"), n.Cutoff)
	fmt.Printf("missed %d of %d: %.1f %% (%.1f to %.1f)\n", n.Missed, n.Said, 100*n.FalseRejects(), 100*w.Low, 100*w.High)
	if len(result.Noisy) > 0 {
		q := result.Noisy.At(n.Cutoff)
		w := trial.Wilson(q.Missed, q.Said)
		fmt.Printf("in noise 10 dB below the voice missed %d of %d: %.1f %% (%.1f to %.1f)\n", q.Missed, q.Said, 100*q.FalseRejects(), 100*w.Low, 100*w.High)
	}
	fmt.Printf("woke for nothing %d times in %.2f h: %.2f an hour (%.2f to %.2f)\n", n.Accepts, n.Hours, rate, per.Low, per.High)
	fmt.Printf("see and listen: %s\n", filepath.Join(c.Out, train.ReportFile))
	if result.FromText {
		fmt.Println("Only voices said it, and it was measured on voices: it misses people far more often. Use it while you collect recordings: vapd wake train --positives")
	}
	return nil
}

// config gathers what is trained on.
func (c wakeMaterial) config() (cfg train.Config, err error) {
	if !(c.Effort >= 0.02 && c.Effort <= 10) {
		return cfg, fmt.Errorf("the effort is %v: must be 0.02 to 10", c.Effort)
	}
	recipe := train.DefaultRecipe()
	if c.Large {
		recipe = train.LargeRecipe()
	}
	cfg = train.Config{
		Word: c.Word, Seed: c.Seed, Recipe: recipe.Scaled(c.Effort), Log: slog.Default(),
		Save: func(path string, data []byte) error { return durable.File{Path: path, Mode: 0o644}.Save(data) },
	}
	if cfg.Set, err = c.recordings(); err != nil {
		return cfg, err
	}
	if lib, err := opus.Open(); err == nil {
		cfg.Codec = augment.Opus{Library: lib}
	} else {
		fmt.Fprintf(os.Stderr, "no sound is coded with Opus, as some microphones do: %v\n", err)
	}
	fromText := len(cfg.Set.Positives) == 0
	speak := newSpeaker
	if fromText {
		speak = newSpeakers
	}
	speaker, err := speak(c.TTS)
	if err != nil && c.TTS != "" {
		return cfg, err
	} else if err != nil {
		fmt.Fprintf(os.Stderr, "no voice says what sounds nearly like the word: %v\n", err)
		return cfg, nil
	}
	cfg.Speaker = speaker
	phrases, err := wakeConfusablesCmd{Word: c.Word, Number: c.Phrases, Dictionary: c.Dictionary}.phrases()
	if err != nil {
		return cfg, err
	}
	for _, p := range phrases {
		cfg.Phrases = append(cfg.Phrases, p.Text)
	}
	if fromText {
		cfg.Talk, err = c.talk()
	}
	return cfg, err
}

// chatter is how many texts of random words voices say.
const chatter = 200

// talk is what voices say besides the word and what sounds like it.
func (c wakeMaterial) talk() ([]string, error) {
	texts := confusable.Sentences(c.Word)
	d, err := readDictionary(c.Dictionary)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return texts, err
	}
	return append(texts, d.Chatter(c.Word, chatter, c.Seed)...), nil
}

// recordings lists them.
func (c wakeMaterial) recordings() (corpus.Set, error) {
	var labels corpus.Labels
	if c.Labels != "" {
		var err error
		if labels, err = corpus.ReadLabels(c.Labels); err != nil {
			return corpus.Set{}, err
		}
	}
	all, err := corpus.Gather(c.Positives, c.Negatives, c.Noise, labels)
	if err != nil {
		return all, err
	}
	set, leftOut, assumed, err := train.Material(all, c.Word)
	if assumed {
		fmt.Fprintf(os.Stderr, "no folder is named %s: all %d recordings are taken to say it\n", train.ID(c.Word), len(set.Positives))
	}
	if len(leftOut) > 0 {
		fmt.Fprintf(os.Stderr, "%d recordings have the word beside others, or in the name of their set, and are left out\n", len(leftOut))
	}
	return set, err
}

// trainProgress shows how far a training is: a bar on a terminal, else lines.
type trainProgress struct {
	terminal bool
	last     time.Time
	step     string
}

func newTrainProgress(terminal bool) *trainProgress { return &trainProgress{terminal: terminal} }

func (t *trainProgress) show(p train.Progress) {
	every := 30 * time.Second
	if t.terminal {
		every = 200 * time.Millisecond
	}
	if p.Step == t.step && p.Done < 1 && time.Since(t.last) < every {
		return
	}
	t.step, t.last = p.Step, time.Now()
	left := ""
	if p.Left > 0 {
		left = fmt.Sprintf("%v left", p.Left.Round(time.Second))
	}
	if !t.terminal {
		fmt.Fprintf(os.Stderr, "%3.0f %%  %s, %.0f %% of it done  %s  %s\n", 100*p.All, p.Step, 100*p.Done, left, p.Note)
		return
	}
	const width = 30
	full := int(p.All * width)
	fmt.Fprintf(os.Stderr, "\r\x1b[K%s%s %3.0f %%  %-20s %-12s %s", strings.Repeat("█", full), strings.Repeat("░", width-full), 100*p.All, p.Step, left, p.Note)
}

// end leaves the bar.
func (t *trainProgress) end() {
	if t.terminal && t.step != "" {
		fmt.Fprintln(os.Stderr)
	}
}
