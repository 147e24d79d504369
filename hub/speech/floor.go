package speech

import "math"

// frame is the step of the Endpointer: 10 ms.
const frame = 160

// loudness measures frames in decibels, above a few hundred hertz: rumble and hum
// say nothing about speech.
type loudness struct{ last float64 }

func (l *loudness) of(samples []int16) float64 {
	sum := 0.0
	for _, s := range samples {
		x := float64(s)
		d := x - 0.9*l.last
		l.last = x
		sum += d * d
	}
	return 10 * math.Log10(sum/float64(len(samples))+1)
}

// floor tracks how loud the room is when nobody speaks: the quietest tenth of a
// second within the last seconds.
type floor struct {
	smooth float64
	blocks [floorBlocks]float64 // minimum of each of the last blocks
	at     int                  // block being filled
	filled int                  // frames in it
	frames int
}

const (
	floorBlocks = 12 // of a quarter second: three seconds
	blockFrames = 25
	smoothing   = 0.2 // of a frame in the running mean
)

// add takes the loudness of the next frame.
func (f *floor) add(db float64) {
	if f.frames == 0 {
		f.smooth = db
		for i := range f.blocks {
			f.blocks[i] = math.Inf(1)
		}
	}
	f.frames++
	f.smooth += smoothing * (db - f.smooth)
	if f.filled == blockFrames {
		f.at, f.filled = (f.at+1)%floorBlocks, 0
		f.blocks[f.at] = math.Inf(1)
	}
	f.blocks[f.at] = min(f.blocks[f.at], f.smooth)
	f.filled++
}

// db is the floor in decibels.
func (f *floor) db() float64 {
	lowest := math.Inf(1)
	for _, b := range f.blocks {
		lowest = min(lowest, b)
	}
	return lowest
}
