package net

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// steps trains on batches that t.Rand chooses, and returns the weights and moments.
func steps(tb testing.TB, t *Trainer, n int) []float32 {
	tb.Helper()
	o := &t.options
	for range n {
		if _, err := t.Step(examples(t.net.config, o.Features, o.Batch, t.Rand().Uint64())); err != nil {
			tb.Fatal(err)
		}
	}
	return slices.Concat(t.net.weights, t.net.moving)
}

func TestSameModelOnAnyNumberOfCores(t *testing.T) {
	train := func(cores, workers int) []float32 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		o := Options{Batch: 24, Shard: 4, Seed: 7, Workers: workers, Mask: Mask{2, 1, 3, 2}}
		return steps(t, mustTrainer(t, mustNet(t, small(), 7), o), 20)
	}
	want := train(1, 1)
	for _, c := range []struct{ cores, workers int }{{1, 0}, {2, 0}, {2, 5}, {1, 3}} {
		if !slices.Equal(train(c.cores, c.workers), want) {
			t.Errorf("%d cores and %d workers give another model", c.cores, c.workers)
		}
	}
	if other := steps(t, mustTrainer(t, mustNet(t, small(), 7), Options{Batch: 24, Shard: 4, Seed: 8}), 20); slices.Equal(other, want) {
		t.Error("another seed gives the same model")
	}
}

func TestStepRefuses(t *testing.T) {
	tr := mustTrainer(t, mustNet(t, small(), 1), Options{Batch: 2})
	c := tr.net.config
	good := func() []Example { return examples(c, c.Context(), 2, 1) }
	for name, change := range map[string]func(e []Example) []Example{
		"must be 2":   func(e []Example) []Example { return e[:1] },
		"example 1":   func(e []Example) []Example { e[1].Features = e[1].Features[1:]; return e },
		"example 0":   func(e []Example) []Example { e[0].Targets = nil; return e },
		"2 weights":   func(e []Example) []Example { e[0].Weights = make([]float32, 2); return e },
		"no position": func(e []Example) []Example { e[0].Weights = []float32{0}; e[1].Weights = []float32{0}; return e },
		"lower the learning rate": func(e []Example) []Example {
			tr.net.weights[0] = float32(1e38)
			tr.net.weights[1] = -tr.net.weights[0]
			return e
		},
	} {
		before := slices.Clone(tr.net.moving)
		if _, err := tr.Step(change(good())); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("the error is %v, want one with %q", err, name)
		}
		if !slices.Equal(tr.net.moving, before) || tr.Steps() != 0 {
			t.Errorf("%s: the network was changed", name)
		}
	}
}

func TestOptionsRefused(t *testing.T) {
	for name, o := range map[string]Options{
		"clips of 3": {Features: 3},
		"divisible":  {Batch: 10, Shard: 4},
		"workers":    {Workers: -1},
		"stripes":    {Mask: Mask{Times: 1}},
		"fit in":     {Mask: Mask{Channels: 1, Broadest: 100}},
	} {
		if _, err := NewTrainer(mustNet(t, small(), 1), o); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("the error is %v, want one with %q", err, name)
		}
	}
}

func TestConfigRefused(t *testing.T) {
	for name, change := range map[string]func(c *Config){
		"channels":           func(c *Config) { c.Channels = 0 },
		"kernel is 1":        func(c *Config) { c.Kernel = 1 },
		"filters of block 1": func(c *Config) { c.Blocks[1].Filters = 5000 },
		"number of kernels":  func(c *Config) { c.Blocks[0].Kernels = nil },
		"kernel of block 0":  func(c *Config) { c.Blocks[0].Kernels = []int{0} },
		"layers of the head": func(c *Config) { c.Head = nil },
		"has a ReLU":         func(c *Config) { c.Head[2].ReLU = true },
		"number of weights": func(c *Config) {
			*c = Config{Channels: 1000, Stride: 1, Kernel: 500, Filters: 1000, Steps: 1, Head: []Dense{{Outputs: 1}}}
		},
	} {
		c := small()
		change(&c)
		if _, err := New(c, 1); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("the error is %v, want one with %q", err, name)
		}
	}
}

