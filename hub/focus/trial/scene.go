package trial

import (
	"math"
	"math/rand/v2"
	"time"

	"vapd/audio"
	"vapd/audio/room"
)

// Rooms are the rooms of the trials, from a furnished bedroom to a bare hall. The decay
// that is measured in them is longer than RT60 says, by a fifth to two fifths.
func Rooms() []room.Room {
	return []room.Room{
		{Size: room.Point{4.8, 4.0, 2.5}, RT60: 0.2},
		{Size: room.Point{5.5, 4.5, 2.5}, RT60: 0.35},
		{Size: room.Point{6.5, 5.0, 2.6}, RT60: 0.5},
		{Size: room.Point{8.0, 6.0, 2.6}, RT60: 0.65},
		{Size: room.Point{10.0, 7.0, 3.0}, RT60: 0.8},
	}
}

// How people and things stand in a room, in metres.
const (
	apart     = 2.5 // satellites, at least: nobody puts two beside each other
	closest   = 0.5 // a talker's mouth to a satellite or to the noise, at least
	addressed = 2.0 // a talker to the satellite that is spoken to, at most
)

// Levels, in decibels.
const (
	// speechLevel is that of the word at 1 m before any gain, in dBFS (RMS).
	speechLevel = -35.0
	// gainSpread: each microphone is louder or softer by up to this much.
	gainSpread = 6.0
	// sensorNoise is that of a microphone of 65 dB signal to noise ratio, against a
	// voice of 60 dB SPL, relative to speechLevel. Microphones differ.
	sensorNoise, sensorSpread = -31.0, 2.0
	// The noise in the room is softer than speech, both at 1 m, by this much.
	noiseLeast, noiseMost = 10.0, 30.0
)

// Satellite is one that hears.
type Satellite struct {
	At     room.Point
	Gain   float64 // decibels that nobody knows
	Sensor float64 // decibels of its own noise, relative to speechLevel
}

// Home is where satellites stand, and something makes noise.
type Home struct {
	Room       room.Room
	Noise      room.Point
	Satellites []Satellite
}

// Draw furnishes a room.
func Draw(r room.Room, random *rand.Rand) *Home {
	h := &Home{Room: r}
	for n := 2 + random.IntN(3); len(h.Satellites) < n; {
		at, tries := shelf(r, random), 0
		for ; h.closest(at) < apart && tries < 100; tries++ {
			at = shelf(r, random)
		}
		if tries == 100 {
			h.Satellites = h.Satellites[:0] // no place is left: begin again
			continue
		}
		h.Satellites = append(h.Satellites, Satellite{
			At:     at,
			Gain:   gainSpread * (2*random.Float64() - 1),
			Sensor: sensorNoise + sensorSpread*random.NormFloat64(),
		})
	}
	for h.Noise = free(r, 0.5, 1.5, random); h.closest(h.Noise) < closest; {
		h.Noise = free(r, 0.5, 1.5, random)
	}
	return h
}

// closest is the distance of the satellite that is closest to p.
func (h *Home) closest(p room.Point) float64 {
	d := math.Inf(1)
	for _, s := range h.Satellites {
		d = min(d, p.Distance(s.At))
	}
	return d
}

// Utterance is somebody who says a wake word.
type Utterance struct {
	*Home
	Talker     room.Point
	NoiseLevel float64 // decibels at 1 m, relative to speechLevel
}

// Utter draws an utterance. Who speaks stands within addressed of one satellite, and
// no nearer than closest to any.
func (h *Home) Utter(random *rand.Rand) *Utterance {
	u := &Utterance{Home: h, NoiseLevel: -noiseMost + (noiseMost-noiseLeast)*random.Float64()}
	to := h.Satellites[random.IntN(len(h.Satellites))].At
	for {
		u.Talker = free(h.Room, 1.1, 1.75, random)
		if u.Talker.Distance(to) <= addressed && h.closest(u.Talker) >= closest {
			return u
		}
	}
}

// shelf is a place along a wall, where satellites stand.
func shelf(r room.Room, random *rand.Rand) room.Point {
	wall := 0.15 + 0.35*random.Float64()
	along := random.IntN(2)
	var p room.Point
	p[along] = 0.3 + (r.Size[along]-0.6)*random.Float64()
	p[1-along] = wall
	if random.IntN(2) == 1 {
		p[1-along] = r.Size[1-along] - wall
	}
	p[2] = 0.6 + 0.9*random.Float64()
	return p
}

// free is a place in the room away from the walls, between two heights.
func free(r room.Room, low, high float64, random *rand.Rand) room.Point {
	return room.Point{
		0.5 + (r.Size[0]-1)*random.Float64(),
		0.5 + (r.Size[1]-1)*random.Float64(),
		low + (high-low)*random.Float64(),
	}
}

// Before and after the word there is only the room.
const (
	lead  = 1500 * time.Millisecond
	trail = 700 * time.Millisecond
)

// Capture is what each satellite's microphone delivers when the talker says word while
// noise is heard. Both have the mean power 1.
func (s *Utterance) Capture(word, noise []float64, random *rand.Rand) ([][]int16, error) {
	before := audio.WakeRate.Frames(lead)
	n := before + len(word) + audio.WakeRate.Frames(trail)
	start := random.IntN(max(1, len(noise)-n))
	noise = noise[start:min(len(noise), start+n)]
	out := make([][]int16, len(s.Satellites))
	for i, one := range s.Satellites {
		pressure := make([]float64, n)
		for _, source := range []struct {
			at     room.Point
			sound  []float64
			offset int
			level  float64
		}{{s.Talker, word, before, 0}, {s.Noise, noise, 0, s.NoiseLevel}} {
			impulse, err := s.Room.Impulse(audio.WakeRate, source.at, one.At)
			if err != nil {
				return nil, err
			}
			gain := amplitude(source.level)
			for k, v := range room.Convolve(source.sound, impulse) {
				if k += source.offset; k < n {
					pressure[k] += gain * v
				}
			}
		}
		out[i] = make([]int16, n)
		full, own := amplitude(speechLevel+one.Gain)*math.MaxInt16, amplitude(one.Sensor)
		for k, v := range pressure {
			v = math.Round(full * (v + own*random.NormFloat64()))
			out[i][k] = int16(max(math.MinInt16, min(math.MaxInt16, v)))
		}
	}
	return out, nil
}

func amplitude(decibels float64) float64 { return math.Pow(10, decibels/20) }
