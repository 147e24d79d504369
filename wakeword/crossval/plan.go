package crossval

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"vapd/wakeword/pack"
	"vapd/wakeword/train"
	"vapd/wakeword/train/corpus"
	"vapd/wakeword/trial"

	"golang.org/x/sys/unix"
)

// Plan is a cross-validation of one word.
type Plan struct {
	Word  string
	Set   corpus.Set // of one word, as train.Material gives it
	Folds int        // 3 or more
	Seed  uint64     // of the division
	// Outer are the folds that are measured, two or more: all of them for a figure to be
	// told, two to choose between words. Inner models are of pairs of these.
	Outer []int
	// Inner is how many inner models, at most, the cutoff of a fold is chosen by. With none
	// the cutoff is that of the pack.
	Inner int
	// PerHour is how many false accepts an hour a cutoff is chosen for.
	PerHour float64
	Dir     string // where models and cutoffs are kept
	// Second, if not empty, is the folder of another Plan for the same Set with larger models
	// that look again at what these hear.
	Second string
	// Train makes a pack of recordings in a folder, and names its manifest. It is asked again
	// for what it was interrupted in. What it keeps in between is to be in dir too.
	Train func(ctx context.Context, dir string, set corpus.Set) (manifest string, err error)
	// Save replaces a file as a whole (as internal/durable does).
	Save func(path string, data []byte) error
	// Progress, if not nil, is told what begins.
	Progress func(step string)
}

// ErrAbsent is that of Measure when models or cutoffs are missing.
var ErrAbsent = errors.New("crossval: not trained yet")

// Run makes what is not there yet: the models, then the cutoffs. When ctx ends it returns its
// error, and goes on there the next time.
func (p *Plan) Run(ctx context.Context) error {
	folds := p.Set.Folds(p.Folds, p.Seed)
	for _, k := range p.Outer {
		if _, err := p.model(ctx, folds, k); err != nil {
			return err
		}
		if p.Inner == 0 {
			continue
		}
		if err := p.freeze(ctx, folds, k); err != nil {
			return err
		}
	}
	return nil
}

// model makes or finds the model that has not heard some folds.
func (p *Plan) model(ctx context.Context, folds corpus.Folds, without ...int) (*pack.Pack, error) {
	slices.Sort(without)
	dir := folder(p.Dir, without...)
	if found, err := p.find(dir); err == nil || !errors.Is(err, ErrAbsent) {
		return found, err
	}
	p.progress("training " + filepath.Base(dir))
	training := filepath.Join(dir, "training")
	began := processorTime()
	manifest, err := p.Train(ctx, training, folds.Without(without...))
	if err != nil {
		return nil, err
	}
	took := strconv.FormatFloat((processorTime() - began).Minutes(), 'f', 1, 64)
	if err := p.Save(filepath.Join(dir, minutesFile), []byte(took+"\n")); err != nil {
		return nil, err
	}
	// A model that is in its place is complete.
	made, err := pack.Add(dir, manifest, p.Save)
	if err != nil {
		return nil, err
	}
	return made, os.RemoveAll(training)
}

// minutesFile says how many minutes of processor time a model took, of all cores together;
// of one that was interrupted, those since then.
const minutesFile = "minutes.txt"

// processorTime is what this program has used.
func processorTime() time.Duration {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// folder is where a model is kept.
func folder(dir string, without ...int) string {
	name := "without"
	for _, k := range without {
		name += fmt.Sprint("-", k)
	}
	return filepath.Join(dir, name)
}

// find opens a model that was made.
func (p *Plan) find(dir string) (*pack.Pack, error) {
	manifest := filepath.Join(dir, train.ID(p.Word)+".json")
	if _, err := os.Stat(manifest); errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrAbsent, manifest)
	}
	return pack.Open(manifest)
}

func (p *Plan) progress(step string) {
	if p.Progress != nil {
		p.Progress(step)
	}
}

// partners are the folds on which the cutoff for k is chosen: its neighbours among those
// that are measured, so that each inner model serves two.
func (p *Plan) partners(k int) []int {
	at := slices.Index(p.Outer, k)
	var partners []int
	for i := 1; len(partners) < min(p.Inner, len(p.Outer)-1); i++ {
		for _, d := range []int{i, -i} {
			n := len(p.Outer)
			j := p.Outer[((at+d)%n+n)%n]
			if j != k && !slices.Contains(partners, j) && len(partners) < p.Inner {
				partners = append(partners, j)
			}
		}
	}
	return partners
}

// cutoffFile is the name of a fold's frozen cutoff, in the folder of its model.
const cutoffFile = "cutoff.json"

// Frozen is the cutoff of a fold and what it was chosen by.
type Frozen struct {
	trial.Counts       // on the partners, by the inner models
	Partners     []int `json:"partners"`
	Reached      bool  `json:"reached"` // so few false accepts were possible there
}

// freeze chooses the cutoff of a fold, once.
func (p *Plan) freeze(ctx context.Context, folds corpus.Folds, k int) error {
	if f, err := p.frozen(k); err == nil && slices.Equal(f.Partners, p.partners(k)) {
		return nil
	} else if err != nil && !errors.Is(err, ErrAbsent) {
		return err
	}
	var curves []trial.Curve
	for _, j := range p.partners(k) {
		m, err := p.model(ctx, folds, j, k)
		if err != nil {
			return err
		}
		p.progress(fmt.Sprintf("choosing the cutoff of fold %d on fold %d", k, j))
		s, err := trial.NewScores(m, trial.Background{})
		if err != nil {
			return err
		}
		if err := train.Vary(ctx, s, folds[j].Negatives); err != nil {
			return err
		}
		curve, err := s.Curve()
		if err != nil {
			return err
		}
		curves = append(curves, curve)
	}
	f := Frozen{Partners: p.partners(k)}
	f.Counts, f.Reached = train.Choose(trial.Pool(curves...), p.PerHour)
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("crossval: %w", err)
	}
	return p.Save(filepath.Join(folder(p.Dir, k), cutoffFile), append(data, '\n'))
}

func (p *Plan) frozen(k int) (f Frozen, err error) {
	path := filepath.Join(folder(p.Dir, k), cutoffFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return f, fmt.Errorf("%w: %s", ErrAbsent, path)
	}
	if err == nil {
		f, err = parseFrozen(data)
	}
	if err != nil {
		return f, fmt.Errorf("crossval: reading a cutoff: %w: remove the file, and it is chosen again", err)
	}
	return f, nil
}

func parseFrozen(data []byte) (f Frozen, err error) {
	if err := json.Unmarshal(data, &f); err != nil {
		return f, err
	}
	if !(f.Cutoff > 0 && f.Cutoff < 1) {
		return f, fmt.Errorf("it is %v: must be above 0 and below 1", f.Cutoff)
	}
	return f, nil
}
