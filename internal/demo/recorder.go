package demo

import (
	"sync"
	"time"

	"vapd/audio"
)

// recorder keeps what the room's speaker plays.
type recorder struct {
	mu      sync.Mutex
	samples []int16
	last    time.Time // when something louder than silence was played last
	first   time.Time // the same, since the last cut
}

// longest is how much is kept: the newest minutes of a demo that runs all day.
const longest = 2 * 60 * audio.WakeRate

// audible is a sample that a person hears; below are dither and rounding.
const audible = 64

func newRecorder() *recorder { return &recorder{} }

// hear takes what is played.
func (r *recorder) hear(samples []int16) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range samples {
		if s > audible || s < -audible {
			if r.last = now; r.first.IsZero() {
				r.first = now
			}
			break
		}
	}
	r.samples = append(r.samples, samples...)
	if extra := len(r.samples) - int(longest); extra > int(audio.WakeRate) {
		r.samples = append(r.samples[:0], r.samples[extra:]...)
	}
}

// cut returns what was played since the last cut.
func (r *recorder) cut() []int16 {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.samples
	r.samples, r.first = nil, time.Time{}
	return s
}

// heard is when the first and the last audible sample since the last cut came.
func (r *recorder) heard() (first, last time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.first, r.last
}
