package hear

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"vapd/audio"
	"vapd/audio/dsp"
	"vapd/audio/resample"
	"vapd/wakeword"
)

// kept is how much of the past the uplink ring holds: the pre-roll of a turn and what
// a slow network owes.
const kept = 4 * time.Second

// Config is what an Ear needs.
type Config struct {
	// Raw is what the device captures.
	Raw *audio.Ring
	// Channels are those of Raw that carry a microphone, from 0; their mean is heard.
	Channels []int
	// Detector hears words; nil when there are none to hear.
	Detector Detector
	// Sounding says whether the speaker plays, so that a stop word counts.
	Sounding func() bool
	// Heard is told of each word, on Run's goroutine; it must not block.
	Heard func(Word)
	// NearMiss, if not nil, is told of what came close to a wake word, in the same way.
	NearMiss func(NearMiss)
}

// Ear hears. Make it with New, then call Run once.
type Ear struct {
	cfg       Config
	uplink    *audio.Ring
	resampler *resample.Resampler // nil when Raw has the rate
	meter     *meter
	open      atomic.Bool
	valve     chan struct{} // one slot: open changed
	lost      atomic.Int64
	fill      level
	tallies   tallies

	// Run's own.
	raw, mono, speech []int16
	at                audio.Pos // expected next in Raw
	events            []wakeword.Event
	probe             *dsp.Probe
	word              []int16 // one, and what was before it
}

// blockTime is how much is worked on at once.
const blockTime = 10 * time.Millisecond

// New makes an Ear that is open.
func New(cfg Config) (*Ear, error) {
	format := cfg.Raw.Format()
	if len(cfg.Channels) == 0 {
		return nil, fmt.Errorf("hear: no channel of %v is listened to: set capture.use", format)
	}
	for _, c := range cfg.Channels {
		if c < 0 || c >= format.Channels {
			return nil, fmt.Errorf("hear: channel %d of %v: channels count from 0: set capture.use", c, format)
		}
	}
	if cfg.Detector == nil {
		cfg.Detector = deaf{}
	}
	block := format.Rate.Frames(blockTime)
	e := &Ear{
		cfg:    cfg,
		uplink: audio.NewRing(audio.Format{Rate: audio.WakeRate, Channels: 1}, audio.WakeRate.Frames(kept)),
		meter:  newMeter(),
		valve:  make(chan struct{}, 1),
		raw:    make([]int16, block*format.Channels),
		mono:   make([]int16, block),
		speech: make([]int16, 2*audio.WakeRate.Frames(blockTime)),
		events: make([]wakeword.Event, 0, 16),
		probe:  dsp.NewProbe(),
		word:   make([]int16, audio.WakeRate.Frames(kept)),
	}
	e.open.Store(true)
	if format.Rate != audio.WakeRate {
		var err error
		if e.resampler, err = resample.New(format.Rate, audio.WakeRate, 1); err != nil {
			return nil, fmt.Errorf("hear: %w", err)
		}
	}
	return e, nil
}

// Uplink is the ring of speech, 16 kHz mono. Its epoch changes with every gap.
func (e *Ear) Uplink() *audio.Ring { return e.uplink }

// SetOpen opens or closes the ear. Closing empties the ring; SetOpen does not wait for
// that, but nothing that was captured after it gets into the ring.
func (e *Ear) SetOpen(open bool) {
	if e.open.Swap(open) == open {
		return
	}
	select {
	case e.valve <- struct{}{}:
	default:
	}
}

// Levels are what is heard now; any goroutine may ask.
func (e *Ear) Levels() Levels { return e.meter.levels() }

// Lost is how many captured frames were overwritten before they were heard.
func (e *Ear) Lost() int64 { return e.lost.Load() }

// Fill is the share of the raw ring that waited to be heard when last looked at.
func (e *Ear) Fill() float64 { return e.fill.get() }

// Run hears until ctx ends.
func (e *Ear) Run(ctx context.Context) {
	reader := e.cfg.Raw.NewReader()
	defer reader.Close()
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.valve:
			e.begin()
		case <-reader.Ready():
		}
		e.drain(reader)
	}
}

// drain hears all that is there.
func (e *Ear) drain(reader *audio.Reader) {
	e.fill.set(float64(reader.Behind()) / float64(e.cfg.Raw.Capacity()))
	for {
		at, n, lost := reader.Read(e.raw)
		if at != e.at {
			// What lies on both sides of a gap does not belong together.
			if at.Epoch == e.at.Epoch {
				e.lost.Add(lost)
			}
			e.begin()
		}
		e.at = at.Add(int64(n))
		if n == 0 {
			return
		}
		if e.open.Load() {
			e.hear(e.raw[:n*e.cfg.Raw.Format().Channels])
		}
	}
}

// begin starts anew, with an empty ring.
func (e *Ear) begin() {
	e.uplink.Reset()
	e.meter.reset()
	if e.resampler != nil {
		e.resampler.Reset()
	}
	e.cfg.Detector.Process(e.uplink.Head(), nil, nil) // forgets what was before
}

// hear takes one block of raw samples.
func (e *Ear) hear(raw []int16) {
	mono := e.mix(raw)
	if e.resampler == nil {
		e.listen(mono)
		return
	}
	for len(mono) > 0 {
		n, took := e.resampler.Process(e.speech, mono)
		e.listen(e.speech[:n])
		mono = mono[took:]
	}
}

// mix is the mean of the channels that are listened to.
func (e *Ear) mix(raw []int16) []int16 {
	channels := e.cfg.Raw.Format().Channels
	if channels == 1 {
		return raw
	}
	mono := e.mono[:len(raw)/channels]
	use := e.cfg.Channels
	for i := range mono {
		var sum int32
		for _, c := range use {
			sum += int32(raw[i*channels+c])
		}
		mono[i] = int16(sum / int32(len(use)))
	}
	return mono
}

// listen takes speech at 16 kHz.
func (e *Ear) listen(speech []int16) {
	if len(speech) == 0 {
		return
	}
	at := e.uplink.Head()
	e.uplink.Write(speech)
	e.meter.feed(speech)
	e.cfg.Detector.SetSounding(e.cfg.Sounding())
	e.events = e.cfg.Detector.Process(at, speech, e.events[:0])
	for _, event := range e.events {
		e.heard(event)
	}
}
