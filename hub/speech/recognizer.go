package speech

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"vapd/protocol/wyoming"
)

// NewRecognizer makes a recognizer of an engine, which listens for the sentences of g.
// A remote engine knows no grammar: it transcribes whatever it hears, and only when
// all is said. Call it before the engine's Run, once.
func NewRecognizer(e *Engine, g Grammar) *EngineRecognizer {
	if !e.cfg.Remote {
		e.ready = listenFor(g)
	}
	return &EngineRecognizer{engine: e, changes: changes{grammar: g}}
}

// EngineRecognizer is a Recognizer with an Engine. It is safe for any number of
// goroutines.
type EngineRecognizer struct {
	engine *Engine
	changes
}

// Listen implements Recognizer.
func (r *EngineRecognizer) Listen() Utterance {
	u := &utterance{
		engine: r.engine, work: make(chan struct{}, 1),
		failed: make(chan struct{}), heard: make(chan struct{}),
	}
	cancel, ok := r.engine.use(u.run)
	if !ok {
		u.cancel = func() {}
		u.fail(fmt.Errorf("%w: the hub ends", ErrUnavailable))
		return u
	}
	u.cancel = cancel
	return u
}

// longestQueue is how many samples wait for an engine that starts, or is slow.
const longestQueue = 20 * 16000

// utterance is an Utterance. Its run is a goroutine of the engine's.
type utterance struct {
	engine *Engine
	cancel context.CancelFunc
	work   chan struct{} // one slot: there are samples, or no more will come
	failed chan struct{} // closed when err is set
	heard  chan struct{} // closed when transcript is set

	mu         sync.Mutex
	queue      []int16
	pausing    *pausingData // that the engine was not told yet
	finished   bool
	partial    Partial
	transcript Transcript
	err        error
}

// Write implements Utterance.
func (u *utterance) Write(samples []int16) {
	u.mu.Lock()
	if u.err == nil && !u.finished {
		u.queue = append(u.queue, samples...)
	}
	full := len(u.queue) > longestQueue
	u.mu.Unlock()
	if full {
		u.fail(fmt.Errorf("%w: it is too slow", ErrBusy))
	}
	u.ring()
}

func (u *utterance) ring() {
	select {
	case u.work <- struct{}{}:
	default:
	}
}

// Pausing implements Utterance.
func (u *utterance) Pausing(yes bool) {
	if u.engine.cfg.Remote {
		return
	}
	u.mu.Lock()
	u.pausing = &pausingData{yes}
	u.mu.Unlock()
	u.ring()
}

// Partial implements Utterance.
func (u *utterance) Partial() Partial {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.partial
}

// Failed implements Utterance.
func (u *utterance) Failed() <-chan struct{} { return u.failed }

// Finish implements Utterance.
func (u *utterance) Finish(ctx context.Context) (Transcript, error) {
	u.mu.Lock()
	u.finished = true
	u.mu.Unlock()
	u.ring()
	select {
	case <-u.heard:
		return u.transcript, nil
	case <-u.failed:
		return Transcript{}, u.err
	case <-ctx.Done():
		return Transcript{}, fmt.Errorf("speech: wait for a transcript: %w", ctx.Err())
	}
}

// Close implements Utterance.
func (u *utterance) Close() {
	u.cancel()
	u.fail(errors.New("speech: the utterance was closed"))
}

// fail ends the utterance with err, unless it ended before.
func (u *utterance) fail(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	select {
	case <-u.heard:
	case <-u.failed:
	default:
		u.err, u.queue = err, nil
		close(u.failed)
	}
}

// run carries the utterance to an engine, and gives that back.
func (u *utterance) run(ctx context.Context) {
	c, err := u.engine.acquire(ctx)
	if err != nil {
		u.fail(err)
		return
	}
	c.onEvent(u.event)
	if err := u.carry(ctx, c); err != nil {
		u.fail(err)
	}
	u.engine.release(c)
}

// carry sends the samples as they come, until there is a result.
func (u *utterance) carry(ctx context.Context, c *conn) error {
	err := c.write(wyoming.New(wyoming.TypeTranscribe, wyoming.Transcribe{Language: u.engine.cfg.Language}, nil))
	if err == nil {
		err = c.write(wyoming.New(wyoming.TypeAudioStart, wyoming.AudioOf(format), nil))
	}
	for stopped := false; err == nil; {
		select {
		case <-u.heard:
			return nil
		case <-u.failed:
			return nil
		case <-c.gone:
			return fmt.Errorf("%w: %s: %w", ErrCrashed, u.engine.cfg.Name, c.err)
		case <-ctx.Done():
			return fmt.Errorf("%w: the utterance was closed", ErrUnavailable)
		case <-u.work:
		}
		samples, pausing, last := u.take()
		for len(samples) > 0 && err == nil {
			n := min(len(samples), longestChunk)
			err = c.write(wyoming.Chunk(format, samples[:n]))
			samples = samples[n:]
		}
		if pausing != nil && err == nil {
			err = c.write(wyoming.New(typePausing, pausing, nil))
		}
		if last && !stopped && err == nil {
			stopped = true
			err = c.write(wyoming.New(wyoming.TypeAudioStop, nil, nil))
		}
	}
	return fmt.Errorf("%w: %s: %w", ErrCrashed, u.engine.cfg.Name, err)
}

const (
	// longestChunk is the most samples of one event: a quarter second.
	longestChunk = 4000
	// remoteChunk is the fewest for a server, which says nothing before the end: a tenth
	// of a second. An event for each fragment would cost more than all the rest of it.
	remoteChunk = 1600
)

// take empties the queue, if there is enough for an event. pausing is what is to be said
// behind the samples, if anything; last says that no more will come.
func (u *utterance) take() (samples []int16, pausing *pausingData, last bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.engine.cfg.Remote && len(u.queue) < remoteChunk && !u.finished {
		return nil, nil, false
	}
	samples, u.queue = u.queue, nil
	pausing, u.pausing = u.pausing, nil
	return samples, pausing, u.finished
}

// event takes what the engine says, on the connection's goroutine.
func (u *utterance) event(e wyoming.Event) {
	switch e.Type {
	case typePartial:
		var data partialData
		if err := e.Decode(&data); err != nil {
			u.fail(err)
			return
		}
		u.mu.Lock()
		u.partial = Partial(data)
		u.mu.Unlock()
	case wyoming.TypeTranscript:
		var data transcriptData
		if err := e.Decode(&data); err != nil {
			u.fail(err)
			return
		}
		accepted := data.Text != ""
		if data.Accepted != nil {
			accepted = *data.Accepted
		}
		u.succeed(Transcript{Text: strings.TrimSpace(data.Text), Score: data.Score, Accepted: accepted})
	case wyoming.TypeError:
		u.fail(fmt.Errorf("speech: engine %s: %w", u.engine.cfg.Name, errorOf(e)))
	}
}

func (u *utterance) succeed(t Transcript) {
	u.mu.Lock()
	defer u.mu.Unlock()
	select {
	case <-u.heard:
	case <-u.failed:
	default:
		u.transcript = t
		close(u.heard)
	}
}
