package speech

import "context"

// Listener hears one utterance: it gives an engine what the person says, nothing of
// the wake word and the chime, and finds the end. It is for one goroutine.
type Listener struct {
	utterance Utterance
	endpoint  *Endpointer
	at        int64  // of the next sample
	skip      []Span // is not for the engine
}

// NewListener begins an utterance, which stands behind the wake word; the zero Span
// where there was none. Sample 0 is the first that Write will get.
func NewListener(r Recognizer, cfg EndpointConfig, word Span) *Listener {
	l := &Listener{utterance: r.Listen(), endpoint: NewEndpointer(cfg, word)}
	l.skip = append(l.skip, Span{0, word.To})
	return l
}

// Ignore says that s is not the person: a chime, say. What of it was written before
// can't be taken back from the engine.
func (l *Listener) Ignore(s Span) {
	l.endpoint.Ignore(s)
	l.skip = append(l.skip, s)
}

// Write takes the next samples (16 kHz, one channel) and returns what they settle.
func (l *Listener) Write(samples []int16) []Endpoint {
	for _, part := range l.parts(int64(len(samples))) {
		l.utterance.Write(samples[part.From-l.at : part.To-l.at])
	}
	l.at += int64(len(samples))
	l.endpoint.Complete(l.utterance.Partial().Complete)
	return l.endpoint.Write(samples)
}

// parts is what of the next n samples is for the engine.
func (l *Listener) parts(n int64) []Span {
	left := []Span{{l.at, l.at + n}}
	for _, s := range l.skip {
		var next []Span
		for _, p := range left {
			if before := (Span{p.From, min(p.To, s.From)}); before.From < before.To {
				next = append(next, before)
			}
			if after := (Span{max(p.From, s.To), p.To}); after.From < after.To {
				next = append(next, after)
			}
		}
		left = next
	}
	return left
}

// Partial is what was understood so far.
func (l *Listener) Partial() Partial { return l.utterance.Partial() }

// Failed is closed when the utterance can't be recognized any more.
func (l *Listener) Failed() <-chan struct{} { return l.utterance.Failed() }

// Finish waits for the transcript. It may be called from another goroutine, when
// there will be no more Write.
func (l *Listener) Finish(ctx context.Context) (Transcript, error) { return l.utterance.Finish(ctx) }

// Close gives the engine back.
func (l *Listener) Close() { l.utterance.Close() }
