package speech

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"vapd/protocol/wyoming"
)

// longestText is the most that is said at a time, in bytes: some two minutes.
const longestText = 2000

// NewSynthesizer makes a Synthesizer of an engine.
func NewSynthesizer(e *Engine) Synthesizer { return &synthesizer{e} }

type synthesizer struct{ engine *Engine }

// Speak implements Synthesizer.
func (s *synthesizer) Speak(ctx context.Context, text, voice string, emit func(Piece) error) error {
	if len(text) > longestText {
		return fmt.Errorf("speech: say %d bytes of text: at most %d at a time", len(text), longestText)
	}
	sentence := &sentence{engine: s.engine, arrived: make(chan struct{}, 1)}
	data := wyoming.Synthesize{Text: text}
	if voice != "" {
		data.Voice = &wyoming.Voice{Name: voice}
	}
	cancel, ok := s.engine.use(func(ctx context.Context) { sentence.run(ctx, data) })
	if !ok {
		return fmt.Errorf("%w: the hub ends", ErrUnavailable)
	}
	defer cancel()
	for {
		select {
		case <-sentence.arrived:
		case <-ctx.Done():
			return fmt.Errorf("speech: say a sentence: %w", ctx.Err())
		}
		pieces, done, err := sentence.take()
		for _, p := range pieces {
			if err := emit(p); err != nil {
				return err
			}
		}
		if done {
			return err
		}
	}
}

// sentence is one sentence that an engine says. Its run is a goroutine of the
// engine's, so that the engine is given back in good order when the listener leaves.
type sentence struct {
	engine  *Engine
	arrived chan struct{} // one slot: take has something

	mu     sync.Mutex
	pieces []Piece
	done   bool
	err    error
}

func (s *sentence) run(ctx context.Context, data wyoming.Synthesize) {
	c, err := s.engine.acquire(ctx)
	if err != nil {
		s.end(err)
		return
	}
	ended := make(chan struct{})
	c.onEvent(func(e wyoming.Event) {
		if s.event(e) {
			select {
			case <-ended:
			default:
				close(ended)
			}
		}
	})
	err = c.write(wyoming.New(wyoming.TypeSynthesize, data, nil))
	if err == nil {
		select {
		case <-ended:
		case <-ctx.Done():
			err = ctx.Err()
		case <-c.gone:
			err = c.err
		}
	}
	if err != nil {
		s.end(fmt.Errorf("%w: %s: %w", ErrCrashed, s.engine.cfg.Name, err))
	}
	s.engine.release(c)
}

// event takes what the engine says, on the connection's goroutine. It returns true at
// the end of the sentence.
func (s *sentence) event(e wyoming.Event) bool {
	switch e.Type {
	case wyoming.TypeAudioChunk:
		f, samples, err := e.Samples()
		if err != nil {
			s.end(err)
			return true
		}
		return s.add(Piece{f, samples})
	case wyoming.TypeAudioStop:
		s.end(nil)
		return true
	case wyoming.TypeError:
		s.end(fmt.Errorf("speech: engine %s: %w", s.engine.cfg.Name, errorOf(e)))
		return true
	}
	return false
}

// longestSound is how many pieces of a sentence wait to be taken: far more than a
// sentence has.
const longestSound = 20_000

func (s *sentence) add(p Piece) (tooLong bool) {
	s.mu.Lock()
	s.pieces = append(s.pieces, p)
	tooLong = len(s.pieces) > longestSound
	s.mu.Unlock()
	s.ring()
	if tooLong {
		s.end(errors.New("speech: the engine does not come to an end"))
	}
	return tooLong
}

// end ends the sentence with err, unless it has ended before.
func (s *sentence) end(err error) {
	s.mu.Lock()
	if !s.done {
		s.done, s.err = true, err
	}
	s.mu.Unlock()
	s.ring()
}

func (s *sentence) ring() {
	select {
	case s.arrived <- struct{}{}:
	default:
	}
}

func (s *sentence) take() (pieces []Piece, done bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	pieces, s.pieces = s.pieces, nil
	return pieces, s.done, s.err
}
