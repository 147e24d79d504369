package demo

import (
	"slices"
	"sync"
	"time"

	"vapd/audio"
)

// recorder keeps what the room's speaker plays, without the long silences between.
type recorder struct {
	mu      sync.Mutex
	samples []int16
	silent  int         // samples since the last audible one
	heard   []time.Time // when blocks with something audible came
}

// A recorder keeps the newest minutes of a demo that runs all day.
const (
	longestRecord = 2 * time.Minute
	longestPause  = 500 * time.Millisecond
	mostHeard     = 4096
)

// audible is a sample that a person hears; below are dither and rounding.
const audible = 64

// hear takes what is played.
func (r *recorder) hear(samples []int16) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.ContainsFunc(samples, func(s int16) bool { return s > audible || s < -audible }) {
		r.silent = 0
		r.heard = append(r.heard, now)
		r.heard = r.heard[max(0, len(r.heard)-mostHeard):]
	} else if r.silent += len(samples); r.silent > audio.WakeRate.Frames(longestPause) {
		return
	}
	r.samples = append(r.samples, samples...)
	if most := audio.WakeRate.Frames(longestRecord); len(r.samples) > 2*most {
		r.samples = append(r.samples[:0], r.samples[len(r.samples)-most:]...)
	}
}

// recorded is what was played.
func (r *recorder) recorded() []int16 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.samples)
}

// firstAfter is when something audible was played first after t; zero when nothing was.
func (r *recorder) firstAfter(t time.Time) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	i, _ := slices.BinarySearchFunc(r.heard, t, time.Time.Compare)
	if i == len(r.heard) {
		return time.Time{}
	}
	return r.heard[i]
}
