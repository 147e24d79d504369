package trial

import (
	"math/rand/v2"
	"time"

	"vapd/audio"
	"vapd/wakeword"
)

// Before and after a recording there is a noise floor of a few units, so that a word
// at its very start or end is judged as in a running stream. The first second of a
// stream is not judged at all.
const (
	lead  = 24000 // samples: 1.5 s
	trail = 16000
	floor = 3 // units of 16 bits, both ways
)

// Trial runs recordings through a detector. Stop words count, as if something
// sounded.
type Trial struct {
	detector *wakeword.Detector
	epoch    uint32
	before   []int16
	after    []int16
	busy     time.Duration
	heard    int64 // samples
}

// New makes a Trial of words.
func New(words []wakeword.Word) (*Trial, error) {
	d, err := wakeword.New(words)
	if err != nil {
		return nil, err
	}
	d.SetSounding(true)
	t := &Trial{detector: d}
	t.before, t.after = quiet()
	return t, nil
}

// quiet is what is heard before and after a recording.
func quiet() (before, after []int16) {
	random := rand.New(rand.NewPCG(1, 1)) // the same noise each time
	noise := make([]int16, lead+trail)
	for i := range noise {
		noise[i] = int16(random.IntN(2*floor+1) - floor)
	}
	return noise[:lead], noise[lead:]
}

// Run listens to a recording from a fresh state. Positions in the events count from
// the recording's start.
func (t *Trial) Run(pcm []int16) []wakeword.Event {
	began := time.Now()
	t.epoch++
	at := audio.Pos{Epoch: t.epoch, Frame: 0}
	var events []wakeword.Event
	for _, part := range [][]int16{t.before, pcm, t.after} {
		events = t.detector.Process(at, part, events)
		at = at.Add(int64(len(part)))
	}
	for i := range events {
		for _, p := range []*audio.Pos{&events[i].Start, &events[i].End, &events[i].At} {
			*p = audio.Pos{Frame: p.Frame - lead}
		}
	}
	t.busy += time.Since(began)
	t.heard += at.Frame
	return events
}

// Speed is how many times faster than the sound Run was so far.
func (t *Trial) Speed() float64 {
	return float64(audio.WakeRate.Duration(t.heard)) / float64(max(1, t.busy))
}
