package play

import (
	"math"
	"time"

	"vapd/audio"
)

// Tone names a chime that is made in code.
type Tone uint8

// The chimes of the device.
const (
	ToneListen    Tone = iota // it listens
	ToneMute                  // the microphone was closed
	ToneUnmute                // and opened
	ToneError                 // it could not do it
	ToneVolume                // this is how loud it is now
	ToneAlarm                 // one round of the alarm
	ToneAttention             // somebody speaks who was not asked
	tones
)

// note is one struck tone of a chime.
type note struct {
	at, length time.Duration
	hz, peak   float64 // 1 is full scale
}

// melody is the tone as it is written down. Rising says that something opens, falling
// that it closes.
func (t Tone) melody() []note {
	const ms = time.Millisecond
	switch t {
	case ToneListen:
		// Short: it is heard together with who begins to speak meanwhile.
		return []note{{0, 60 * ms, 659.26, 0.25}, {45 * ms, 85 * ms, 987.77, 0.25}}
	case ToneMute:
		return []note{{0, 110 * ms, 783.99, 0.25}, {90 * ms, 190 * ms, 523.25, 0.25}}
	case ToneUnmute:
		return []note{{0, 110 * ms, 523.25, 0.25}, {90 * ms, 190 * ms, 783.99, 0.25}}
	case ToneError:
		return []note{{0, 160 * ms, 329.63, 0.3}, {140 * ms, 280 * ms, 246.94, 0.3}}
	case ToneVolume:
		return []note{{0, 90 * ms, 880, 0.3}}
	case ToneAttention:
		// Soft and long, as of a gong: nobody waits for it.
		return []note{{0, 280 * ms, 698.46, 0.25}, {130 * ms, 310 * ms, 880, 0.25}}
	}
	return []note{
		{0, 180 * ms, 880, 0.5},
		{150 * ms, 180 * ms, 1174.66, 0.5},
		{400 * ms, 180 * ms, 880, 0.5},
		{550 * ms, 180 * ms, 1174.66, 0.5},
		{1500 * ms, 0, 0, 0}, // a pause, in which one can speak to it
	}
}

// Clip is the tone at a rate: sines with a soft second harmonic, an attack of 4 ms
// and a decay to nothing.
func (t Tone) Clip(rate audio.SampleRate) Clip {
	var sum []float64
	for _, n := range t.melody() {
		start, length := rate.Frames(n.at), rate.Frames(n.length)
		for len(sum) < start+length {
			sum = append(sum, 0)
		}
		for i := range length {
			at := float64(i) / float64(rate)
			left := float64(length-i) / float64(length)
			envelope := min(at/0.004, 1) * left * left
			phase := 2 * math.Pi * n.hz * at
			sum[start+i] += n.peak * envelope * (0.85*math.Sin(phase) + 0.15*math.Sin(2*phase))
		}
	}
	c := Clip{Rate: rate, Samples: make([]int16, len(sum))}
	for i, v := range sum {
		c.Samples[i] = int16(math.Round(v * math.MaxInt16))
	}
	return c
}

// Play plays a chime at the volume of chimes; the alarm's pattern, once, at that of
// alarms.
func (m *Mixer) Play(t Tone) (*Sound, error) {
	k := Chime
	if t == ToneAlarm {
		k = Alarm
	}
	return m.Clip(k, m.tones[t])
}

// Ring sounds the alarm until it is stopped, and for at most the given time.
func (m *Mixer) Ring(most time.Duration) (*Sound, error) {
	return m.Loop(Alarm, m.tones[ToneAlarm], most)
}
