package speech

import (
	"context"
	"time"
)

// Listener hears one utterance: it gives an engine what comes after the wake word, and
// finds the end. It is for one goroutine.
type Listener struct {
	utterance Utterance
	endpoint  *Endpointer
	at        int64 // of the next sample for the engine
	word      Span
	wordEnd   int64   // what is before it is not for the engine
	held      []int16 // from sample 0 on, until it is known where the wake word ends
	settled   bool
	pause     int64 // where the pause began that the engine knows of; 0 for none
}

// NewListener begins an utterance, which stands behind the wake word; the zero Span
// where there was none. Sample 0 is the first that Write will get.
func NewListener(r Recognizer, cfg EndpointConfig, word Span) *Listener {
	return &Listener{
		utterance: r.Listen(), endpoint: NewEndpointer(cfg, word),
		word: word, settled: word.To == 0,
	}
}

// Ignore says that s is not the person: a chime, say. Only the end of the utterance is
// found without it. The engine gets it, since people speak while a chime sounds: of
// sentences that begin with one, at up to 6 dB over the voice, PocketSphinx understands
// 97 of 100, and with the chime cut out, and the words under it, 56 to 88.
func (l *Listener) Ignore(s Span) { l.endpoint.Ignore(s) }

// Write takes the next samples (16 kHz, one channel) and returns what they settle.
func (l *Listener) Write(samples []int16) []Endpoint {
	if l.settled {
		l.give(samples)
	} else if l.held = append(l.held, samples...); int64(len(l.held)) >= l.word.To+samplesIn(lastSound) {
		l.settle()
	}
	l.endpoint.Said(l.utterance.Partial())
	events := l.endpoint.Write(samples)
	l.pausing()
	return events
}

// pausing tells the engine of a pause, and when the person speaks on.
func (l *Listener) pausing() {
	at, ok := l.endpoint.Pause()
	if !ok {
		at = 0
	}
	if at != l.pause && l.settled {
		l.pause = at
		l.utterance.Pausing(ok)
	}
}

const (
	// lastSound is how long the end of a wake word may sound after its span: a model is
	// sure before the word is over. An engine that hears it takes it for a word of its own.
	lastSound = 250 * time.Millisecond
	// wordPause is the silence that ends the word, below its loudest frame by wordDepth.
	wordPause = 50 * time.Millisecond
	wordDepth = 25 // decibels
)

// settle decides where the wake word ends, and gives the engine what comes after it.
func (l *Listener) settle() {
	l.wordEnd = wordEnd(l.held, l.word)
	l.settled = true
	l.give(l.held)
	l.held = nil
}

// wordEnd is where the wake word ends: at the first pause after its span, or with the
// span where the person spoke on without one.
func wordEnd(samples []int16, word Span) int64 {
	n := int64(len(samples))
	var loud loudness
	loudest := 0.0
	for at := word.From; at+frame <= min(word.To, n); at += frame {
		loudest = max(loudest, loud.of(samples[at:at+frame]))
	}
	quiet := int64(0)
	for at := word.To; at+frame <= min(word.To+samplesIn(lastSound), n); at += frame {
		if loud.of(samples[at:at+frame]) > loudest-wordDepth {
			quiet = 0
			continue
		}
		if quiet += frame; quiet >= samplesIn(wordPause) {
			return at + frame - quiet
		}
	}
	return word.To
}

// give passes samples on to the engine, without the wake word.
func (l *Listener) give(samples []int16) {
	word := min(max(0, l.wordEnd-l.at), int64(len(samples)))
	l.at += int64(len(samples))
	if samples = samples[word:]; len(samples) > 0 {
		l.utterance.Write(samples)
	}
}

// Partial is what was understood so far.
func (l *Listener) Partial() Partial { return l.utterance.Partial() }

// Failed is closed when the utterance can't be recognized any more.
func (l *Listener) Failed() <-chan struct{} { return l.utterance.Failed() }

// Finish waits for the transcript. It may be called from another goroutine, when
// there will be no more Write.
func (l *Listener) Finish(ctx context.Context) (Transcript, error) {
	if !l.settled {
		l.settle()
	}
	return l.utterance.Finish(ctx)
}

// Close gives the engine back.
func (l *Listener) Close() { l.utterance.Close() }
