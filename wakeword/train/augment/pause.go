package augment

import (
	"math/rand/v2"

	"vapd/audio"
)

// Ranges of Pauses, in seconds: of what is said between two pauses, and of a pause.
const (
	shortestSaid, longestSaid   = 0.3, 1.5
	shortestPause, longestPause = 0.3, 2.0
	// around is how far from its place a pause may be, so that it is where it is quiet.
	around = 0.25
)

// Pauses is speech that is broken into single words, more or less: pauses of a third to two
// seconds, where it is quietest. All of pcm is in it.
func Pauses(pcm []int16, random *rand.Rand) []int16 {
	samples := func(seconds float64) int { return int(seconds * float64(audio.WakeRate)) }
	var out []int16
	for len(pcm) > 0 {
		place := samples(Range{shortestSaid, longestSaid}.draw(random))
		if place+samples(around) >= len(pcm) {
			place = len(pcm)
		} else {
			place = quietest(pcm, place-samples(around), place+samples(around))
		}
		out = append(out, pcm[:place]...)
		pcm = pcm[place:]
		out = append(out, PCM(Pad(nil, samples(Range{shortestPause, longestPause}.draw(random)), 0, random))...)
	}
	return out
}

// quietest is the middle of the 20 ms with the least energy that begin within a range.
func quietest(pcm []int16, from, to int) int {
	const length = int(audio.WakeRate) / 50
	sum, best, place := 0.0, 0.0, from
	for i := from; i < min(to+length, len(pcm)); i++ {
		sum += float64(pcm[i]) * float64(pcm[i])
		if begin := i - length + 1; begin >= from {
			if begin == from || sum < best {
				best, place = sum, begin+length/2
			}
			sum -= float64(pcm[begin]) * float64(pcm[begin])
		}
	}
	return place
}
