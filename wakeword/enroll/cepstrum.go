package enroll

import (
	"math"

	"vapd/wakeword/frontend"
)

// What a frame has besides the embedding: 16 cepstra of the features (their discrete cosine
// transform, without the level) and by how much the first 12 rise. They are of a voice as
// much as of a word, which the embedding has learnt to overlook.
const (
	coefficients = 16
	slopes       = 12
	cepstra      = coefficients + slopes
	// reach is how many features before and after a slope is measured between.
	reach = 3
	// slopeWeight is how much a slope counts beside a cepstrum, by experiment.
	slopeWeight = 0.7
)

// spread is the standard deviation of each cepstrum in the speech of many people.
func spread() [coefficients]float32 {
	return [...]float32{88.6, 49.2, 47.4, 32.5, 29.9, 27.8, 24.7, 23.1, 22.5, 19.8, 18.9, 17.3, 17.4, 17, 16.3, 16.1}
}

// cepstrum computes them of the features that a frame of the embedding is of, which lie
// behind the newest one.
type cepstrum struct {
	cosines [coefficients][frontend.Channels]float32 // by what they are divided too
	past    [behind + reach + 1][coefficients]float32
	at      int // of the oldest, which the next one replaces
}

// behind is by how many features.
const behind = 20

func newCepstrum() *cepstrum {
	c := new(cepstrum)
	for k, dev := range spread() {
		for i := range c.cosines[k] {
			// A step of the int8 features is 0.1.
			c.cosines[k][i] = 0.1 / dev * float32(math.Cos(math.Pi*float64(k+1)*(float64(i)+0.5)/frontend.Channels))
		}
	}
	return c
}

func (c *cepstrum) reset() {
	clear(c.past[:])
	c.at = 0
}

// hear takes the next feature, as the network does.
func (c *cepstrum) hear(feature []int8) {
	for k := range c.cosines {
		sum := float32(0)
		for i, v := range feature {
			sum += c.cosines[k][i] * float32(int(v)+128)
		}
		c.past[c.at][k] = sum
	}
	if c.at++; c.at == len(c.past) {
		c.at = 0
	}
}

// write fills dst with the cepstra and the slopes.
func (c *cepstrum) write(dst []float32) {
	ago := func(n int) *[coefficients]float32 {
		return &c.past[(c.at+2*len(c.past)-1-n)%len(c.past)]
	}
	copy(dst, ago(behind)[:])
	before, after := ago(behind+reach), ago(behind-reach)
	for k := range slopes {
		dst[coefficients+k] = slopeWeight * (after[k] - before[k])
	}
}
