package embedding

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"vapd/wakeword/enroll"
	"vapd/wakeword/frontend"
	"vapd/wakeword/train/net"
)

// delay is how many features after the middle of a phone the network may hear before it
// must know it.
const delay = 20

// Shape is the network: about 0.7 million products a second without its last layer.
func Shape() net.Config {
	return net.Config{
		Channels: frontend.Channels, Stride: 3, Kernel: 5, Filters: 32,
		Blocks: []net.Block{{Kernels: []int{5}, Filters: 64}, {Kernels: []int{5, 9}, Filters: 64}, {Kernels: []int{9}, Filters: 64}},
		Steps:  1,
		Head:   []net.Dense{{Outputs: enroll.Values}, {Outputs: Phones}},
	}
}

// Speech is what there is of one utterance to learn from.
type Speech struct {
	Name     string
	Words    [][]Phone
	Labels   []Phone // of every 10 ms; nil before the first alignment
	Variants []Variant
}

// Plan says how long a network is trained.
type Plan struct {
	Seed  uint64
	Steps int // of each round
	Batch int
	// Rounds is how often; before every round but the first the speech is aligned anew.
	Rounds   int
	Progress func(round, step int, loss float64) // may be nil
}

// Train trains a network on speech, whose labels it changes. The same seed gives the same
// network.
func Train(ctx context.Context, speech []Speech, p Plan) (*net.Net, error) {
	n, err := net.New(Shape(), p.Seed)
	if err != nil {
		return nil, err
	}
	for round := range p.Rounds {
		if round > 0 {
			Align(n, speech)
		}
		if err := train(ctx, n, speech, p, round); err != nil {
			return nil, err
		}
	}
	return n, nil
}

const (
	positions = 40 // of an example
	// silenceWeight keeps silence, of which there is so much, from being all that is
	// learned.
	silenceWeight = 0.3
)

func train(ctx context.Context, n *net.Net, speech []Speech, p Plan, round int) error {
	c := n.Config()
	o := net.Options{
		Features: c.Context() + (positions-1)*c.Stride, Batch: p.Batch, Seed: p.Seed + uint64(round),
		Rate: net.Cosine(0.003, p.Steps/20, p.Steps), Loss: net.CrossEntropy,
		Mask: net.Mask{Times: 1, Longest: 12, Channels: 1, Broadest: 6},
	}
	t, err := net.NewTrainer(n, o)
	if err != nil {
		return err
	}
	defer t.Close()
	b := newBatch(speech, o.Features, p.Batch)
	if len(b.from) == 0 {
		return fmt.Errorf("embedding: no speech with labels of %d features or more", o.Features)
	}
	for step := range p.Steps {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		b.fill(t.Rand())
		loss, err := t.Step(b.examples)
		if err != nil {
			return err
		}
		if p.Progress != nil {
			p.Progress(round, step, loss)
		}
	}
	return nil
}

// batch chooses examples.
type batch struct {
	from     []*Speech // with labels
	examples []net.Example
	features int
}

func newBatch(speech []Speech, features, size int) *batch {
	b := &batch{examples: make([]net.Example, size), features: features}
	for i := range speech {
		if s := &speech[i]; s.Labels != nil && s.Variants[0].features() > 0 {
			b.from = append(b.from, s)
		}
	}
	for i := range b.examples {
		b.examples[i] = net.Example{
			Features: make([]int8, features*frontend.Channels), Targets: make([]float32, positions*Phones), Weights: make([]float32, positions),
		}
	}
	return b
}

func (b *batch) fill(r *rand.Rand) {
	for i := range b.examples {
		b.example(&b.examples[i], r)
	}
}

