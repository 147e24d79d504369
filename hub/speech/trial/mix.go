package trial

import (
	"math"
	"math/rand/v2"
)

// Mix is clip with noise, from a place that seed draws. snr is the ratio of the loudest
// 2,048 samples of each, in decibels, as Picovoice's benchmark takes it.
func Mix(clip, noise []int16, snr float64, seed uint64) []int16 {
	from := rand.New(rand.NewPCG(seed, 1)).IntN(len(noise))
	part := make([]int16, len(clip))
	for i := range part {
		part[i] = noise[(from+i)%len(noise)]
	}
	gain := math.Sqrt(loudest(clip) / loudest(part) / math.Pow(10, snr/10))
	for i, s := range clip {
		v := math.Round(float64(s) + gain*float64(part[i]))
		part[i] = int16(min(max(v, math.MinInt16), math.MaxInt16))
	}
	return part
}

// loudest is the greatest energy of 2,048 samples.
func loudest(samples []int16) float64 {
	best := 1.0
	for i := 0; i+2048 <= len(samples); i += 2048 {
		sum := 0.0
		for _, s := range samples[i : i+2048] {
			sum += float64(s) * float64(s)
		}
		best = max(best, sum)
	}
	return best
}
