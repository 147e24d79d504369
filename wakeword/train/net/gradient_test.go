package net

import (
	"math"
	"math/rand/v2"
	"testing"
)

// tolerance of a gradient in 32 bits, beside a share of its size.
const tolerance = 2e-5

func near(got float32, want float64) bool {
	return math.Abs(float64(got)-want) <= tolerance*max(1, math.Abs(want))
}

func TestGradientsOfLayers(t *testing.T) {
	for name, l := range map[string]layer{
		"pointwise":       &dense{in: 6, out: 18, kernel: 1, stride: 1},
		"first":           &dense{in: 3, out: 16, kernel: 5, stride: 3},
		"head":            &dense{in: 8, out: 3, kernel: 4, stride: 1, biased: true},
		"depthwise":       newMix(9, []int{5}),
		"mixed depthwise": newMix(21, []int{3, 1, 6}),
		"norm":            &norm{5, false},
		"norm and ReLU":   &norm{5, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			_, width := l.shape(0)
			if d, ok := l.(*dense); ok {
				width = d.in
			}
			const clips, steps = 2, 9
			outSteps, outWidth := l.shape(steps)
			in := batch{noise(r, clips*steps*width), clips, steps, width}
			out := batch{noise(r, clips*outSteps*outWidth), clips, outSteps, outWidth}
			din, dout := in, out
			din.data, dout.data = noise(r, len(in.data)), noise(r, len(out.data))
			s := scope{noise(r, l.weights()), make([]float32, l.weights()), make([]float32, 2*outWidth), make([]float32, l.weights()+3*outWidth)}
			factors := widen(dout.data)
			l.forward(s, in, out)
			l.backward(s, in, out, din, dout)

			// The loss is the sum of the outputs, each times a factor.
			w, x := widen(s.weights), newSignal(clips, steps, width)
			i := 0
			x.each(func(v *float64) { *v = float64(in.data[i]); i++ })
			loss := func() (sum float64) {
				i := 0
				reference(l, w, x).each(func(v *float64) { sum += *v * factors[i]; i++ })
				return sum
			}
			i = 0
			reference(l, w, x).each(func(v *float64) {
				if !near(out.data[i], *v) {
					t.Errorf("output %d is %v, want %v", i, out.data[i], *v)
				}
				i++
			})
			for i := range w {
				if want := slope(&w[i], loss); !near(s.grads[i], want) {
					t.Errorf("gradient of weight %d is %v, want %v", i, s.grads[i], want)
				}
			}
			i = 0
			x.each(func(v *float64) {
				if want := slope(v, loss); !near(din.data[i], want) {
					t.Errorf("gradient of input %d is %v, want %v", i, din.data[i], want)
				}
				i++
			})
		})
	}
}

// small is a network with everything that a network can have.
func small() Config {
	return Config{
		Channels: 6, Stride: 2, Kernel: 3, Filters: 5,
		Blocks: []Block{{[]int{2}, 17}, {[]int{3, 2}, 4}},
		Steps:  2,
		Head:   []Dense{{Outputs: 3}, {Outputs: 4, ReLU: true}, {Outputs: 2}},
	}
}

func TestGradientsOfNet(t *testing.T) {
	t.Run("binary", func(t *testing.T) { testGradientsOfNet(t, BinaryCrossEntropy, binaryEntropy) })
	t.Run("softmax", func(t *testing.T) { testGradientsOfNet(t, CrossEntropy, softmaxEntropy) })
}

func testGradientsOfNet(t *testing.T, loss Loss, definition func(logits, targets []float64) float64) {
	n := mustNet(t, small(), 3)
	o := Options{Batch: 4, Shard: 2, Features: n.config.Context() + 4, Seed: 4, Loss: loss, Rate: func(int) float64 { return 0 }, Workers: 1}
	tr := mustTrainer(t, n, o)
	batch := examples(n.config, o.Features, o.Batch, 5)
	got, err := tr.Step(batch)
	if err != nil {
		t.Fatal(err)
	}
	w := widen(n.weights)
	want := func() float64 { return referenceLoss(n, w, batch, o.Shard, definition) }
	if !near(float32(got), want()) {
		t.Errorf("the loss is %v, want %v", got, want())
	}
	grads := tr.shards[0].grads // summed up there
	for i := range w {
		if want := slope(&w[i], want); !near(grads[i], want) {
			t.Errorf("gradient of weight %d is %v, want %v", i, grads[i], want)
		}
	}
}

// binaryEntropy and softmaxEntropy are the cross entropies of one position.
func binaryEntropy(logits, targets []float64) (sum float64) {
	for i, x := range logits {
		sum -= targets[i]*math.Log(1/(1+math.Exp(-x))) + (1-targets[i])*math.Log(1/(1+math.Exp(x)))
	}
	return sum
}

func softmaxEntropy(logits, targets []float64) (sum float64) {
	all := 0.0
	for _, x := range logits {
		all += math.Exp(x)
	}
	for i, x := range logits {
		sum -= targets[i] * math.Log(math.Exp(x)/all)
	}
	return sum
}

// referenceLoss is the mean loss of a batch with the weights w.
func referenceLoss(n *Net, w []float64, batch []Example, shard int, loss func(logits, targets []float64) float64) (sum float64) {
	total := 0.0
	for from := 0; from < len(batch); from += shard {
		examples := batch[from:][:shard]
		x := newSignal(shard, len(examples[0].Features)/n.config.Channels, n.config.Channels)
		i := 0
		x.each(func(v *float64) {
			of := examples[i/len(examples[0].Features)].Features
			*v = Scale * float64(int(of[i%len(of)])-Zero)
			i++
		})
		for _, l := range n.layers {
			x = reference(l.layer, w[l.weight:], x)
		}
		for i := range examples {
			targets := widen(examples[i].Targets)
			for p, logits := range x[i] {
				weight := float64(examples[i].weight(p))
				total += weight
				sum += weight * loss(logits, targets[p*len(logits):])
			}
		}
	}
	return sum / total
}

func mustNet(tb testing.TB, c Config, seed uint64) *Net {
	tb.Helper()
	n, err := New(c, seed)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func mustTrainer(tb testing.TB, n *Net, o Options) *Trainer {
	tb.Helper()
	t, err := NewTrainer(n, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(t.Close)
	return t
}

// examples are clips of noise whose targets are one class a position.
func examples(c Config, features, n int, seed uint64) []Example {
	r := rand.New(rand.NewPCG(seed, 0))
	out := make([]Example, n)
	for i := range out {
		e := &out[i]
		e.Features = make([]int8, features*c.Channels)
		for j := range e.Features {
			e.Features[j] = int8(r.IntN(256) - 128)
		}
		positions := c.Positions(features)
		e.Targets = make([]float32, positions*c.Outputs())
		if i%2 == 0 {
			e.Weights = make([]float32, positions)
		}
		for p := range positions {
			e.Targets[p*c.Outputs()+r.IntN(c.Outputs())] = 1
			if e.Weights != nil {
				e.Weights[p] = r.Float32()
			}
		}
	}
	return out
}