// example fills e with a random piece of speech. Where it ends before the example does
// there is silence.
func (b *batch) example(e *net.Example, r *rand.Rand) {
	s := b.from[r.IntN(len(b.from))]
	v := &s.Variants[r.IntN(len(s.Variants))]
	for i := range e.Features {
		e.Features[i] = net.Zero
	}
	n := v.features()
	// Pieces begin before the speech too, as it does when a stream begins.
	at := r.IntN(max(1, n-b.features/2)) - b.features/4
	first, last := max(0, at), min(n, at+b.features)
	copy(e.Features[(first-at)*frontend.Channels:], v.Features[first*frontend.Channels:max(first, last)*frontend.Channels])
	warp(e.Features, 0.88+0.26*r.Float64())
	c := Shape()
	clear(e.Targets)
	clear(e.Weights)
	for p := range positions {
		target := at + c.Context() + p*c.Stride - 1 - delay
		label := v.label(target)
		if target < 0 || target >= n || label < 0 || label >= len(s.Labels) || s.Labels[label] == Unknown {
			continue
		}
		phone := s.Labels[label]
		e.Targets[p*Phones+int(phone)] = 1
		e.Weights[p] = 1
		if phone == Silence {
			e.Weights[p] = silenceWeight
		}
	}
}

// warp stretches the frequencies of features by a factor, as a shorter or a longer vocal
// tract does. The channels are equally far apart in mel.
func warp(features []int8, factor float64) {
	const low, high = 125.0, 7500.0
	mel := func(hz float64) float64 { return 1127 * math.Log1p(hz/700) }
	step := (mel(high) - mel(low)) / (frontend.Channels + 1)
	var at [frontend.Channels]int
	var part [frontend.Channels]int32 // of the next channel, in 256ths
	for i := range at {
		hz := 700 * math.Expm1((mel(low)+float64(i+1)*step)/1127)
		x := (mel(hz*factor)-mel(low))/step - 1
		x = max(0, min(frontend.Channels-1.001, x))
		at[i] = int(x)
		part[i] = int32((x - math.Floor(x)) * 256)
	}
	var row [frontend.Channels + 1]int8
	for ; len(features) > 0; features = features[frontend.Channels:] {
		copy(row[:], features[:frontend.Channels])
		row[frontend.Channels] = row[frontend.Channels-1]
		for i := range at {
			a, b := int32(row[at[i]]), int32(row[at[i]+1])
			features[i] = int8(a + (b-a)*part[i]>>8)
		}
	}
}

// Align labels speech whose words are known with what the network hears in its first
// variant. What it finds unlikely there is labelled Unknown: it may be that something else
// was said.
func Align(n *net.Net, speech []Speech) {
	stream := net.NewStream(n.Fold())
	for i := range speech {
		s := &speech[i]
		if len(s.Words) == 0 {
			continue
		}
		stream.Reset()
		logs := Posteriors(stream, s.Variants[0].Features)
		if labels := align(logs, s.Words); labels != nil {
			s.Labels = s.stretch(labels, logs)
		}
	}
}

// doubt is how unlikely a phone must be to be doubted.
const doubt = 0.01

// stretch makes labels of 10 ms of those of steps.
func (s *Speech) stretch(steps []Phone, logs [][Phones]float32) []Phone {
	v := &s.Variants[0]
	out := make([]Phone, v.label(v.features()))
	for i := range out {
		out[i] = Unknown
	}
	for t, p := range steps {
		if logs[t][p] < float32(math.Log(doubt)) {
			p = Unknown
		}
		for k := range 3 {
			if at := v.label(feature(t) + k - 1); at >= 0 && at < len(out) {
				out[at] = p
			}
		}
	}
	return out
}

// feature is which one the output of a step of a stream is of.
func feature(step int) int { return (step+1)*3 - 1 - delay }

// Posteriors are the logarithms of the probability of each phone at each step.
func Posteriors(s *net.Stream, features []int8) [][Phones]float32 {
	logits := s.Process(features[:len(features)/s.Step()*s.Step()])
	out := make([][Phones]float32, len(logits)/Phones)
	for t := range out {
		x := logits[t*Phones:][:Phones]
		highest, sum := net.LogSum(x)
		for i, v := range x {
			out[t][i] = v - highest - float32(sum)
		}
	}
	return out
}
