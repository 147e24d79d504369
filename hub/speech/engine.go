package speech

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"vapd/protocol/wyoming"
)

// EngineConfig says which engine to run, and how.
type EngineConfig struct {
	Name string // for people, such as "pocketsphinx"
	Dial Dial
	// Most is how many connections there are at most, and so how many utterances at
	// a time; one of them is always kept. The default is 4.
	Most int
	// Language is what is spoken, as engines name it: the first part of a tag of BCP 47.
	// The default is "en".
	Language string
	// Remote says that the engine is a server on the network: that it closes a
	// connection, after an utterance for instance, is no crash.
	Remote bool
	Logger *slog.Logger
}

// Engine keeps an engine running: it starts it, watches it, starts it again with
// growing pauses when it crashes, and gives its connections to those who use it. Make
// it with NewEngine, then call Run.
type Engine struct {
	cfg EngineConfig

	life    context.Context // of the users: ends when Run does
	end     context.CancelFunc
	users   sync.WaitGroup
	changed chan struct{} // one slot: health or connections changed

	mu     sync.Mutex
	ready  readying
	made   int // counts the changes of ready: connections of an older one are not kept
	health Health
	idle   []*conn
	all    int           // connections, in use or not
	making int           // that are being made besides
	again  chan struct{} // closed, and made anew, at each change that users wait for
	cause  error         // why no connection is left; nil when a server closed it
	closed bool
}

// readying readies a new connection; it is what makes an engine a recognizer. It
// returns what the engine can't do.
type readying func(context.Context, *conn) (lacks string, err error)

// NewEngine makes an Engine.
func NewEngine(cfg EngineConfig) *Engine {
	if cfg.Most == 0 {
		cfg.Most = 4
	}
	cfg.Language = cmp.Or(cfg.Language, "en")
	e := &Engine{cfg: cfg, changed: make(chan struct{}, 1), again: make(chan struct{})}
	e.life, e.end = context.WithCancel(context.Background())
	e.health = Health{Engine: cfg.Name, State: Starting}
	e.ready = describe
	return e
}

// describe asks for what every Wyoming service answers.
func describe(ctx context.Context, c *conn) (string, error) {
	_, err := c.ask(ctx, patience, wyoming.New(wyoming.TypeDescribe, nil, nil), wyoming.TypeInfo)
	return "", err
}

// Health is the engine's state.
func (e *Engine) Health() Health {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.health
}

// Pauses before an engine is started again. After the first crash there is none.
const (
	firstPause   = 500 * time.Millisecond
	longestPause = 30 * time.Second
	missingPause = 15 * time.Second // until somebody has installed it
	lived        = time.Minute      // an engine that lived so long is sound
)

// Run keeps the engine running until ctx ends. It returns when all its connections
// are closed.
func (e *Engine) Run(ctx context.Context) {
	defer e.shut()
	pause := time.Duration(0)
	for ctx.Err() == nil {
		began := time.Now()
		err := e.run1(ctx)
		if ctx.Err() != nil {
			return
		}
		switch {
		case err == nil:
			pause = 0
			continue
		case time.Since(began) >= lived:
			pause = 0
		case isMissing(err):
			pause = missingPause
		}
		e.fail(err, pause)
		sleep(ctx, pause)
		pause = min(max(2*pause, firstPause), longestPause)
	}
}

