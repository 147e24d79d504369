package net

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// trained is a network whose moments and weights are not those of the start.
func trained(tb testing.TB, c Config) *Net {
	n := mustNet(tb, c, 1)
	t := mustTrainer(tb, n, Options{Batch: 8, Shard: 4, Features: c.Context() + 4})
	for range 5 {
		if _, err := t.Step(examples(c, c.Context()+4, 8, 2)); err != nil {
			tb.Fatal(err)
		}
	}
	return n
}

// window computes the outputs of one clip as training does, but for the moments, which
// are the averaged ones.
func window(n *Net, features []int8) []float32 {
	in := batch{make([]float32, len(features)), 1, len(features) / n.config.Channels, n.config.Channels}
	dequantize(in.data, features)
	for _, l := range n.layers {
		steps, width := l.shape(in.steps)
		out := batch{make([]float32, steps*width), 1, steps, width}
		if b, ok := l.layer.(*norm); ok {
			for i, x := range in.data {
				c := i % width
				w, m := n.weights[l.weight:], n.moving[l.moment:]
				y := w[c]*(x-m[c])*inverse(m[width+c]) + w[width+c]
				if b.relu {
					y = max(y, 0)
				}
				out.data[i] = y
			}
		} else {
			l.forward(scope{weights: n.weights[l.weight:]}, in, out)
		}
		in = out
	}
	return in.data
}

func closeTo(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Abs(float64(x-y)) < 1e-3 })
}

func TestStreamEqualsWindows(t *testing.T) {
	for name, c := range map[string]Config{"small": small(), "default": Default()} {
		t.Run(name, func(t *testing.T) {
			n := trained(t, c)
			const steps = 90
			features := examples(c, c.Stride*steps, 1, 3)[0].Features
			s := NewStream(n.Fold())
			var outs []float32
			for at := 0; at < len(features); at += s.Step() {
				outs = append(outs, s.Process(features[at:][:s.Step()])...)
			}
			// The first step at which every feature that an output depends on was there.
			warm := (c.Context()+c.Stride-1)/c.Stride - 1
			for step := warm; step < steps; step++ {
				end := (step + 1) * c.Stride
				want := window(n, features[(end-c.Context())*c.Channels:end*c.Channels])
				if got := outs[step*c.Outputs():][:c.Outputs()]; !closeTo(got, want) {
					t.Fatalf("step %d: got %v, want %v", step, got, want)
				}
			}
			skip := (warm+1)*c.Stride - c.Context()
			if got, want := outs[warm*c.Outputs():], window(n, features[skip*c.Channels:]); !closeTo(got, want) {
				t.Errorf("many positions at once: got %v, want %v", got, want)
			}
		})
	}
}

func TestHowFeaturesArriveDoesNotMatter(t *testing.T) {
	n := trained(t, small())
	features := examples(small(), 60, 1, 3)[0].Features
	s := NewStream(n.Fold())
	want := slices.Clone(s.Process(features))
	rapid.Check(t, func(t *rapid.T) {
		s.Reset()
		var got []float32
		for at := 0; at < len(features); {
			size := min(len(features)-at, rapid.IntRange(0, 9).Draw(t, "steps")*s.Step())
			got = append(got, s.Process(features[at:at+size])...)
			at += size
		}
		if !closeTo(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

// Without its last layer a network gives what that layer sees: an embedding.
func TestStreamOfTheFirstStages(t *testing.T) {
	stages := trained(t, small()).Fold()
	features := examples(small(), 60, 1, 3)[0].Features
	whole, part := NewStream(stages), NewStream(stages[:len(stages)-1])
	var want []float32
	whole.Observe = func(stage int, values []float32) {
		if stage == len(stages)-2 {
			want = slices.Clone(values)
		}
	}
	whole.Process(features)
	if got := part.Process(features); len(got) != 30*4 || !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestProcessAllocatesNothing(t *testing.T) {
	s := NewStream(mustNet(t, Default(), 1).Fold())
	features := make([]int8, s.Step())
	if n := testing.AllocsPerRun(10, func() { s.Process(features) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkStream(b *testing.B) {
	for name, steps := range map[string]int{"step by step": 1, "100 steps": 100} {
		b.Run(name, func(b *testing.B) {
			s := NewStream(mustNet(b, Default(), 1).Fold())
			features := make([]int8, steps*s.Step())
			for b.Loop() {
				s.Process(features)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*steps), "us/step")
		})
	}
}
