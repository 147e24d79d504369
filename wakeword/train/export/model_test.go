package export

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"vapd/wakeword/tflite"
	"vapd/wakeword/train/net"
)

// toy is a clip of noise, with a "word" in it where it is positive: a tone that rises.
// In others it falls, or stays.
func toy(c net.Config, r *rand.Rand, positive bool) net.Example {
	features := c.Context()
	e := net.Example{Features: make([]int8, features*c.Channels), Targets: []float32{0}}
	for i := range e.Features {
		e.Features[i] = int8(r.IntN(120) - 128)
	}
	slope := r.IntN(2) - 1
	if positive {
		slope, e.Targets[0] = 1, 1
	}
	const length = 45
	from, tone := features-length-r.IntN(10), 15+r.IntN(10)
	for i := range length {
		e.Features[(from+i)*c.Channels+tone+slope*(i-length/2)/3] = int8(20 + r.IntN(80))
	}
	return e
}

// shapes are networks with everything that one can have, from the usual to the odd.
func shapes() map[string]net.Config {
	return map[string]net.Config{
		"default": net.Default(),
		"small": {
			Channels: 40, Stride: 2, Kernel: 2, Filters: 16,
			Blocks: []net.Block{{Kernels: []int{1}, Filters: 20}, {Kernels: []int{9, 4, 6}, Filters: 32}, {Kernels: []int{8, 8}, Filters: 16}},
			Steps:  14, Head: []net.Dense{{Outputs: 16, ReLU: true}, {Outputs: 7}, {Outputs: 1}},
		},
	}
}

// learn trains a network of a shape on the toy word for a while.
func learn(tb testing.TB, c net.Config) *net.Net {
	tb.Helper()
	n := mustNet(tb, c)
	const steps = 25
	t, err := net.NewTrainer(n, net.Options{Batch: 16, Seed: 1, Rate: net.Cosine(0.005, 5, steps)})
	if err != nil {
		tb.Fatal(err)
	}
	defer t.Close()
	batch := make([]net.Example, 16)
	for range steps {
		r := t.Rand()
		for i := range batch {
			batch[i] = toy(c, r, i%2 == 0)
		}
		if _, err := t.Step(batch); err != nil {
			tb.Fatal(err)
		}
	}
	return n
}

// clips are toy clips, every other one with the word.
func clips(c net.Config, n int, seed uint64) (features [][]int8) {
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range n {
		features = append(features, toy(c, r, i%2 == 0).Features)
	}
	return features
}

func model(tb testing.TB, n *net.Net) *Model {
	tb.Helper()
	m, err := Quantize(n, clips(n.Config(), 50, 2))
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func TestModel(t *testing.T) {
	for name, c := range shapes() {
		n := learn(t, c)
		m := model(t, n)
		t.Run(name+"/agrees with the network", func(t *testing.T) { testAgrees(t, n, m) })
		t.Run(name+"/agrees with other runtimes", func(t *testing.T) { testOtherRuntimes(t, c, m) })
	}
}

// testAgrees: the model in int8 says what the network in floats says.
func testAgrees(t *testing.T, n *net.Net, file *Model) {
	c := n.Config()
	m, err := tflite.Load(file.File)
	if err != nil {
		t.Fatal(err)
	}
	if m.Products() != c.Products() {
		t.Errorf("%d products, want %d", m.Products(), c.Products())
	}
	if scale, zero := m.InputQuantization(); scale != net.Scale || zero != net.Zero || !slices.Equal(m.InputShape(), []int{1, c.Stride, c.Channels}) {
		t.Errorf("the input is %v, %v, %v", m.InputShape(), scale, zero)
	}
	s := net.NewStream(n.Fold())
	var far, count int
	var sum float64
	for _, clip := range clips(c, 20, 3) {
		s.Reset()
		m.Reset()
		clip = clip[:len(clip)/s.Step()*s.Step()]
		for i, logit := range s.Process(clip) {
			copy(m.Input(), clip[i*s.Step():])
			d := math.Abs(float64(m.Invoke())/256 - 1/(1+math.Exp(-float64(logit))))
			sum += d
			count++
			if d > 0.1 {
				far++
			}
		}
	}
	mean := sum / float64(count)
	t.Logf("mean difference %.4f, above 0.1 in %d of %d", mean, far, count)
	if mean > 0.02 || far > count/100 {
		t.Errorf("the probabilities differ by %.4f on average, and by more than 0.1 in %d of %d", mean, far, count)
	}
}
