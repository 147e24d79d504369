package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"vapd/audio"
	"vapd/internal/config"
	"vapd/internal/durable"
	"vapd/wakeword"
	"vapd/wakeword/meter"
	"vapd/wakeword/pack"
	"vapd/wakeword/train/corpus"
	"vapd/wakeword/trial"

	"golang.org/x/term"
)

// wakeCmd is "vapd wake".
type wakeCmd struct {
	Packs string `placeholder:"DIR" type:"path" help:"Folder of the wake word packs. Default: the folder wake of the satellite's state folder."`

	List   wakeListCmd   `cmd:"" help:"List the wake word packs."`
	Add    wakeAddCmd    `cmd:"" help:"Add a wake word pack."`
	Enroll wakeEnrollCmd `cmd:"" help:"Make a wake word of a few examples that you say."`
	Forget wakeForgetCmd `cmd:"" help:"Delete an enrolled word and the recordings of its examples."`
	Listen wakeListenCmd `cmd:"" help:"Draw how close each wake word is to its cutoff while you speak."`
	Test   wakeTestCmd   `cmd:"" help:"Try the wake words on recordings."`
	Bench  wakeBenchCmd  `cmd:"" help:"Measure packs side by side: words missed, false alarms, other words."`

	Confusables wakeConfusablesCmd `cmd:"" help:"List what sounds nearly like a word, and have it said for 'vapd wake bench' and training."`

	wakeTrainer `embed:""`
}

// wakeFolder is where a satellite's wake word packs are, in its state folder.
func wakeFolder(state string) string { return filepath.Join(state, "wake") }

// folder is the folder of the packs.
func (c *wakeCmd) folder() (string, error) {
	if c.Packs != "" {
		return c.Packs, nil
	}
	state, err := config.FindStateDir(config.PartSatellite, os.Getenv)
	if err != nil {
		return "", err
	}
	return wakeFolder(state), nil
}

// load loads the packs. What is wrong with some of them is only shown.
func (c *wakeCmd) load() ([]*pack.Pack, error) {
	dir, err := c.folder()
	if err != nil {
		return nil, err
	}
	packs, err := wakePacks(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if len(packs) == 0 {
		return nil, fmt.Errorf("no wake word pack in %s can be read: add one with vapd wake add FILE", dir)
	}
	return packs, nil
}

// wakeWords chooses among the packs.
type wakeWords struct {
	Words  []string `name:"word" placeholder:"PACK" help:"Only these packs, by their names in 'vapd wake list'; may be repeated. A pack for the word 'vad' is a gate for the others."`
	Cutoff float64  `placeholder:"0.5" help:"Cutoff of every word instead of the packs': above 0 and below 1."`
}

func (w *wakeWords) load(c *wakeCmd) ([]wakeword.Word, error) {
	packs, err := c.load()
	if err != nil {
		return nil, err
	}
	var words []wakeword.Word
	for _, p := range packs {
		if len(w.Words) > 0 && !slices.Contains(w.Words, p.ID) {
			continue
		}
		word := wakeword.Word{Pack: p, Role: wakeword.RoleOf(p)}
		if word.Role != wakeword.Gate {
			word.Cutoff = w.Cutoff
		}
		words = append(words, word)
	}
	if len(words) < len(w.Words) || len(words) == 0 {
		return nil, fmt.Errorf("not every pack of --word %s is there: vapd wake list names them", strings.Join(w.Words, ", "))
	}
	return words, nil
}

type wakeListCmd struct{}

func (wakeListCmd) Run(c *wakeCmd) error {
	packs, err := c.load()
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "pack\tword\tlanguages\tcutoff\twindow\tauthor")
	for _, p := range packs {
		m := p.Manifest
		if p.Enrolled != nil {
			m.Author = enrolledBy(p)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%v\t%d\t%s\n", p.ID, m.WakeWord, strings.Join(m.TrainedLanguages, " "),
			m.Micro.ProbabilityCutoff, m.Micro.SlidingWindowSize, m.Author)
	}
	return table.Flush()
}

