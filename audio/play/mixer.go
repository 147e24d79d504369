package play

import (
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"vapd/audio"
)

// Kind is what a sound is for; each has its own volume.
type Kind uint8

// The kinds of sounds.
const (
	Voice Kind = iota // answers and announcements
	Chime             // what the device says about itself
	Alarm             // timers
	kinds
)

// String is the kind as it is logged and configured.
func (k Kind) String() string { return [...]string{"voice", "chime", "alarm"}[k] }

// Config is what a Mixer needs.
type Config struct {
	// Rate is the speaker's, in hertz. What has another one is converted.
	Rate audio.SampleRate
	// Latency is the time from Mix to the loudspeaker, mostly the device's buffer. Done
	// of a sound waits for it. 0 is right for a device that plays at once.
	Latency time.Duration
}

// Limits of what sounds.
const (
	maxSounds = 16 // at once
	chunk     = 256
	fade      = 5 * time.Millisecond // of a change of volume from 0 to 100, and of Stop
)

// Mixer mixes the sounds of one speaker.
type Mixer struct {
	rate    audio.SampleRate
	latency int64 // frames
	step    float32
	base    time.Time
	tones   [tones]Clip
	volumes [kinds]atomic.Uint32 // percent, and the gain as bits of a float32
	gains   [kinds]atomic.Uint32
	sounds  [maxSounds]atomic.Pointer[Sound]

	frames, clipped atomic.Int64 // written by Mix
	underruns       atomic.Int64

	// The device's thread alone.
	sum     [chunk]float32
	samples [chunk]int16
}

// New makes a silent Mixer; every volume is 100.
func New(cfg Config) (*Mixer, error) {
	if err := (audio.Format{Rate: cfg.Rate, Channels: 1}).Validate(); err != nil {
		return nil, fmt.Errorf("play: %w", err)
	}
	if cfg.Latency < 0 || cfg.Latency > 10*time.Second {
		return nil, fmt.Errorf("play: latency of %v: must be 0 to 10 s", cfg.Latency)
	}
	m := &Mixer{
		rate:    cfg.Rate,
		latency: int64(cfg.Rate.Frames(cfg.Latency)),
		step:    1 / float32(cfg.Rate.Frames(fade)),
		base:    time.Now(),
	}
	for t := range m.tones {
		m.tones[t] = Tone(t).Clip(cfg.Rate)
	}
	for k := range kinds {
		m.SetVolume(k, 100)
	}
	return m, nil
}

// SetVolume sets the volume of a kind, 0 (silent) to 100 (unchanged); what lies
// outside is brought to the nearer end. 50 sounds half as loud as 100: loudness goes
// with the power 0.6 of the pressure (Stevens; a sone is 10 dB), so the amplitude is
// (percent/100)^(1/0.6). What sounds already follows without a click.
func (m *Mixer) SetVolume(k Kind, percent int) {
	percent = min(max(percent, 0), 100)
	m.volumes[k].Store(uint32(percent))
	m.gains[k].Store(math.Float32bits(float32(math.Pow(float64(percent)/100, 1/0.6))))
}

// Volume is the volume of a kind, 0 to 100.
func (m *Mixer) Volume(k Kind) int { return int(m.volumes[k].Load()) }

// Sounding reports whether anything can be heard, pauses inside it included.
func (m *Mixer) Sounding() bool {
	for i := range m.sounds {
		if s := m.sounds[i].Load(); s != nil && s.began.Load() {
			return true
		}
	}
	return false
}

// StopAll stops whatever sounds, or waits for its first sample.
func (m *Mixer) StopAll() {
	for i := range m.sounds {
		if s := m.sounds[i].Load(); s != nil {
			s.Stop()
		}
	}
}

// Stats counts what a Mixer did.
type Stats struct {
	// Frames is how many frames were mixed.
	Frames int64
	// Clipped is how many of them were too loud together and saturated.
	Clipped int64
	// Underruns is how often a Stream had nothing to play in its middle.
	Underruns int64
}

// Stats may be called at any time.
func (m *Mixer) Stats() Stats {
	return Stats{Frames: m.frames.Load(), Clipped: m.clipped.Load(), Underruns: m.underruns.Load()}
}

// ErrBusy: too many sounds at once.
var ErrBusy = errors.New("play: too many sounds at once: stop one first")

// add hands s to the device's thread.
func (m *Mixer) add(s *Sound) error {
	for i := range m.sounds {
		if m.sounds[i].CompareAndSwap(nil, s) {
			return nil
		}
	}
	return ErrBusy
}

// Mix fills out with what the speaker plays next, every channel the same. It is for
// the device's thread alone; a block with no channels is left as it is.
func (m *Mixer) Mix(out audio.Block) {
	for rest := out.Samples; out.Channels > 0 && len(rest) >= out.Channels; {
		n := min(len(rest)/out.Channels, chunk)
		sum := m.sum[:n]
		clear(sum)
		for i := range m.sounds {
			if s := m.sounds[i].Load(); s != nil && m.mix(s, sum) {
				m.sounds[i].Store(nil)
				close(s.done)
			}
		}
		m.spread(rest[:n*out.Channels], sum, out.Channels)
		m.frames.Add(int64(n))
		rest = rest[n*out.Channels:]
	}
}

// mix adds what s has for sum and reports whether all of s has left the loudspeaker.
func (m *Mixer) mix(s *Sound, sum []float32) (left bool) {
	if s.ended {
		return m.frames.Load() >= s.leaves
	}
	stopping := s.stopping.Load()
	if stopping && !s.began.Load() {
		return true
	}
	samples := m.samples[:len(sum)]
	n, last := s.source.read(samples)
	target := math.Float32frombits(m.gains[s.kind].Load())
	if n > 0 && !s.began.Load() {
		s.gain = target
		s.startedAt.Store(int64(time.Since(m.base)))
		s.began.Store(true)
		close(s.started)
	}
	if stopping {
		target = 0
		n = min(n, int(s.gain/m.step)+1)
		last = last || n < len(samples) || s.gain == 0
	}
	s.add(sum, samples[:n], target, m.step)
	played := s.played.Add(int64(n))
	if s.limit > 0 && played >= s.limit {
		s.Stop()
	}
	if last {
		s.ended = true
		s.leaves = m.frames.Load() + int64(n) + m.latency
	}
	return last && m.latency == 0
}

// spread writes sum to every channel of out.
func (m *Mixer) spread(out []int16, sum []float32, channels int) {
	var clipped int64
	for i, v := range sum {
		s := int16(v)
		switch {
		case v > math.MaxInt16:
			s = math.MaxInt16
			clipped++
		case v < math.MinInt16:
			s = math.MinInt16
			clipped++
		}
		for c := range channels {
			out[i*channels+c] = s
		}
	}
	m.clipped.Add(clipped)
}
