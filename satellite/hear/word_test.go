package hear

import (
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"vapd/audio"
	"vapd/wakeword"
)

// script is a Detector that finds what it is told at a frame.
type script struct {
	finds    map[int64]wakeword.Event // by the frame at which the block ends
	sounding bool
	epochs   []uint32
}

func (s *script) SetSounding(on bool) { s.sounding = on }
func (s *script) Process(at audio.Pos, samples []int16, events []wakeword.Event) []wakeword.Event {
	if n := len(s.epochs); n == 0 || s.epochs[n-1] != at.Epoch {
		s.epochs = append(s.epochs, at.Epoch)
	}
	end := at.Add(int64(len(samples)))
	if e, ok := s.finds[end.Frame]; ok && len(samples) > 0 {
		e.Start.Epoch, e.End.Epoch = at.Epoch, at.Epoch
		events = append(events, e)
	}
	return events
}

func TestEarTellsOfWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		span := func(from, to int64) (s, e audio.Pos) { return audio.Pos{Frame: from}, audio.Pos{Frame: to} }
		wake := wakeword.Event{Kind: wakeword.Detected, Pack: "p", Word: "hello", Score: 0.99}
		wake.Start, wake.End = span(16000, 24000)
		d := &script{finds: map[int64]wakeword.Event{
			8000:  {Kind: wakeword.NearMiss, Pack: "p", Word: "hello", Score: 0.4, Cutoff: 0.7},
			8160:  {Kind: wakeword.NearMiss, Pack: "s", Word: "stop", Role: wakeword.Stop, Score: 0.4},
			24160: wake,
			25600: {Kind: wakeword.Detected, Pack: "s", Word: "stop", Role: wakeword.Stop},
		}}
		var heard []Word
		var missed []NearMiss
		raw := ring(16000, 1)
		e := run(t, Config{
			Raw: raw, Channels: []int{0}, Detector: d, Heard: func(w Word) { heard = append(heard, w) },
			NearMiss: func(m NearMiss) { missed = append(missed, m) },
		})
		feed := func(samples []int16) {
			for len(samples) > 0 {
				raw.Write(samples[:160])
				samples = samples[160:]
				synctest.Wait()
			}
		}
		random := rand.New(rand.NewPCG(1, 1))
		hiss := func(amplitude int) []int16 {
			out := make([]int16, 16000)
			for i := range out {
				out[i] = int16(random.IntN(2*amplitude+1) - amplitude)
			}
			return out
		}
		feed(hiss(100))   // the room
		feed(hiss(10000)) // the word
		if len(heard) != 2 {
			t.Fatalf("heard %+v", heard)
		}
		w := heard[0]
		if w.Word != "hello" || w.Stop || w.Score != 0.99 || math.Abs(w.SNR-40) > 1 || math.Abs(w.Level-w.Noise-w.SNR) > 0.001 || w.Attack <= 0 {
			t.Errorf("the wake word: %+v", w)
		}
		if !heard[1].Stop {
			t.Errorf("the stop word: %+v", heard[1])
		}
		if len(missed) != 1 || missed[0].Word != "hello" || missed[0].Score != 0.4 || missed[0].Cutoff != 0.7 {
			t.Errorf("near misses: %+v", missed)
		}
		if c := e.Tally("p"); c.Woke != 1 || c.NearMiss != 0.4 || c.NearMissAt.IsZero() {
			t.Errorf("tally %+v", c)
		}
		e.SetOpen(false)
		synctest.Wait()
		if n := len(d.epochs); n < 2 || d.epochs[n-1] == w.Start.Epoch {
			t.Errorf("the detector was not told to forget: epochs %v", d.epochs)
		}
	})
}
