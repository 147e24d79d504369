package wakeword

import (
	"fmt"
	"slices"
	"sync/atomic"

	"vapd/audio"
	"vapd/wakeword/frontend"
	"vapd/wakeword/pack"
)

// Role says when a word counts.
type Role int

const (
	// Wake is a word that counts at any time.
	Wake Role = iota
	// Stop is a word that counts only while something sounds (see SetSounding).
	Stop
	// Gate is voice activity: it has no events, but the others count only while its
	// score is above its cutoff.
	Gate
)

// RoleOf is the role that a pack's wake word stands for: "stop" and, as in ESPHome,
// "vad" are special.
func RoleOf(p *pack.Pack) Role {
	switch p.Manifest.WakeWord {
	case "Stop", "stop":
		return Stop
	case "vad":
		return Gate
	}
	return Wake
}

// Word is a word to listen for.
type Word struct {
	Pack *pack.Pack
	Role Role
	// Cutoff is above 0 and below 1; 0 is the manifest's.
	Cutoff float64
}

// Detector listens for words. Process is for one goroutine; the other methods are
// for any.
type Detector struct {
	streams  []*stream
	words    []*word
	gate     *word // or nil
	epoch    uint32
	sounding atomic.Bool
}

// New makes a Detector that has heard nothing yet. Words that were enrolled are embedded once
// for all.
func New(words []Word) (*Detector, error) {
	d := new(Detector)
	for _, w := range words {
		s, err := d.stream(w.Pack.Manifest.Micro.FeatureStepSize)
		if err != nil {
			return nil, err
		}
		m, err := newModel(w.Pack, &s.embedder)
		if err != nil {
			return nil, err
		}
		if err := d.add(w, m); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (d *Detector) add(w Word, m model) error {
	if d.word(w.Pack.ID) != nil {
		return fmt.Errorf("wakeword: the pack %s is there twice: leave one out", w.Pack.ID)
	}
	if w.Role == Gate && d.gate != nil {
		return fmt.Errorf("wakeword: the packs %s and %s are both gates: leave one out", d.gate.pack.ID, w.Pack.ID)
	}
	s, err := d.stream(w.Pack.Manifest.Micro.FeatureStepSize)
	if err != nil {
		return err
	}
	n := newWord(w.Pack, w.Role, m, s.frontend.Step())
	if err := n.setCutoff(w.Cutoff); err != nil {
		return err
	}
	d.words = append(d.words, n)
	if w.Role == Gate {
		d.gate = n
		s.words = slices.Insert(s.words, 0, n) // before the words that it opens for
	} else {
		s.words = append(s.words, n)
	}
	return nil
}

// stream is the stream of a step size, made where it is not there yet.
func (d *Detector) stream(stepMS int) (*stream, error) {
	f, err := frontend.New(stepMS)
	if err != nil {
		return nil, err
	}
	for _, s := range d.streams {
		if s.frontend.Step() == f.Step() {
			return s, nil
		}
	}
	s := &stream{frontend: f}
	d.streams = append(d.streams, s)
	return s, nil
}

func (d *Detector) word(id string) *word {
	for _, w := range d.words {
		if w.pack.ID == id {
			return w
		}
	}
	return nil
}

// SetCutoff changes the cutoff of a pack's word, above 0 and below 1; 0 is the
// manifest's. A lower one makes the word more sensitive.
func (d *Detector) SetCutoff(id string, cutoff float64) error {
	w := d.word(id)
	if w == nil {
		return fmt.Errorf("wakeword: there is no pack %q: add it first", id)
	}
	return w.setCutoff(cutoff)
}

// SetSounding says whether the speaker plays something, so that stop words count.
func (d *Detector) SetSounding(sounding bool) { d.sounding.Store(sounding) }

// Level is how close a word is to its cutoff.
type Level struct {
	Pack, Word    string
	Role          Role
	Score, Cutoff float64 // 0 to 1
}

// Levels appends the present level of every word to dst, in the order of New.
func (d *Detector) Levels(dst []Level) []Level {
	for _, w := range d.words {
		dst = append(dst, Level{
			Pack: w.pack.ID, Word: w.pack.Manifest.WakeWord, Role: w.role,
			Score: w.score(int(w.level.Load())), Cutoff: w.cutoff(),
		})
	}
	return dst
}

// Process listens to mono samples at 16 kHz that begin at at, and appends what was
// heard to events. It neither waits, locks nor allocates where events has room; more
// than one event per word in 10 ms there is not. All state is forgotten where an
// epoch begins. A gap within one is bridged: what is heard after it is at its true
// place.
func (d *Detector) Process(at audio.Pos, samples []int16, events []Event) []Event {
	if at.Epoch != d.epoch {
		d.reset()
		d.epoch = at.Epoch
	}
	for _, s := range d.streams {
		pos, rest := at, samples
		for len(rest) > 0 {
			taken, ok := s.frontend.Process(rest, &s.feature)
			rest, pos = rest[taken:], pos.Add(int64(taken))
			if ok {
				events = d.step(s, pos, events)
			}
		}
	}
	return events
}

// step takes one feature of s, whose last sample is before at.
func (d *Detector) step(s *stream, at audio.Pos, events []Event) []Event {
	s.embedder.hear(s.frontend, &s.feature)
	input := s.feature.Quantize()
	settled := s.steps == settleSteps
	if !settled {
		s.steps++
	}
	for _, w := range s.words {
		switch {
		case !w.feed(&input), !settled, w.role == Gate:
		case w.role == Stop && !d.sounding.Load():
			w.forget()
		default:
			if e, ok := w.judge(at, d.gate == nil || d.gate.above()); ok {
				events = append(events, e)
			}
		}
	}
	return events
}

func (d *Detector) reset() {
	for _, s := range d.streams {
		s.frontend.Reset()
		s.embedder.reset()
		s.steps = 0
	}
	for _, w := range d.words {
		w.reset()
	}
}

// settleSteps is how many features are not judged after a reset: the frontend's
// noise estimate and the models' states are not those of running sound yet.
const settleSteps = 100

// stream computes the features of one step size for the words that need it.
type stream struct {
	frontend *frontend.Frontend
	feature  frontend.Feature
	embedder embedder
	steps    int // since the reset, up to settleSteps
	words    []*word
}
