package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"vapd/audio"
	"vapd/internal/durable"
	"vapd/wakeword"
	"vapd/wakeword/enroll"
	"vapd/wakeword/guide"
	"vapd/wakeword/pack"
	"vapd/wakeword/train/corpus"
	"vapd/wakeword/trial"

	"golang.org/x/term"
)

// wakeEnrollCmd is "vapd wake enroll".
type wakeEnrollCmd struct {
	Word    string           `arg:"" optional:"" help:"The word, such as \"computer\" or \"hey jarvis\"; three syllables or more."`
	ID      string           `name:"id" placeholder:"NAME" help:"Name of the pack. Default: the word in small letters, hey_jarvis."`
	WAV     []string         `name:"wav" type:"existingfile" sep:"none" placeholder:"FILE" help:"Recording (WAV, FLAC, Opus) of the word alone, in place of the microphone; three to five times."`
	Cutoff  float64          `placeholder:"0.97" help:"What the score must exceed, above 0 and below 1. Default: 0.97, for listening all day."`
	Keep    string           `enum:"ask,yes,no" default:"ask" help:"Keep the recordings of the examples here, so that a later version can learn the word anew: yes, no, or ask. Default: ${default}; with --wav no."`
	Replace bool             `help:"Replace the word if it was enrolled before."`
	Again   bool             `help:"Learn enrolled words anew from the recordings that were kept: WORD's pack, or all."`
	Config  string           `placeholder:"FILE" type:"path" help:"Settings of the satellite, which name its microphone. Default: as for 'vapd satellite'."`
	Device  string           `short:"d" placeholder:"PCM" help:"Another microphone, by its name in 'vapd audio devices'. Default: the satellite's."`
	Rate    audio.SampleRate `placeholder:"HZ" help:"Its sample rate. Default: 16000 if the device has it."`
	Chans   int              `name:"channels" placeholder:"N" help:"Its number of channels. Default: the fewest that the device has."`
}

// Run enrolls.
func (e wakeEnrollCmd) Run(c *wakeCmd) error {
	dir, err := c.folder()
	if err != nil {
		return err
	}
	if e.Again {
		return e.again(dir)
	}
	if err := e.check(dir); err != nil {
		return err
	}
	n, err := enroll.Default()
	if err != nil {
		return err
	}
	ctx, stop := untilInterrupt(0)
	var result *guide.Result
	if len(e.WAV) > 0 {
		result, err = e.fromFiles(n, nearWords(dir, e.id()))
	} else {
		result, err = e.fromMicrophone(ctx, n, nearWords(dir, e.id()))
	}
	stopped := ctx.Err() != nil
	stop() // what follows is short, or asks
	if stopped {
		return errors.New("stopped: nothing was saved")
	}
	if err != nil {
		return err
	}
	return e.save(dir, result)
}

// id is the pack's.
func (e wakeEnrollCmd) id() string {
	return cmp.Or(e.ID, strings.Join(strings.FieldsFunc(strings.ToLower(e.Word), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}), "_"))
}

// enrolled is what the pack says besides its templates.
func (e wakeEnrollCmd) enrolled() pack.Enrolled {
	return pack.Enrolled{WakeWord: e.Word, Cutoff: e.Cutoff, Made: time.Now().UTC().Truncate(time.Second)}
}

// check says what is wrong with the word before anybody speaks.
func (e wakeEnrollCmd) check(dir string) error {
	if e.Word == "" {
		return errors.New("there is no word: vapd wake enroll WORD")
	}
	if strings.EqualFold(e.Word, "vad") {
		return errors.New("the word \"vad\" stands for a detector of voices: choose another one")
	}
	// Whether name and cutoff are good.
	if _, err := pack.NewEnrolled(e.id(), e.enrolled(), new(enroll.Word)); err != nil {
		return fmt.Errorf("%w (--id names the pack, --cutoff is above 0 and below 1)", err)
	}
	if n := syllables(e.Word); n == 1 || n == 2 {
		fmt.Printf("Note: %q seems to be short. Words of three syllables or more are taken for others far less often.\n", e.Word)
	}
	for _, suffix := range []string{".json", ".tflite"} {
		path := filepath.Join(dir, e.id()+suffix)
		_, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case !e.Replace || !pack.IsEnrolled(path):
			return fmt.Errorf("%s is there already: choose another --id, or --replace if it is an enrolled word", path)
		}
	}
	return nil
}

// syllables are the groups of vowels in a word, as its spelling has them; 0 where that has
// none that it knows.
func syllables(word string) (n int) {
	in := false
	for _, r := range strings.ToLower(word) {
		vowel := strings.ContainsRune("aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýœ", r)
		if vowel && !in {
			n++
		}
		in = vowel
	}
	return n
}

// nearWords makes what says for which of the other words of a folder an example is taken.
func nearWords(dir, id string) func(pcm []int16) []string {
	packs, err := wakePacks(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	var words []wakeword.Word
	for _, p := range packs {
		if role := wakeword.RoleOf(p); role != wakeword.Gate && p.ID != id {
			words = append(words, wakeword.Word{Pack: p, Role: role})
		}
	}
	t, err := trial.New(words)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return nil
	}
	return func(pcm []int16) (near []string) {
		for _, e := range t.Run(pcm) {
			near = append(near, e.Word)
		}
		return near
	}
}

