package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"vapd/wakeword/train/net"
)

// between is how many steps there are between two checkpoints, and between two places of
// the curve of the loss.
const between = 100

// Loss is the mean loss of a position over some steps.
type Loss struct {
	Step int     `json:"step"` // the last of them
	Mean float64 `json:"mean"`
}

// memory is what the training knows besides its checkpoint. It is saved before that, so
// it may be ahead of it.
type memory struct {
	Losses []Loss  `json:"losses"`
	Mined  []place `json:"mined"`
	Round  int     `json:"round"` // the last round of mining, which made Mined
}

// learn trains the network, or goes on with that.
func (r *run) learn(ctx context.Context, positives, others, negatives *store) (*net.Net, []Loss, error) {
	t, err := r.trainer()
	if err != nil {
		return nil, nil, err
	}
	defer t.Close()
	var m memory
	if err := r.load("memory.json", &m); err != nil {
		return nil, nil, err
	}
	for len(m.Losses) > 0 && m.Losses[len(m.Losses)-1].Step > t.Steps() {
		m.Losses = m.Losses[:len(m.Losses)-1]
	}
	recipe := &r.cfg.Recipe
	samples := newSampler(recipe, positives, others, negatives)
	sum := 0.0
	for t.Steps() < recipe.Steps {
		if t.Steps()%between == 0 {
			if err := r.checkpoint(t, &m); err != nil {
				return nil, nil, err
			}
		}
		if err := context.Cause(ctx); err != nil {
			return nil, nil, fmt.Errorf("train: stopped after %d of %d steps: %w", t.Steps(), recipe.Steps, err)
		}
		if round := recipe.round(t.Steps()); round != m.Round {
			r.progress(float64(t.Steps())/float64(recipe.Steps), "looking for what it takes for the word")
			if m.Mined, err = r.mine(ctx, t.Net(), others, negatives); err != nil {
				return nil, nil, err
			}
			m.Round = round
			r.cfg.Log.Info("mined", "round", round, "places", len(m.Mined))
		}
		samples.mined = m.Mined
		batch, err := samples.next(t.Rand())
		if err != nil {
			return nil, nil, err
		}
		loss, err := t.Step(batch)
		if err != nil {
			return nil, nil, err
		}
		if sum += loss; t.Steps()%between == 0 {
			m.Losses = append(m.Losses, Loss{t.Steps(), sum / between})
			sum = 0
		}
		r.progress(float64(t.Steps())/float64(recipe.Steps), fmt.Sprintf("loss %.4f", loss))
	}
	return t.Net(), m.Losses, r.checkpoint(t, &m)
}

// round is how many rounds of mining there have been before a step. The first comes when a
// fifth is done, since a network that knows nothing finds nothing hard. Rounds begin with a
// checkpoint: what they find depends on the network alone.
func (r *Recipe) round(step int) int {
	first := max(between, r.Steps/5/between*between)
	every := max(between, (r.Steps-first)/r.Rounds/between*between)
	return min(r.Rounds, max(0, step-first+every)/every)
}

// trainer goes on from the checkpoint, or begins.
func (r *run) trainer() (*net.Trainer, error) {
	recipe := &r.cfg.Recipe
	options := net.Options{
		Features: recipe.features(), Batch: recipe.Batch, Shard: shard, Seed: r.cfg.Seed, Mask: recipe.Mask,
		Rate: net.Cosine(recipe.Rate, max(1, recipe.Steps/50), recipe.Steps), Workers: r.cfg.Workers,
	}
	path := filepath.Join(r.cfg.Work, "checkpoint")
	data, err := os.ReadFile(path)
	switch {
	case err == nil:
		t, err := net.Resume(data, options)
		if err != nil {
			return nil, fmt.Errorf("train: %s: %w", path, err)
		}
		return t, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("train: %w", err)
	}
	n, err := net.New(recipe.Net, r.cfg.Seed)
	if err != nil {
		return nil, err
	}
	return net.NewTrainer(n, options)
}

func (r *run) checkpoint(t *net.Trainer, m *memory) error {
	data, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	return errors.Join(r.save(filepath.Join(r.cfg.Work, "memory.json"), data),
		r.save(filepath.Join(r.cfg.Work, "checkpoint"), t.Checkpoint()))
}

// load reads a file of the work folder, if it is there.
func (r *run) load(name string, v any) error {
	path := filepath.Join(r.cfg.Work, name)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(data, v)
	}
	if err != nil {
		return fmt.Errorf("train: reading %s: %w: begin with another folder", path, err)
	}
	return nil
}
