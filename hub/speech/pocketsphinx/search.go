//go:build !vapd_nodl

package pocketsphinx

import (
	"errors"
	"sync"
	"sync/atomic"
)

// search is the search of a whole utterance, now that the level and the colour of the voice are
// known: for the sentence, and at the same time for phones.
type search struct {
	done    chan struct{} // closed when found, or err, is there
	dropped atomic.Bool
	found   found
	err     error
}

// found is what both searches of an utterance found.
type found struct {
	text          string // the hypothesis
	words, phones []segment
}

// errDropped is the error of a search that nobody waits for.
var errDropped = errors.New("pocketsphinx: the person spoke on")

// search begins a search, after the one before it.
func (d *Decoder) search(samples []int16, before *search) *search {
	s := &search{done: make(chan struct{})}
	go func() {
		defer close(s.done)
		before.wait()
		if s.err = errDropped; !s.dropped.Load() {
			s.found, s.err = d.find(samples)
		}
	}()
	return s
}

// drop says that nobody will want to know: a search that has not begun does not.
func (s *search) drop() { s.dropped.Store(true) }

// wait waits for the end of a search, if there is one.
func (s *search) wait() (found, error) {
	if s == nil {
		return found{}, nil
	}
	<-s.done
	return s.found, s.err
}

// find searches samples for a sentence and for phones.
func (d *Decoder) find(samples []int16) (f found, err error) {
	var both sync.WaitGroup
	var failed error
	both.Go(func() { f.phones, failed = d.process(d.loop, samples) })
	f.words, err = d.process(d.whole, samples)
	f.text = d.lib.hypothesis(d.whole, nil)
	both.Wait()
	return f, errors.Join(err, failed)
}

// process gives a decoder of the library a whole utterance. It forgets the noise where somebody
// spoke before.
func (d *Decoder) process(decoder uintptr, samples []int16) (out []segment, err error) {
	d.lib.forget(decoder)
	if d.lib.start(decoder) < 0 ||
		d.lib.processRaw(decoder, &samples[0], uintptr(len(samples)), 0, 1) < 0 ||
		d.lib.end(decoder) < 0 {
		return nil, errors.New("pocketsphinx: can't process the utterance")
	}
	for s := d.lib.segments(decoder); s != 0; s = d.lib.nextSegment(s) {
		var from, to, acoustic, language, backoff int32
		d.lib.frames(s, &from, &to)
		d.lib.scores(s, &acoustic, &language, &backoff)
		out = append(out, segment{d.lib.word(s), int(from), int(to) + 1, float64(acoustic)})
	}
	return out, nil
}
