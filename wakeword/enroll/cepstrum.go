package enroll

import (
	"math"

	"vapd/wakeword/frontend"
)

// What a frame has besides the embedding: 16 cepstra (the discrete cosine transform of the
// channels' logarithms, without the level) and by how much the first 12 rise. They are of a
// voice as much as of a word, which the embedding has learnt to overlook.
//
// They are made of what the microphone heard, before the frontend's noise reduction and
// gain, which depend on what came long before. What lies far below the loudest of the last
// second counts as silence. The mean of a moment around the frame is taken off, and with it
// the microphone's colour (cepstral mean normalisation: Atal, 1974).
const (
	coefficients = Cepstra
	slopes       = 12
	cepstra      = coefficients + slopes
	// reach is how many features before and after a slope is measured between.
	reach = 3
	// slopeWeight is how much a slope counts beside a cepstrum, by experiment.
	slopeWeight = 0.7
	// depth is how far below the loudest channel silence begins, in natural logarithms of
	// the amplitude: 52 dB.
	depth = 6
	// recent is how many features the loudest one is looked for in.
	recent = 120
)

// spread is the standard deviation of each cepstrum in the speech of many people.
func spread() [coefficients]float32 {
	return [...]float32{16.9, 7.03, 6.17, 4.92, 4.08, 3.67, 3.14, 2.76, 2.9, 2.53, 2.15, 2.05, 2.09, 1.95, 1.84, 1.73}
}

// channels are the logarithms of a feature's amplitudes, or differences of them.
type channels [frontend.Channels]float32

// cepstrum computes them of the features that a frame of the embedding is of, which lie
// behind the newest one.
type cepstrum struct {
	cosines [coefficients]channels // by what they are divided too
	past    [2*behind + 1]channels
	loudest [recent]float32 // channel of each feature
	heard   int             // features
}

// behind is by how many features.
const behind = 20

func newCepstrum() *cepstrum {
	c := new(cepstrum)
	for k, dev := range spread() {
		for i := range c.cosines[k] {
			c.cosines[k][i] = float32(math.Cos(math.Pi*float64(k+1)*(float64(i)+0.5)/frontend.Channels)) / dev
		}
	}
	return c
}

func (c *cepstrum) reset() {
	clear(c.past[:])
	clear(c.loudest[:])
	c.heard = 0
}

// hear takes the next feature's amplitudes.
func (c *cepstrum) hear(amplitudes *[frontend.Channels]uint32) {
	now, loudest := &c.past[c.heard%len(c.past)], float32(0)
	for i, a := range amplitudes {
		now[i] = float32(math.Log(float64(max(1, a))))
		loudest = max(loudest, now[i])
	}
	c.loudest[c.heard%recent] = loudest
	c.heard++
}

// floor is where silence begins now.
func (c *cepstrum) floor() (floor float32) {
	for _, v := range c.loudest {
		floor = max(floor, v-depth)
	}
	return floor
}

// ago is the feature that came n before the newest.
func (c *cepstrum) ago(n int) *channels {
	return &c.past[(c.heard+len(c.past)-1-n)%len(c.past)]
}

// write fills dst with the cepstra and the slopes.
func (c *cepstrum) write(dst []float32) {
	floor := c.floor()
	now, before, after := c.ago(behind), c.ago(behind+reach), c.ago(behind-reach)
	var level, slope channels
	for i := range level {
		sum := float32(0)
		for k := range c.past {
			sum += max(floor, c.past[k][i])
		}
		level[i] = max(floor, now[i]) - sum/float32(len(c.past))
		slope[i] = max(floor, after[i]) - max(floor, before[i])
	}
	for k := range c.cosines {
		dst[k] = dot(c.cosines[k][:], level[:])
		if k < slopes {
			dst[coefficients+k] = slopeWeight * dot(c.cosines[k][:], slope[:])
		}
	}
}

// colour fills dst with the cepstra as they are, the mean of the moment in them, of the three
// features that a frame is of.
func (c *cepstrum) colour(dst *[Cepstra]float32) {
	floor := c.floor()
	var level channels
	for n := behind - 1; n <= behind+1; n++ {
		for i, v := range c.ago(n) {
			level[i] += max(floor, v) / 3
		}
	}
	for k := range dst {
		dst[k] = dot(c.cosines[k][:], level[:])
	}
}
