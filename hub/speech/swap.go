package speech

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"vapd/protocol/wyoming"
)

// changes of a grammar, of which the last counts.
type changes struct {
	mu      sync.Mutex
	grammar Grammar // the last that the engine did not refuse
	next    *change // that is not worked on yet
	busy    bool
}

// change is one change of the grammar, for all who wait for it.
type change struct {
	grammar Grammar
	done    chan struct{} // closed when err is set
	err     error
}

// SetGrammar makes the recognizer listen for the sentences of g, which must not be
// changed any more, from the next utterance on. It returns when it does. The grammar is
// loaded into a process of the engine's of its own; until that is ready, and when it
// never is, the engine listens for what it listened for, and utterances that go on are
// not disturbed. Of calls that come while one is being worked on the last counts for
// all; one to the grammar that the engine has, or is started with, does nothing. The error
// says why the engine does not take g; it wraps ErrUnavailable when there
// is no engine that could: then g is what it is started with.
func (r *EngineRecognizer) SetGrammar(ctx context.Context, g Grammar) error {
	if r.engine.cfg.Remote {
		return nil
	}
	c, ok := r.want(g)
	if !ok {
		return fmt.Errorf("%w: the hub ends", ErrUnavailable)
	}
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
		return fmt.Errorf("speech: wait for a grammar: %w", ctx.Err())
	}
}

// want notes what to listen for, and sees to it that somebody works on that. It returns
// false when the engine has ended.
func (r *EngineRecognizer) want(g Grammar) (c *change, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next == nil {
		r.next = &change{done: make(chan struct{})}
	}
	r.next.grammar = g
	if !r.busy {
		r.busy = r.engine.start(r.work)
	}
	return r.next, r.busy
}

// work makes the changes, until there are no more.
func (r *EngineRecognizer) work() {
	for {
		r.mu.Lock()
		c := r.next
		r.next = nil
		r.busy = c != nil
		same := c != nil && maps.EqualFunc(c.grammar, r.grammar, slices.Equal)
		r.mu.Unlock()
		if c == nil {
			return
		}
		if !same {
			c.err = r.engine.replace(listenFor(c.grammar))
		}
		if c.err == nil || errors.Is(c.err, ErrUnavailable) {
			r.mu.Lock()
			r.grammar = c.grammar
			r.mu.Unlock()
		}
		close(c.done)
	}
}

// replace makes ready the way in which connections are readied, and the idle one be
// such a connection. Those in use are closed when their users give them back.
func (e *Engine) replace(ready readying) error {
	began := time.Now()
	c, lacks, err := e.dialFor(e.life, ready)
	e.mu.Lock()
	if err == nil && e.closed {
		err = ErrUnavailable
	}
	var refused *engineError
	switch isRefused := errors.As(err, &refused) && refused.code != codeMissing; {
	case err != nil && (e.all > 0 || isRefused):
		e.mu.Unlock()
		if c != nil {
			c.close()
		}
		return fmt.Errorf("speech: %s listens for what it did before: %w", e.cfg.Name, err)
	case err != nil:
		e.ready = ready
		e.made++
		e.mu.Unlock()
		return fmt.Errorf("%w: %s: %w", ErrUnavailable, e.cfg.Name, err)
	}
	e.ready = ready
	e.made++
	c.made = e.made
	old := e.idle
	e.idle = []*conn{c}
	e.all += 1 - len(old)
	e.setHealth(Ready, lacks)
	e.mu.Unlock()
	for _, c := range old {
		c.close()
	}
	e.ring()
	e.cfg.Logger.Info("speech engine listens for other sentences", "engine", e.cfg.Name, "after", time.Since(began))
	return nil
}

// grammarPatience is how long an engine may take to load a grammar: a thousand templates
// take a second here, and several on a small computer that does other things.
const grammarPatience = time.Minute

// listenFor readies a connection for the sentences of g.
func listenFor(g Grammar) readying {
	return func(ctx context.Context, c *conn) (lacks string, err error) {
		// A grammar is more than a pipe holds: the engine has to read before it is sent.
		if _, err := describe(ctx, c); err != nil {
			return "", err
		}
		loaded, err := c.ask(ctx, grammarPatience, wyoming.New(typeGrammar, grammarData{g}, nil), typeGrammarLoaded)
		if err != nil {
			return "", err
		}
		var data grammarLoaded
		if err := loaded.Decode(&data); err != nil || len(data.LeftOut) == 0 {
			return "", err
		}
		return "can't hear the words: " + strings.Join(data.LeftOut, ", "), nil
	}
}
