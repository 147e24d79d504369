package net

import "math/rand/v2"

// Net is a network with its weights.
type Net struct {
	config  Config
	layers  []placed
	weights []float32
	moving  []float32 // means and variances of batch norm, averaged while training
}

// placed is a layer and where its weights and its moments begin.
type placed struct {
	layer
	weight, moment int
}

// New makes a network with random weights, the same ones for the same seed.
func New(c Config, seed uint64) (*Net, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	n := &Net{config: c}
	n.build()
	r := rand.New(rand.NewPCG(seed, 0))
	for _, l := range n.layers {
		l.start(n.weights[l.weight:][:l.weights()], r)
		if b, ok := l.layer.(*norm); ok {
			for c := range b.channels {
				n.moving[l.moment+b.channels+c] = 1
			}
		}
	}
	return n, nil
}

// build makes the layers of the config, and room for their weights.
func (n *Net) build() {
	c := n.config
	n.add(&dense{in: c.Channels, out: c.Filters, kernel: c.Kernel, stride: c.Stride})
	n.add(&norm{c.Filters, true})
	width := c.Filters
	for _, b := range c.Blocks {
		n.add(newMix(width, b.Kernels))
		n.add(&dense{in: width, out: b.Filters, kernel: 1, stride: 1})
		n.add(&norm{b.Filters, true})
		width = b.Filters
	}
	kernel := c.Steps
	for i, h := range c.Head {
		last := i == len(c.Head)-1
		n.add(&dense{in: width, out: h.Outputs, kernel: kernel, stride: 1, biased: last})
		if !last {
			n.add(&norm{h.Outputs, h.ReLU})
		}
		width, kernel = h.Outputs, 1
	}
}

func (n *Net) add(l layer) {
	n.layers = append(n.layers, placed{l, len(n.weights), len(n.moving)})
	n.weights = append(n.weights, make([]float32, l.weights())...)
	if b, ok := l.(*norm); ok {
		n.moving = append(n.moving, make([]float32, 2*b.channels)...)
	}
}

// Config is the shape of the network.
func (n *Net) Config() Config { return n.config }