// run1 starts the engine and watches it until there is no connection left. The error
// is nil when a remote engine closed the last one, as it may.
func (e *Engine) run1(ctx context.Context) error {
	c, err := e.dial(ctx)
	if err != nil {
		return err
	}
	e.put(c)
	for {
		if c := e.dead(); c != nil {
			e.drop(c)
			continue
		}
		if none, cause := e.none(); none {
			return cause
		}
		e.watch(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// watch waits until something changes: the idle connection that will be used next is
// gone, or a user gave one back or lost one.
func (e *Engine) watch(ctx context.Context) {
	var gone chan struct{}
	e.mu.Lock()
	if n := len(e.idle); n > 0 {
		gone = e.idle[n-1].gone
	}
	e.mu.Unlock()
	select {
	case <-gone:
	case <-e.changed:
	case <-ctx.Done():
	}
}

// dead takes out an idle connection that is gone, and returns it.
func (e *Engine) dead() *conn {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, c := range e.idle {
		select {
		case <-c.gone:
			e.idle = slices.Delete(e.idle, i, i+1)
			return c
		default:
		}
	}
	return nil
}

// none reports whether there is no connection left, and why.
func (e *Engine) none() (none bool, cause error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.all == 0, e.cause
}

// dial makes a connection and readies it.
func (e *Engine) dial(ctx context.Context) (*conn, error) {
	e.mu.Lock()
	ready, made := e.ready, e.made
	e.mu.Unlock()
	c, lacks, err := e.dialFor(ctx, ready)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	c.made = made
	e.all++
	if made == e.made {
		e.setHealth(Ready, lacks)
	}
	return c, nil
}

// dialFor makes a connection that is ready in the way of ready.
func (e *Engine) dialFor(ctx context.Context, ready readying) (c *conn, lacks string, err error) {
	stream, err := e.cfg.Dial(ctx)
	if err != nil {
		return nil, "", err
	}
	c = newConn(stream)
	if lacks, err = ready(ctx, c); err != nil {
		c.close()
		return nil, "", err
	}
	return c, lacks, nil
}

// acquire gives a connection to a user, who gives it back by release. While the
// engine starts, or all connections are in use, it waits for a while.
func (e *Engine) acquire(ctx context.Context) (*conn, error) {
	waited := time.NewTimer(busyPatience)
	defer waited.Stop()
	for {
		c, again, err := e.take()
		if c != nil || err != nil {
			return c, err
		}
		if again == nil {
			return e.more(ctx)
		}
		select {
		case <-again:
		case <-waited.C:
			if e.Health().State == Starting {
				return nil, fmt.Errorf("%w: %s is starting", ErrUnavailable, e.cfg.Name)
			}
			return nil, fmt.Errorf("%w: %s: %d at a time", ErrBusy, e.cfg.Name, e.cfg.Most)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// busyPatience is how long a user waits for a connection: longer than an engine takes
// to start again, or to end a sentence that nobody listens to any more.
const busyPatience = 3 * time.Second

// take takes an idle connection. Without one it returns what to wait for, nil when a
// connection more may be made.
func (e *Engine) take() (c *conn, again <-chan struct{}, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if n := len(e.idle); n > 0 {
		c = e.idle[n-1]
		e.idle = e.idle[:n-1]
		c.used = true
		return c, nil, nil
	}
	switch e.health.State {
	case Missing, Failed:
		return nil, nil, fmt.Errorf("%w: %s: %s", ErrUnavailable, e.cfg.Name, e.health.Detail)
	case Ready:
		if e.all+e.making < e.cfg.Most {
			e.making++
			return nil, nil, nil
		}
	}
	return nil, e.again, nil
}

// more makes a connection more, while others are in use.
func (e *Engine) more(ctx context.Context) (*conn, error) {
	c, err := e.dial(ctx)
	if c != nil {
		c.used = true
	}
	e.mu.Lock()
	e.making--
	e.mu.Unlock()
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: %s: %w", ErrUnavailable, e.cfg.Name, err)
	}
	return c, err
}

// release takes c back from its user.
func (e *Engine) release(c *conn) {
	if e.cfg.Remote || !c.settle(e.life) {
		e.drop(c)
		return
	}
	e.put(c)
}

// put keeps c for the next user, unless there is another one already, or c is of
// yesterday.
func (e *Engine) put(c *conn) {
	e.mu.Lock()
	keep := len(e.idle) == 0 && !e.closed && c.made == e.made
	if keep {
		e.idle = append(e.idle, c)
	} else {
		e.all--
	}
	e.wake()
	e.mu.Unlock()
	if !keep {
		c.close()
	}
	e.ring()
}

// drop gives up c: it is gone, or does not answer, or is not to be used again.
func (e *Engine) drop(c *conn) {
	c.close()
	crashed := !e.cfg.Remote && e.life.Err() == nil
	if crashed {
		e.cfg.Logger.Warn("speech engine crashed", "engine", e.cfg.Name, "error", c.err, "lived", time.Since(c.born))
	}
	var cause error
	if crashed || !c.used {
		cause = fmt.Errorf("it closed the connection: %w", c.err)
	}
	e.mu.Lock()
	e.all--
	if crashed {
		e.health.Crashes++
	}
	if e.all == 0 && !e.closed {
		e.cause = cause
		e.health.State, e.health.Detail = Starting, ""
	}
	e.wake()
	e.mu.Unlock()
	e.ring()
}

func (e *Engine) ring() {
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

// fail notes why the engine does not run. Without a pause it is being started.
func (e *Engine) fail(err error, pause time.Duration) {
	state, detail := Failed, err.Error()
	switch {
	case isMissing(err):
		state = Missing
	case pause == 0:
		state, detail = Starting, ""
	}
	e.mu.Lock()
	news := e.health.State != state || e.health.Detail != detail
	e.setHealth(state, detail)
	e.mu.Unlock()
	if news {
		e.cfg.Logger.Warn("speech engine does not run", "engine", e.cfg.Name, "error", err, "again in", pause)
	}
}

// setHealth is called with the mutex held.
func (e *Engine) setHealth(state State, detail string) {
	e.health.State, e.health.Detail = state, detail
	e.wake()
}

// wake wakes the users that wait; called with the mutex held.
func (e *Engine) wake() {
	close(e.again)
	e.again = make(chan struct{})
}

// shut closes what is idle and waits for the users, whose utterances end with ctx.
func (e *Engine) shut() {
	e.mu.Lock()
	e.closed = true
	idle := e.idle
	e.idle = nil
	e.all -= len(idle)
	e.setHealth(Failed, "the hub ends")
	e.mu.Unlock()
	e.end()
	for _, c := range idle {
		c.close()
	}
	e.users.Wait()
}

// use runs work, which uses connections until its ctx ends, in a goroutine that Run
// waits for. It returns false when Run has ended.
func (e *Engine) use(work func(ctx context.Context)) (cancel context.CancelFunc, ok bool) {
	ctx, cancel := context.WithCancel(e.life)
	return cancel, e.start(func() { work(ctx) })
}

// start runs work in a goroutine that Run waits for. It returns false when Run has
// ended.
func (e *Engine) start(work func()) (ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		e.users.Go(work)
	}
	return !e.closed
}

func isMissing(err error) bool {
	var e *engineError
	return errors.As(err, &e) && e.code == codeMissing
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