func TestDefaultSize(t *testing.T) {
	c := Default()
	if c.Products() != 24096 || c.Context() != 170 || c.Positions(169) != 0 || c.Positions(170) != 1 || c.Positions(175) != 2 {
		t.Errorf("%d products, %d features", c.Products(), c.Context())
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	tr := mustTrainer(t, mustNet(t, small(), 1), Options{Batch: 8, Shard: 2, Workers: 2, Mask: Mask{1, 1, 2, 2}})
	batch := examples(small(), tr.options.Features, 8, 1)
	step := func() {
		if _, err := tr.Step(batch); err != nil {
			t.Fatal(err)
		}
	}
	if n := testing.AllocsPerRun(10, step); n != 0 {
		t.Errorf("%v allocations a step", n)
	}
}

// toy is a clip of noise, with a "word" in it where it is positive: a tone that rises.
// In others it falls, or stays.
func toy(c Config, r *rand.Rand, positive bool) Example {
	e := Example{Features: make([]int8, c.Context()*c.Channels), Targets: []float32{0}}
	for i := range e.Features {
		e.Features[i] = int8(r.IntN(120) - 128)
	}
	slope := r.IntN(2) - 1
	if positive {
		slope, e.Targets[0] = 1, 1
	}
	const length = 45
	from, tone := c.Context()-length-r.IntN(10), 15+r.IntN(10)
	for i := range length {
		at := (from+i)*c.Channels + tone + slope*(i-length/2)/3
		e.Features[at] = int8(20 + r.IntN(80))
	}
	return e
}

func TestLearnsAToyWord(t *testing.T) {
	c := Config{
		Channels: 40, Stride: 3, Kernel: 5, Filters: 16, Blocks: []Block{{[]int{5}, 16}, {[]int{7, 11}, 32}},
		Steps: 6, Head: []Dense{{Outputs: 1}},
	}
	const steps = 150
	n := mustNet(t, c, 1)
	tr := mustTrainer(t, n, Options{Batch: 32, Rate: Cosine(0.005, 10, steps), Seed: 1})
	for range steps {
		r := tr.Rand()
		batch := make([]Example, 32)
		for i := range batch {
			batch[i] = toy(c, r, i%2 == 0)
		}
		if _, err := tr.Step(batch); err != nil {
			t.Fatal(err)
		}
	}
	s, r, right := NewStream(n.Fold()), rand.New(rand.NewPCG(99, 99)), 0
	const tests = 200
	for i := range tests {
		e := toy(c, r, i%2 == 0)
		s.Reset()
		skip := (len(e.Features) % s.Step())
		outs := s.Process(e.Features[skip:])
		if (outs[len(outs)-1] > 0) == (i%2 == 0) {
			right++
		}
	}
	if right < tests*95/100 {
		t.Errorf("%d of %d clips were heard right, want 95 %%", right, tests)
	}
}

// operations are the multiplications and additions for one clip: of each weight with its
// input forward, and backward with the gradient for itself and for the input.
func operations(t *Trainer) (n int) {
	steps := t.options.Features
	for i, l := range t.net.layers {
		if _, ok := l.layer.(*norm); ok {
			continue
		}
		steps, _ = l.shape(steps)
		n += 4 * steps * l.weights()
		if i > 0 {
			n += 2 * steps * l.weights()
		}
	}
	return n
}

func BenchmarkStep(b *testing.B) {
	c := Default()
	tr := mustTrainer(b, mustNet(b, c, 1), Options{})
	batch := examples(c, tr.options.Features, tr.options.Batch, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tr.Step(batch); err != nil {
			b.Fatal(err)
		}
	}
	windows := float64(b.N*len(batch)) / b.Elapsed().Seconds()
	b.ReportMetric(windows, "windows/s")
	b.ReportMetric(windows*float64(operations(tr))/1e9, "GFLOP/s")
}
