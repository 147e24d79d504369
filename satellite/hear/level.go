package hear

import (
	"math"
	"sync/atomic"

	"vapd/audio"
)

// Silence is the level of no sound at all, in decibels below full scale.
const Silence = -100.0

// Levels are what the microphone hears, in decibels below full scale.
type Levels struct {
	Peak, RMS float64 // of the last tenth of a second
	Floor     float64 // the noise of the room
}

// window is how many samples a level is measured over.
const window = int(audio.WakeRate) / 10

// The floor follows what is softer at once, and what is louder by 1.5 dB a second: a
// sentence of some seconds hardly lifts it, a ventilator is known after half a minute.
const floorRise = 1.5 / 10

// quietest is the floor of no room at all: what is below is digital silence, or the
// converter's own noise.
const quietest = -75.0

// meter measures levels. One goroutine feeds it, any may read it.
type meter struct {
	n       int
	sum     float64 // of squares
	highest int32

	peak, rms, floor level
	known            bool // floor
}

// level is a number that any goroutine may read.
type level struct{ bits atomic.Uint64 }

func (l *level) set(v float64) { l.bits.Store(math.Float64bits(v)) }
func (l *level) get() float64  { return math.Float64frombits(l.bits.Load()) }

func newMeter() *meter {
	m := new(meter)
	m.reset()
	return m
}

// reset forgets all but the floor, which outlives a reopened device.
func (m *meter) reset() {
	m.n, m.sum, m.highest = 0, 0, 0
	m.peak.set(Silence)
	m.rms.set(Silence)
	if !m.known {
		m.floor.set(Silence)
	}
}

func (m *meter) feed(samples []int16) {
	for _, s := range samples {
		v := int32(s)
		m.sum += float64(v * v)
		m.highest = max(m.highest, v, -v)
		if m.n++; m.n == window {
			m.publish()
		}
	}
}

func (m *meter) publish() {
	rms := decibels(m.sum, m.n)
	m.peak.set(decibels(float64(m.highest)*float64(m.highest), 1))
	m.rms.set(rms)
	floor, noise := m.floor.get(), max(rms, quietest)
	if m.known {
		noise = min(noise, floor+floorRise)
	}
	m.floor.set(noise)
	m.known = true
	m.n, m.sum, m.highest = 0, 0, 0
}

// decibels is the level of n samples whose squares have the given sum.
func decibels(sum float64, n int) float64 {
	if n == 0 || sum == 0 {
		return Silence
	}
	return max(Silence, 10*math.Log10(sum/float64(n)/(1<<30)))
}

func (m *meter) levels() Levels { return Levels{m.peak.get(), m.rms.get(), m.floor.get()} }
