package augment

import (
	"math"
	"math/rand/v2"
	"sync"

	"vapd/audio"
	"vapd/audio/room"
)

// Echo is sound in a room: x through an impulse response, as long as x.
func Echo(x, impulse []float64) []float64 {
	if len(x) == 0 {
		return nil
	}
	return room.Convolve(x, impulse)[:len(x)]
}

// RandomRoom is the impulse response from a speaker to a microphone in a living room,
// kitchen or office, and its reverberation time in seconds. The direct sound is its
// beginning, and its energy is 1, so that speech neither moves nor changes much in level.
func RandomRoom(random *rand.Rand) (impulse []float64, rt60 float64) {
	between := func(low, high float64) float64 { return low + (high-low)*random.Float64() }
	r := room.Room{Size: room.Point{between(2.5, 8), between(2, 6), between(2.2, 3.2)}}
	volume := r.Size[0] * r.Size[1] * r.Size[2]
	r.RT60 = between(0.12, min(0.8, 0.25+volume/120)) // large rooms have longer echoes
	const wall = 0.25
	place := func(low, high float64) room.Point {
		return room.Point{between(wall, r.Size[0]-wall), between(wall, r.Size[1]-wall), between(low, high)}
	}
	microphone := place(0.4, 1.6)
	mouth := place(1, 1.8)
	for mouth.Distance(microphone) < 0.3 {
		mouth = place(1, 1.8)
	}
	impulse, err := r.Impulse(audio.WakeRate, mouth, microphone)
	if err != nil {
		panic("augment: a room that can't be: " + err.Error()) // all is within its bounds
	}
	direct := int(mouth.Distance(microphone) / room.SpeedOfSound * float64(audio.WakeRate))
	impulse = impulse[direct:]
	// Below, the image method adds up more than a room gives (see package room).
	highPass(100, math.Sqrt2/2).run(impulse)
	gain := 1 / math.Sqrt(energy(impulse))
	for i := range impulse {
		impulse[i] *= gain
	}
	return impulse, r.RT60
}

// rooms are a number of random rooms, each made when it is first needed.
type rooms []func() []float64

func newRooms(n int, seed uint64) rooms {
	r := make(rooms, n)
	for i := range r {
		r[i] = sync.OnceValue(func() []float64 {
			impulse, _ := RandomRoom(rand.New(rand.NewPCG(seed, uint64(i))))
			return impulse
		})
	}
	return r
}
