package wakeword

import (
	"fmt"
	"math"
	"sync/atomic"

	"vapd/audio"
	"vapd/wakeword/enroll"
	"vapd/wakeword/frontend"
	"vapd/wakeword/pack"
)

// Kind is what an Event says.
type Kind int

const (
	// Detected: the word was said.
	Detected Kind = 1 + iota
	// NearMiss: the score came above half of the cutoff and fell again without a
	// detection. It was above the cutoff where only the gate kept it from counting.
	NearMiss
)

// Event is one thing that was heard.
type Event struct {
	Kind          Kind
	Pack, Word    string
	Role          Role
	Score, Cutoff float64 // 0 to 1; of a near miss the highest score
	// Start and End are where the word was said: it ends as many inferences before At
	// as the window has outputs, less one, an enrolled word enroll.Lag before At. It is
	// taken to last a second.
	Start, End audio.Pos
	// At is after the last sample that led to the score.
	At audio.Pos
}

const (
	// refractory is how long a word does not count after its detection. Time passes
	// only while the newest output is not above the cutoff, so that a word that is
	// drawn out is not detected twice (https://github.com/esphome/esphome/pull/8877).
	refractory = 2 * audio.WakeRate // samples
	wordLength = audio.WakeRate     // samples
)

// model is what a word needs of tflite.Model; said is the other one.
type model interface {
	Input() []int8
	Invoke() uint8
	Reset()
}

// word is one model and what is needed to judge its outputs.
type word struct {
	pack    *pack.Pack
	role    Role
	model   model
	fed     int   // values of the next inference that are there
	samples int64 // that an inference takes the stream further
	lag     int64 // samples from the end of the word to the output that tells of it

	window []uint8 // the last outputs
	oldest int     // in window
	newest uint8
	sum    int   // of window
	hold   int64 // samples for which the word does not count yet
	peak   int   // highest sum since it came near the cutoff; 0 while it is not
	peakAt audio.Pos

	limit atomic.Int32  // what sum must exceed for the mean to exceed the cutoff
	shown atomic.Uint64 // the cutoff as it was set, as bits
	level atomic.Int32  // sum, for other goroutines
}

func newWord(p *pack.Pack, role Role, m model, step int) *word {
	w := &word{
		pack: p, role: role, model: m,
		samples: int64(len(m.Input()) / frontend.Channels * step),
		window:  make([]uint8, p.Manifest.Micro.SlidingWindowSize),
	}
	if w.lag = int64(len(w.window)-1) * w.samples; p.Enrolled != nil {
		w.lag = enroll.Lag
	}
	return w
}

// newModel makes what scores the word of a pack; e is the embedder of its stream.
func newModel(p *pack.Pack, e *embedder) (model, error) {
	if p.Enrolled != nil {
		return e.said(p.Word)
	}
	return p.NewModel()
}

func (w *word) setCutoff(cutoff float64) error {
	if cutoff == 0 {
		cutoff = w.pack.Manifest.Micro.ProbabilityCutoff
	}
	if !(cutoff > 0 && cutoff < 1) {
		return fmt.Errorf("wakeword: %s: the cutoff is %v: must be above 0 and below 1", w.pack.ID, cutoff)
	}
	// The little more undoes what the products lost, where the limit is a whole number.
	w.limit.Store(int32(cutoff*255*float64(len(w.window)) + 1e-6))
	w.shown.Store(math.Float64bits(cutoff))
	return nil
}

func (w *word) cutoff() float64 { return math.Float64frombits(w.shown.Load()) }

func (w *word) score(sum int) float64 { return float64(sum) / float64(255*len(w.window)) }

// above reports whether the score is above the cutoff.
func (w *word) above() bool { return w.sum > int(w.limit.Load()) }

// feed takes one feature and reports whether there was an inference.
func (w *word) feed(feature *[frontend.Channels]int8) bool {
	input := w.model.Input()
	w.fed += copy(input[w.fed:], feature[:])
	if w.fed < len(input) {
		return false
	}
	w.fed = 0
	w.push(w.model.Invoke())
	return true
}

// push moves the window on by one output.
func (w *word) push(output uint8) {
	w.newest = output
	w.sum += int(output) - int(w.window[w.oldest])
	w.window[w.oldest] = output
	if w.oldest++; w.oldest == len(w.window) {
		w.oldest = 0
	}
	w.level.Store(int32(w.sum))
}

// judge looks at the score after an inference that ended at at; open is false where
// the gate forbids a detection.
func (w *word) judge(at audio.Pos, open bool) (e Event, ok bool) {
	limit := int(w.limit.Load())
	if w.hold > 0 {
		if int(w.newest)*len(w.window) <= limit {
			w.hold -= w.samples
		}
		return e, false
	}
	if open && w.sum > limit {
		e = w.event(Detected, w.sum, at)
		w.forget()
		w.hold = int64(refractory)
		return e, true
	}
	near := 2*w.sum > limit
	switch {
	case near && w.sum > w.peak:
		w.peak, w.peakAt = w.sum, at
	case !near && w.peak > 0:
		e, ok = w.event(NearMiss, w.peak, w.peakAt), true
		w.peak = 0
	}
	return e, ok
}

func (w *word) event(kind Kind, sum int, at audio.Pos) Event {
	end := at.Frame - w.lag
	return Event{
		Kind: kind, Pack: w.pack.ID, Word: w.pack.Manifest.WakeWord, Role: w.role,
		Score: w.score(sum), Cutoff: w.cutoff(),
		Start: audio.Pos{Epoch: at.Epoch, Frame: max(0, end-int64(wordLength))},
		End:   audio.Pos{Epoch: at.Epoch, Frame: max(0, end)},
		At:    at,
	}
}

// forget drops the outputs so far; the model's own state stays.
func (w *word) forget() {
	clear(w.window)
	w.sum, w.peak, w.hold = 0, 0, 0
}

func (w *word) reset() {
	w.forget()
	w.model.Reset()
	w.fed = 0
	w.level.Store(0)
}
