package room

import (
	"fmt"
	"math"

	"vapd/audio"
)

// SpeedOfSound is that of dry air at 20 degrees Celsius, in metres a second.
const SpeedOfSound = 343.0

// Point is a place in a room, in metres from one of its lower corners.
type Point [3]float64

// Distance is how far p is from q, in metres.
func (p Point) Distance(q Point) float64 {
	return math.Hypot(math.Hypot(p[0]-q[0], p[1]-q[1]), p[2]-q[2])
}

// Room is a box.
type Room struct {
	Size Point // length, width, height in metres
	// RT60 is how long a diffuse sound takes to decay by 60 dB, in seconds, 0 to 3.
	// Between walls that are all alike the sound is not quite diffuse, and what is
	// measured is up to half more, most so in a wide and low room. Without reverberation
	// (0) only the direct sound is heard.
	RT60 float64
}

// Reflection is the part of a sound's amplitude that a wall gives back, 0 to 1, so that
// Eyring's formula gives the room's RT60.
func (r Room) Reflection() float64 {
	if r.RT60 == 0 {
		return 0
	}
	l, w, h := r.Size[0], r.Size[1], r.Size[2]
	volume, surface := l*w*h, 2*(l*w+l*h+w*h)
	// RT60 = 24 ln 10 V / (-c S ln(1-a)), and 1-a is the square of the amplitude's part.
	return math.Exp(-12 * math.Ln10 * volume / (SpeedOfSound * surface * r.RT60))
}

const (
	longest = 3.0 // RT60 in seconds
	largest = 100 // side in metres
	// nearest is the least distance of source and microphone, in metres. Closer by, the
	// model of two points means nothing.
	nearest = 0.05
)

func (r Room) check(rate audio.SampleRate, source, microphone Point) error {
	if rate <= 0 {
		return fmt.Errorf("room: a rate of %d Hz: it must be positive", rate)
	}
	if !(r.RT60 >= 0 && r.RT60 <= longest) {
		return fmt.Errorf("room: an RT60 of %v s: choose 0 to %v s", r.RT60, longest)
	}
	for axis, side := range r.Size {
		if !(side > 0 && side <= largest) {
			return fmt.Errorf("room: a side of %v m: choose one of up to %v m", side, largest)
		}
		for name, p := range map[string]Point{"source": source, "microphone": microphone} {
			if !(p[axis] > 0 && p[axis] < side) {
				return fmt.Errorf("room: the %s at %v m is outside of a room of %v m", name, p, r.Size)
			}
		}
	}
	if d := source.Distance(microphone); d < nearest {
		return fmt.Errorf("room: source and microphone are %v m apart: at least %v m are needed", d, nearest)
	}
	return nil
}