// fromMicrophone leads a person through it.
func (e wakeEnrollCmd) fromMicrophone(ctx context.Context, n *enroll.Network, near func([]int16) []string) (result *guide.Result, err error) {
	mic, channels, err := e.microphone()
	if err != nil {
		return nil, fmt.Errorf("%w (if the satellite has the microphone, stop it for as long: sudo systemctl stop vapd-satellite)", err)
	}
	ring, fill, err := mic.speech(channels)
	if err != nil {
		return nil, err
	}
	err = whileFilled(ctx, ring, fill, func(ctx context.Context, reader *audio.Reader) (err error) {
		s := guide.Session{
			Network: n, ID: e.id(), Enrolled: e.enrolled(), Near: near,
			Source: reader, Out: os.Stdout, Terminal: term.IsTerminal(int(os.Stdout.Fd())),
		}
		result, err = s.Run(ctx)
		return err
	})
	return result, err
}

// microphone is the one of --device, else the satellite's.
func (e wakeEnrollCmd) microphone() (*microphone, []int, error) {
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if e.Device != "" {
		m, err := openMicrophone(audio.Stream{PCM: e.Device, Rate: e.Rate, Channels: e.Chans}, logger)
		if err != nil {
			return nil, nil, err
		}
		return m, allChannels(m.raw.Format()), nil
	}
	cfg, err := (&satelliteRunCmd{Config: e.Config}).settings("")
	if err != nil {
		return nil, nil, err
	}
	return satelliteMicrophone(cfg, logger)
}

// fromFiles takes recordings.
func (e wakeEnrollCmd) fromFiles(n *enroll.Network, near func([]int16) []string) (*guide.Result, error) {
	if len(e.WAV) < guide.Fewest || len(e.WAV) > guide.Most {
		return nil, fmt.Errorf("there are %d recordings: give %d to %d, each with --wav", len(e.WAV), guide.Fewest, guide.Most)
	}
	examples := guide.NewExamples(n)
	for _, file := range e.WAV {
		pcm, err := corpus.Read(file)
		if err == nil {
			err = examples.Add(pcm)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	p, err := pack.NewEnrolled(e.id(), e.enrolled(), examples.Word())
	if err != nil {
		return nil, err
	}
	for _, remark := range examples.Remarks(near) {
		fmt.Println("Note: " + remark)
	}
	return &guide.Result{Pack: p, Recordings: examples.Recordings()}, nil
}

// save writes the pack.
func (e wakeEnrollCmd) save(dir string, r *guide.Result) error {
	keep := e.Keep == "yes"
	if e.Keep == "ask" && len(e.WAV) == 0 {
		keep = confirmed("Keep the recordings of these examples here, so that a later version can learn the word anew without you? Nobody else can read them. [yes/no] ")
	}
	if !keep {
		r.Recordings = nil
	}
	if err := wakeFolderFor(dir); err != nil {
		return err
	}
	first := !hasWord(dir)
	p, err := pack.Enroll(dir, r.Pack, r.Recordings, savePrivate)
	if err != nil {
		return err
	}
	fmt.Printf("%s is in %s, with cutoff %v. %s\n", p.ID, dir, p.Manifest.Micro.ProbabilityCutoff, whenHeard)
	if first {
		firstWord(p)
	}
	return nil
}

// whenHeard says when a satellite hears another word.
const whenHeard = "A satellite takes it when it starts: sudo systemctl restart vapd-satellite"

// savePrivate replaces a file that nobody else is to read.
func savePrivate(path string, data []byte) error { return durable.File{Path: path}.Save(data) }

// again learns words anew.
func (e wakeEnrollCmd) again(dir string) error {
	ids := []string{e.id()}
	if e.Word == "" && e.ID == "" {
		var err error
		if ids, err = pack.EnrolledIDs(dir); err != nil {
			return err
		}
	}
	if len(ids) == 0 {
		return fmt.Errorf("no word in %s was enrolled", dir)
	}
	var errs []error
	for _, id := range ids {
		p, err := pack.Again(dir, id, savePrivate)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		fmt.Printf("%s is learnt anew from %d recordings. %s\n", p.ID, len(p.Enrolled.Recordings), whenHeard)
	}
	return errors.Join(errs...)
}

// enrolledBy is what the list of packs says of an enrolled one.
func enrolledBy(p *pack.Pack) string {
	text := "enrolled on " + p.Enrolled.Made.Local().Format(time.DateOnly)
	if n := len(p.Enrolled.Recordings); n > 0 {
		text += fmt.Sprintf(", %d recordings kept", n)
	}
	if p.Outdated {
		text += ", for another version: vapd wake enroll --again"
	}
	return text
}

type wakeForgetCmd struct {
	Pack       string `arg:"" help:"Name of the pack in 'vapd wake list'."`
	Recordings bool   `help:"Delete the recordings of its examples only."`
}

// Run deletes.
func (f wakeForgetCmd) Run(c *wakeCmd) error {
	dir, err := c.folder()
	if err != nil {
		return err
	}
	if err := pack.Forget(dir, f.Pack, f.Recordings, savePrivate); err != nil {
		return err
	}
	if err := durable.SyncFolder(dir); err != nil {
		return err
	}
	if f.Recordings {
		fmt.Printf("The recordings of %s are deleted; the word stays.\n", f.Pack)
	} else {
		fmt.Printf("%s and its recordings are deleted. A satellite that runs hears it until it starts anew.\n", f.Pack)
	}
	return nil
}
