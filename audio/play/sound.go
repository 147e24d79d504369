package play

import (
	"fmt"
	"sync/atomic"
	"time"

	"vapd/audio"
	"vapd/audio/resample"
)

// Clip is a short sound of one channel, whole in memory. Its samples are never
// changed, so one Clip can sound many times at once.
type Clip struct {
	Rate    audio.SampleRate
	Samples []int16
}

// Duration is how long the clip sounds.
func (c Clip) Duration() time.Duration { return c.Rate.Duration(int64(len(c.Samples))) }

// source is what a Sound plays, at the rate of the mixer. read runs on the device's
// thread. It gives up to len(dst) samples; last says that none will follow.
type source interface {
	read(dst []int16) (n int, last bool)
}

// Sound is something that plays, or is about to.
type Sound struct {
	kind    Kind
	source  source
	rate    audio.SampleRate // in which the user counts
	out     audio.SampleRate
	base    time.Time
	limit   int64         // frames after which it stops; 0: none
	started chan struct{} // closed by the device's thread, like done
	done    chan struct{}
	quit    chan struct{} // closed by the first Stop

	stopping, began   atomic.Bool
	startedAt, played atomic.Int64 // nanoseconds since base; frames of the mixer

	// The device's thread alone.
	gain   float32
	ended  bool
	leaves int64 // the mixer's frame at which the last sample is heard
}

func (m *Mixer) newSound(k Kind, src source, rate audio.SampleRate) *Sound {
	return &Sound{
		kind: k, source: src, rate: rate, out: m.rate, base: m.base,
		started: make(chan struct{}), done: make(chan struct{}), quit: make(chan struct{}),
	}
}

// Started is closed when the mixer has taken the first sample.
func (s *Sound) Started() <-chan struct{} { return s.started }

// StartedAt is when the mixer took the first sample; the loudspeaker is later by
// Config.Latency. It is zero until Started is closed.
func (s *Sound) StartedAt() time.Time {
	if !s.began.Load() {
		return time.Time{}
	}
	return s.base.Add(time.Duration(s.startedAt.Load()))
}

// Done is closed when the last sample has left the loudspeaker.
func (s *Sound) Done() <-chan struct{} { return s.done }

// Played is how much of the sound was played, in samples at the rate that it was
// given with.
func (s *Sound) Played() int64 { return s.played.Load() * int64(s.rate) / int64(s.out) }

// Stop fades the sound out within 5 ms; what has not been mixed is dropped. It does
// not wait: Done is closed when all is silent. Stopping twice is not an error.
func (s *Sound) Stop() {
	if s.stopping.CompareAndSwap(false, true) {
		close(s.quit)
	}
}

// add adds samples to sum while the gain goes to target.
func (s *Sound) add(sum []float32, samples []int16, target, step float32) {
	g := s.gain
	for i, v := range samples {
		switch {
		case g < target:
			g = min(g+step, target)
		case g > target:
			g = max(g-step, target)
		}
		sum[i] += g * float32(v)
	}
	s.gain = g
}

// Clip plays c once, as soon as the mixer is called. A clip of another rate than the
// mixer's is converted first: use Convert for one that sounds often.
func (m *Mixer) Clip(k Kind, c Clip) (*Sound, error) { return m.clip(k, c, false, 0) }

// Loop plays c again and again until it is stopped, and for at most the given time.
func (m *Mixer) Loop(k Kind, c Clip, most time.Duration) (*Sound, error) {
	if most <= 0 {
		return nil, fmt.Errorf("play: a loop of %v: it needs an end", most)
	}
	return m.clip(k, c, true, most)
}

func (m *Mixer) clip(k Kind, c Clip, loop bool, most time.Duration) (*Sound, error) {
	converted, err := m.Convert(c)
	if err != nil {
		return nil, err
	}
	if len(converted.Samples) == 0 {
		return nil, fmt.Errorf("play: the %s is empty", k)
	}
	s := m.newSound(k, &repeat{samples: converted.Samples, loop: loop}, c.Rate)
	if loop {
		s.limit = max(1, int64(m.rate.Frames(most)))
	}
	if err := m.add(s); err != nil {
		return nil, err
	}
	return s, nil
}

// Convert is c at the rate of the mixer.
func (m *Mixer) Convert(c Clip) (Clip, error) {
	if c.Rate == m.rate {
		return c, nil
	}
	samples, err := resample.Convert(c.Rate, m.rate, 1, c.Samples)
	if err != nil {
		return Clip{}, fmt.Errorf("play: %w", err)
	}
	return Clip{Rate: m.rate, Samples: samples}, nil
}

// repeat plays samples once or in a loop.
type repeat struct {
	samples []int16
	at      int
	loop    bool
}

func (r *repeat) read(dst []int16) (n int, last bool) {
	for {
		copied := copy(dst[n:], r.samples[r.at:])
		n, r.at = n+copied, r.at+copied
		if r.at < len(r.samples) {
			return n, false
		}
		if !r.loop {
			return n, true
		}
		r.at = 0
		if n == len(dst) {
			return n, false
		}
	}
}
