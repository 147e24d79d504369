package enroll

import (
	_ "embed" // of the network
	"fmt"
	"hash/crc32"
	"math"

	"vapd/wakeword/frontend"
	"vapd/wakeword/train/net"
)

// Network turns sound into embeddings, and knows the cohort that costs are compared with. It
// is for any number of goroutines.
type Network struct {
	stages []net.Stage
	cohort []Template
	sum    uint32 // CRC-32 of its file and of version
}

// version is that of what frames have besides the embedding: it changes with them.
const version = 2

const (
	Values  = 48 // of an embedding
	Phones  = 40 // that the network knows, silence first
	Cepstra = 16 // of a frame
)

// Open makes a network of the file that wakeword/embedding/make wrote and its cohort.
func Open(file, cohort []byte) (*Network, error) {
	trained, err := net.Decode(file)
	if err != nil {
		return nil, fmt.Errorf("enroll: %w", err)
	}
	c := trained.Config()
	if c.Channels != frontend.Channels || c.Stride*10 != StepMS || len(c.Head) != 2 || c.Head[0] != (net.Dense{Outputs: Values}) || c.Outputs() != Phones {
		return nil, fmt.Errorf("enroll: the network is not an embedding of %d values every %d ms", Values, StepMS)
	}
	n := &Network{stages: trained.Fold(), sum: crc32.Update(crc32.ChecksumIEEE(file), crc32.IEEETable, []byte{version})}
	if len(cohort) > 0 {
		n.cohort, err = decode(cohort, n.sum)
	}
	return n, err
}

//go:embed embedding.net
var embeddingFile []byte

//go:embed embedding.cohort
var cohortFile []byte

// Default is the network that comes with the program.
func Default() (*Network, error) { return Open(embeddingFile, cohortFile) }

// Sum tells networks apart: what was made with one is of no use to another.
func (n *Network) Sum() uint32 { return n.sum }

// Ear embeds sound as it arrives. It is for one goroutine.
type Ear struct {
	frontend *frontend.Frontend
	feature  frontend.Feature
	input    []int8 // of one step
	fed      int
	stream   *net.Stream
	cepstrum *cepstrum
	values   []float32 // of the stage before the last
	logits   []float32 // of the last one
}

// NewEar makes an Ear that has heard nothing yet.
func (n *Network) NewEar() *Ear {
	f, err := frontend.New(10)
	if err != nil {
		panic(err) // there is a step of 10 ms
	}
	e := &Ear{frontend: f, stream: net.NewStream(n.stages), cepstrum: newCepstrum()}
	e.input = make([]int8, e.stream.Step())
	bottleneck := len(n.stages) - 2
	e.stream.Observe = func(stage int, values []float32) {
		if stage == bottleneck {
			e.values = values
		}
	}
	return e
}

// Reset makes e as it was at first.
func (e *Ear) Reset() {
	e.frontend.Reset()
	e.stream.Reset()
	e.cepstrum.reset()
	e.fed = 0
}

// Hear takes as many of samples, mono at 16 kHz, as are needed for one frame, and returns
// how many it took; ok says that f was filled. silence is the probability that nobody
// spoke then. It does not allocate after the first frame.
func (e *Ear) Hear(samples []int16, f *Frame) (taken int, silence float32, ok bool) {
	for taken < len(samples) && !ok {
		n, has := e.frontend.Process(samples[taken:], &e.feature)
		if taken += n; has {
			silence, ok = e.HearFeature(e.frontend, &e.feature, f)
		}
	}
	return taken, silence, ok
}

// HearFeature is Hear for the feature that a frontend of 10 ms has just computed, where that
// is for others as well.
func (e *Ear) HearFeature(by *frontend.Frontend, feature *frontend.Feature, f *Frame) (silence float32, ok bool) {
	input := feature.Quantize()
	e.cepstrum.hear(by.Amplitudes())
	if e.fed += copy(e.input[e.fed:], input[:]); e.fed < len(e.input) {
		return 0, false
	}
	e.fed = 0
	e.logits = e.stream.Process(e.input)
	copy(f[:], e.values)
	e.cepstrum.write(f[Values:])
	f.unit()
	return first(e.logits), true
}

// Sound is what the last frame sounded like, whose it may be: how likely each phone is, and
// the cepstra with what frames lack of them, the mean of the moment.
func (e *Ear) Sound(phones *[Phones]float32, cepstra *[Cepstra]float32) {
	highest, sum := net.LogSum(e.logits)
	for i, v := range e.logits {
		phones[i] = float32(math.Exp(float64(v-highest) - sum))
	}
	e.cepstrum.colour(cepstra)
}

// first is the softmax of the first logit.
func first(logits []float32) float32 {
	sum := 0.0
	for _, v := range logits {
		sum += math.Exp(float64(v - logits[0]))
	}
	return float32(1 / sum)
}
