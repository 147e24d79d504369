package net

import (
	"errors"
	"fmt"
)

// Config is the shape of a network. Default is that of microWakeWord's models.
type Config struct {
	Channels int     `json:"channels"` // values of one feature
	Stride   int     `json:"stride"`   // features that one step takes
	Kernel   int     `json:"kernel"`   // features that the first convolution sees, Stride or more
	Filters  int     `json:"filters"`  // channels that it gives
	Blocks   []Block `json:"blocks"`
	Steps    int     `json:"steps"` // that the head sees
	Head     []Dense `json:"head"`  // the last one gives the outputs
}

// Block is a mixed depthwise convolution, and a pointwise one with batch norm and ReLU.
type Block struct {
	// Kernels are lengths in steps. The channels are divided among them evenly; the
	// first kernels get one more where that leaves a rest.
	Kernels []int `json:"kernels"`
	Filters int   `json:"filters"` // channels that it gives
}

// Dense is a fully connected layer of the head. All but the last have batch norm.
type Dense struct {
	Outputs int  `json:"outputs"`
	ReLU    bool `json:"relu,omitempty"` // not of the last
}

// Default is a network of 24,096 products a step that sees 1.69 s. Multiples of 16
// channels are fastest to train.
func Default() Config {
	return Config{
		Channels: 40, Stride: 3, Kernel: 5, Filters: 32,
		Blocks: []Block{{[]int{5}, 64}, {[]int{7, 11}, 64}, {[]int{9, 15}, 64}, {[]int{23}, 64}},
		Steps:  6,
		Head:   []Dense{{Outputs: 1}},
	}
}

// Large is a network of 76,864 products a step that sees as much as Default: for a machine
// that has the time, and looks again at what a small one heard.
func Large() Config {
	c := Default()
	c.Filters = 64
	for i := range c.Blocks {
		c.Blocks[i].Filters = 128
	}
	return c
}

// What a network may have. A file can't ask for more.
const (
	maxWidth   = 1024
	maxKernel  = 512
	maxBlocks  = 32
	maxWeights = 4 << 20
)

// Validate says what is wrong with a shape.
func (c Config) Validate() error {
	within := func(what string, v, low, high int) error {
		if v < low || v > high {
			return fmt.Errorf("net: %s is %d: must be %d to %d", what, v, low, high)
		}
		return nil
	}
	errs := []error{
		within("channels", c.Channels, 1, maxWidth), within("stride", c.Stride, 1, maxKernel),
		within("kernel", c.Kernel, max(1, c.Stride), maxKernel), within("filters", c.Filters, 1, maxWidth),
		within("number of blocks", len(c.Blocks), 0, maxBlocks), within("steps", c.Steps, 1, maxKernel),
		within("number of layers of the head", len(c.Head), 1, maxBlocks),
	}
	width := c.Filters
	for i, b := range c.Blocks {
		errs = append(errs, within(fmt.Sprintf("number of kernels of block %d", i), len(b.Kernels), 1, min(width, maxBlocks)),
			within(fmt.Sprintf("filters of block %d", i), b.Filters, 1, maxWidth))
		for _, k := range b.Kernels {
			errs = append(errs, within(fmt.Sprintf("kernel of block %d", i), k, 1, maxKernel))
		}
		width = b.Filters
	}
	for i, d := range c.Head {
		errs = append(errs, within(fmt.Sprintf("outputs of layer %d of the head", i), d.Outputs, 1, maxWidth))
		if d.ReLU && i == len(c.Head)-1 {
			errs = append(errs, errors.New("net: the last layer of the head has a ReLU: its outputs must be logits"))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return within("number of weights", c.Products(), 1, maxWeights)
}

// Products is how many times a weight is multiplied for one step of a stream.
func (c Config) Products() int {
	n, width := c.Kernel*c.Channels*c.Filters, c.Filters
	for _, b := range c.Blocks {
		for i, w := range split(width, len(b.Kernels)) {
			n += w * b.Kernels[i]
		}
		n += width * b.Filters
		width = b.Filters
	}
	width *= c.Steps
	for _, d := range c.Head {
		n += width * d.Outputs
		width = d.Outputs
	}
	return n
}

// Context is how many features one output depends on.
func (c Config) Context() int {
	steps := c.Steps
	for _, b := range c.Blocks {
		steps += longest(b.Kernels) - 1
	}
	return (steps-1)*c.Stride + c.Kernel
}

// Outputs is how many values a step gives.
func (c Config) Outputs() int { return c.Head[len(c.Head)-1].Outputs }

// Positions is how many outputs a clip of so many features has: none when it is shorter
// than Context. The first is of the first Context features, each next one of Stride
// features later.
func (c Config) Positions(features int) int {
	if features < c.Context() {
		return 0
	}
	return (features-c.Context())/c.Stride + 1
}

// split divides width channels among n groups.
func split(width, n int) []int {
	widths := make([]int, n)
	for i := range widths {
		widths[i] = width / n
		if i < width%n {
			widths[i]++
		}
	}
	return widths
}

func longest(kernels []int) (k int) {
	for _, n := range kernels {
		k = max(k, n)
	}
	return k
}
