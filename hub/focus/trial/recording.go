package trial

import (
	"math"
	"slices"
	"time"

	"vapd/audio"
)

// Word is a recording of a wake word.
type Word struct {
	Name  string
	Sound []float64 // of mean power 1
}

// Levels of a recording, in decibels.
const (
	// quietest is how far the noise of a recording must lie under its loudest 20 ms: the
	// simulated talker would emit it.
	quietest = 36.0
	// spoken is how far under it the word still goes on.
	spoken = 30.0
)

// A word is no shorter and no longer than this, or it was not found.
const (
	shortest = 200 * time.Millisecond
	longest  = 1800 * time.Millisecond
)

// Cut cuts the word out of a recording. ok is false where the recording's own noise is too
// loud for that.
func Cut(pcm []int16) (word []int16, ok bool) {
	frame := audio.WakeRate.Frames(20 * time.Millisecond)
	var levels []float64
	for at := 0; at+frame <= len(pcm); at += frame {
		levels = append(levels, 10*math.Log10(power(pcm[at:at+frame])+1))
	}
	if len(levels) == 0 || slices.Max(levels)-slices.Min(levels) < quietest {
		return nil, false
	}
	loud := func(l float64) bool { return l > slices.Max(levels)-spoken }
	first, last := slices.IndexFunc(levels, loud), len(levels)-1
	for !loud(levels[last]) {
		last--
	}
	word = slices.Clone(pcm[max(0, first-1)*frame : min(len(levels), last+2)*frame])
	for i := range min(frame, len(word)/2) { // no click
		w := float64(i) / float64(frame)
		word[i] = int16(w * float64(word[i]))
		word[len(word)-1-i] = int16(w * float64(word[len(word)-1-i]))
	}
	length := audio.WakeRate.Duration(int64(len(word)))
	return word, shortest <= length && length <= longest
}

// Normal scales a recording to the mean power 1.
func Normal(pcm []int16) []float64 {
	scale := 1 / math.Sqrt(max(1, power(pcm)))
	out := make([]float64, len(pcm))
	for i, v := range pcm {
		out[i] = scale * float64(v)
	}
	return out
}

// power is the mean power.
func power(pcm []int16) float64 {
	var sum float64
	for _, v := range pcm {
		sum += float64(v) * float64(v)
	}
	return sum / float64(max(1, len(pcm)))
}