type wakeAddCmd struct {
	File string `arg:"" type:"existingfile" help:"Manifest (.json) with its model beside it, a model (.tflite) alone, or an enrolled word (.json)."`
}

func (a wakeAddCmd) Run(c *wakeCmd) error {
	dir, err := c.folder()
	if err != nil {
		return err
	}
	file := durable.File{Mode: 0o644}
	if pack.IsEnrolled(a.File) {
		file.Mode = 0o600 // it is of a voice
	}
	if err := wakeFolderFor(dir); err != nil {
		return err
	}
	first := !hasWord(dir)
	p, err := pack.Add(dir, a.File, func(path string, data []byte) error {
		file.Path = path
		return file.Save(data)
	})
	if err != nil {
		return err
	}
	fmt.Printf("added %s, %q with cutoff %v, to %s\n", p.ID, p.Manifest.WakeWord, p.Manifest.Micro.ProbabilityCutoff, dir)
	if first {
		firstWord(p)
	}
	return nil
}

// wakeFolderFor makes the folder of the packs, for the daemon that owns the one it is in.
func wakeFolderFor(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return durable.Mkdir(dir)
}

type wakeListenCmd struct {
	wakeWords   `embed:""`
	audioStream `embed:""`
	WAV         string  `name:"wav" placeholder:"FILE" type:"existingfile" help:"WAV, FLAC or Opus file that stands for the microphone, at its own speed."`
	Seconds     float64 `short:"s" placeholder:"S" help:"Stop after so many seconds. Default: at Ctrl-C, or the end of the file."`
}

// Run draws scores.
func (l wakeListenCmd) Run(c *wakeCmd) error {
	words, err := l.load(c)
	if err != nil {
		return err
	}
	d, err := wakeword.New(words)
	if err != nil {
		return err
	}
	d.SetSounding(true) // so that stop words are shown
	ring, fill, err := l.source()
	if err != nil {
		return err
	}
	ctx, stop := untilInterrupt(l.Seconds)
	defer stop()
	return whileFilled(ctx, ring, fill, func(ctx context.Context, reader *audio.Reader) error {
		m := &meter.Meter{Detector: d, Source: reader, Out: os.Stdout, Terminal: term.IsTerminal(int(os.Stdout.Fd()))}
		return m.Run(ctx)
	})
}

// source is a ring of mono sound at 16 kHz, and what fills it until ctx ends: the
// microphone, as a satellite hears it, or the file.
func (l wakeListenCmd) source() (ring *audio.Ring, fill func(context.Context) error, err error) {
	if l.WAV != "" {
		pcm, err := corpus.Read(l.WAV)
		ring = audio.NewRing(audio.Format{Rate: audio.WakeRate, Channels: 1}, int(audio.WakeRate))
		return ring, func(ctx context.Context) error { meter.Play(ctx, ring, pcm); return nil }, err
	}
	mic, err := openMicrophone(l.stream(), slog.Default())
	if err != nil {
		return nil, nil, err
	}
	return mic.speech(allChannels(mic.raw.Format()))
}

func allChannels(f audio.Format) []int {
	channels := make([]int, f.Channels)
	for i := range channels {
		channels[i] = i
	}
	return channels
}

type wakeTestCmd struct {
	wakeWords  `embed:""`
	Labels     string   `placeholder:"FILE" type:"existingfile" help:"Lines of FILE<TAB>WORD, files from its own folder: counts false rejects and false accepts per hour. WORD is that of a pack, or empty where none is said."`
	Recordings []string `arg:"" type:"path" help:"WAV, FLAC and Opus files, and folders of them."`
}

func (t wakeTestCmd) Run(c *wakeCmd) error {
	words, err := t.load(c)
	if err != nil {
		return err
	}
	recordings, err := corpus.Files(t.Recordings)
	if err != nil {
		return err
	}
	var labels corpus.Labels
	if t.Labels != "" {
		if labels, err = corpus.ReadLabels(t.Labels); err != nil {
			return err
		}
	}
	tr, err := trial.New(words)
	if err != nil {
		return err
	}
	ctx, stop := untilInterrupt(0)
	defer stop()
	return tr.Report(ctx, os.Stdout, recordings, labels)
}
