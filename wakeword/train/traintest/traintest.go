// Package traintest has words and other sound that a model learns within seconds, for tests.
package traintest

import (
	"math"
	"math/rand/v2"

	"vapd/audio"
)

const rate = int(audio.WakeRate)

// Chirp is a word of a second: a tone that rises, in the voice of a seed. With down it falls,
// which is another word.
func Chirp(seed uint64, down bool) []int16 {
	random := rand.New(rand.NewPCG(seed, 7))
	pcm := make([]int16, rate)
	from, length, base := rate/5+random.IntN(rate/5), rate/4+random.IntN(rate/10), 500+200*random.Float64()
	phase := 0.0
	for i := range pcm {
		pcm[i] = int16(random.IntN(9) - 4)
		if k := i - from; k >= 0 && k < length {
			t := float64(k) / float64(length)
			if down {
				t = 1 - t
			}
			phase += 2 * math.Pi * base * (1 + 4*t) / float64(rate)
			pcm[i] += int16(8000 * math.Sin(phase) * math.Sin(math.Pi*float64(k)/float64(length)))
		}
	}
	return pcm
}

// Babble is other sound: tones that come and go, and hiss.
func Babble(seed uint64, seconds int) []int16 {
	random := rand.New(rand.NewPCG(seed, 8))
	pcm := make([]int16, seconds*rate)
	tone, left, phase, level := 0.0, 0, 0.0, 0.0
	for i := range pcm {
		if left--; left < 0 {
			left, tone, level = rate/20+random.IntN(rate/3), 300+3000*random.Float64(), 6000*random.Float64()
		}
		phase += 2 * math.Pi * tone / float64(rate)
		pcm[i] = int16(level*math.Sin(phase) + 300*random.NormFloat64())
	}
	return pcm
}
