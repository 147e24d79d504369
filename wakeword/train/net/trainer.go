package net

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
)

// Options say how a network is trained. Zeros get the defaults.
type Options struct {
	Features int // of a clip: Config.Context or more; Context by default
	Batch    int // clips of a step; 128 by default
	// Shard is how many clips of a batch are normalised together, by one worker; 16 by
	// default. It divides Batch.
	Shard int
	Seed  uint64
	Rate  Schedule // Cosine(0.002, 100, 10000) by default
	Decay float64  // of weights, times the rate; 0.01 by default, negative for none
	Loss  Loss     // BinaryCrossEntropy by default
	Mask  Mask     // nothing is masked by default
	// Workers is how many shards are worked on at a time; GOMAXPROCS by default. It does
	// not change the result.
	Workers int
}

// Mask hides stripes of the features of each example, elsewhere at each step (SpecAugment:
// Park et al., 2019, arxiv.org/abs/1904.08779).
type Mask struct {
	Times, Channels   int // how many stripes
	Longest, Broadest int // features and channels of one, at most
}

// movingShare is what one batch counts in the averages of batch norm.
const movingShare = 0.01

// Trainer trains one network. Its methods are for one goroutine.
type Trainer struct {
	net     *Net
	options Options
	adam    *adam
	step    int

	shards []shard
	batch  []Example
	total  float32 // weight of batch
	next   atomic.Int64
	start  chan struct{} // one for each worker and step
	done   chan struct{}
	joined sync.WaitGroup
}

// shard is the result of one shard.
type shard struct {
	grads, moments []float32
	loss           float64
}

// NewTrainer begins the training of n, which it changes, with workers that Close ends.
func NewTrainer(n *Net, o Options) (*Trainer, error) {
	o = o.withDefaults(n.config)
	if err := o.validate(n.config); err != nil {
		return nil, err
	}
	t := &Trainer{
		net: n, options: o, adam: newAdam(len(n.weights)), shards: make([]shard, o.Batch/o.Shard),
		start: make(chan struct{}), done: make(chan struct{}),
	}
	for i := range t.shards {
		t.shards[i].grads, t.shards[i].moments = make([]float32, len(n.weights)), make([]float32, len(n.moving))
	}
	for range o.Workers {
		w := newWorker(t)
		t.joined.Go(w.run)
	}
	return t, nil
}

func (o Options) withDefaults(c Config) Options {
	or := func(v *int, fallback int) {
		if *v == 0 {
			*v = fallback
		}
	}
	or(&o.Features, c.Context())
	or(&o.Batch, 128)
	or(&o.Shard, min(16, o.Batch))
	or(&o.Workers, min(runtime.GOMAXPROCS(0), max(1, o.Batch/max(1, o.Shard))))
	if o.Rate == nil {
		o.Rate = Cosine(0.002, 100, 10000)
	}
	if o.Decay == 0 {
		o.Decay = 0.01
	}
	if o.Loss == nil {
		o.Loss = BinaryCrossEntropy
	}
	return o
}

func (o *Options) validate(c Config) error {
	switch {
	case o.Features < c.Context():
		return fmt.Errorf("net: clips of %d features: the network sees %d", o.Features, c.Context())
	case o.Shard < 1 || o.Batch < 1 || o.Batch%o.Shard != 0:
		return fmt.Errorf("net: a batch of %d clips in shards of %d: must be divisible", o.Batch, o.Shard)
	case o.Workers < 1:
		return fmt.Errorf("net: %d workers: must be 1 or more", o.Workers)
	case o.Mask.Times > 0 && (o.Mask.Longest < 1 || o.Mask.Longest > o.Features), o.Mask.Channels > 0 && (o.Mask.Broadest < 1 || o.Mask.Broadest > c.Channels):
		return fmt.Errorf("net: stripes of %d features or %d channels: must be 1 or more and fit in", o.Mask.Longest, o.Mask.Broadest)
	}
	return nil
}

// Close ends the workers. The network stays.
func (t *Trainer) Close() {
	close(t.start)
	t.joined.Wait()
}

// Steps is how many steps there were.
func (t *Trainer) Steps() int { return t.step }

// Rand is the randomness of the next step, to choose its examples with: the same in a
// training that was resumed.
func (t *Trainer) Rand() *rand.Rand { return rand.New(rand.NewPCG(t.options.Seed, uint64(t.step)<<32)) }

// Step learns from one batch, of Options.Batch examples, and returns the mean loss of a
// position before that. The examples are not kept. When the loss is not a number the
// network is not changed any more; the remedy is a lower rate.
func (t *Trainer) Step(batch []Example) (loss float64, err error) {
	if t.total, err = t.check(batch); err != nil {
		return 0, err
	}
	t.batch = batch
	t.next.Store(0)
	for range t.options.Workers {
		t.start <- struct{}{}
	}
	for range t.options.Workers {
		<-t.done
	}
	t.batch = nil
	for i := range t.shards {
		loss += t.shards[i].loss
	}
	loss /= float64(t.total)
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return loss, fmt.Errorf("net: the loss of step %d is %v: lower the learning rate", t.step, loss)
	}
	t.learn()
	return loss, nil
}

// check returns the weight of all positions of a batch.
func (t *Trainer) check(batch []Example) (total float32, err error) {
	c := &t.net.config
	if len(batch) != t.options.Batch {
		return 0, fmt.Errorf("net: a batch of %d examples: must be %d", len(batch), t.options.Batch)
	}
	positions := c.Positions(t.options.Features)
	for i := range batch {
		e := &batch[i]
		if len(e.Features) != t.options.Features*c.Channels || len(e.Targets) != positions*c.Outputs() || e.Weights != nil && len(e.Weights) != positions {
			return 0, fmt.Errorf("net: example %d has %d values of features, %d targets and %d weights: must be %d, %d and none or %d", i,
				len(e.Features), len(e.Targets), len(e.Weights), t.options.Features*c.Channels, positions*c.Outputs(), positions)
		}
		for p := range positions {
			total += e.weight(p)
		}
	}
	if !(total > 0) {
		return 0, errors.New("net: no position of the batch has a weight")
	}
	return total, nil
}

// learn adds up what the shards found, in their order, and moves the weights.
func (t *Trainer) learn() {
	grads := t.shards[0].grads
	for _, s := range t.shards[1:] {
		for i, g := range s.grads {
			grads[i] += g
		}
	}
	rate := t.options.Rate(t.step)
	t.step++
	for _, l := range t.net.layers {
		decay := max(0, t.options.Decay)
		b, isNorm := l.layer.(*norm)
		if isNorm {
			decay = 0
			t.average(l.moment, b.channels)
		}
		w := t.net.weights[l.weight:][:l.weights()]
		t.adam.update(l.weight, w, grads[l.weight:], t.step, rate, decay)
	}
}

// average lets the moving moments at at follow those of the whole batch: its variance is
// the mean one of the shards, and that of their means.
func (t *Trainer) average(at, channels int) {
	n := float32(len(t.shards))
	for c := at; c < at+channels; c++ {
		var mean, variance float32
		for i := range t.shards {
			mean += t.shards[i].moments[c] / n
		}
		for i := range t.shards {
			d := t.shards[i].moments[c] - mean
			variance += (t.shards[i].moments[c+channels] + d*d) / n
		}
		m := t.net.moving
		// At first the average of all steps so far.
		share := max(movingShare, 1/float32(t.step))
		m[c] += share * (mean - m[c])
		m[c+channels] += share * (variance - m[c+channels])
	}
}
