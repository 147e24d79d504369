package speech

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"vapd/protocol/wyoming"
)

// conn is a connection to an engine. One goroutine reads it, from the first onEvent on for as
// long as it lives: what an engine says at once, that it is not installed, is not missed.
type conn struct {
	stream io.ReadWriteCloser
	out    *wyoming.Writer
	born   time.Time
	used   bool // somebody had it; the engine's
	made   int  // which of the engine's ways to ready one it went through; the engine's
	start  sync.Once
	gone   chan struct{} // closed when it can't be read any more; err says why
	err    error

	mu     sync.Mutex
	handle func(wyoming.Event) // on the reading goroutine; must not block
}

func newConn(stream io.ReadWriteCloser) *conn {
	return &conn{stream: stream, out: wyoming.NewWriter(stream), born: time.Now(), gone: make(chan struct{})}
}

func (c *conn) read() {
	defer close(c.gone)
	in := wyoming.NewReader(c.stream)
	for {
		e, err := in.Read()
		if err != nil {
			c.err = ended(c.stream, err)
			return
		}
		c.mu.Lock()
		handle := c.handle
		c.mu.Unlock()
		if handle != nil {
			handle(e)
		}
	}
}

// ended is why stream ended: what a process says of its end, if it is one.
func ended(stream any, err error) error {
	if p, ok := stream.(interface{ Exit() error }); ok && errors.Is(err, io.EOF) {
		return p.Exit()
	}
	return err
}

// onEvent makes handle get what comes from now on; nil drops it.
func (c *conn) onEvent(handle func(wyoming.Event)) {
	c.mu.Lock()
	c.handle = handle
	c.mu.Unlock()
	c.start.Do(func() { go c.read() })
}

// close ends the connection, and waits for its goroutine.
func (c *conn) close() {
	c.stream.Close()
	c.start.Do(func() { go c.read() })
	<-c.gone
}

// Limits of an engine that hangs.
const (
	// patience is how long it may take to answer: on a small computer it loads a
	// model first, or comes to the end of a long sentence.
	patience = 20 * time.Second
	// stuck is how long it may leave what is written to it unread.
	stuck = 5 * time.Second
)

// write sends e. It fails when the engine does not read for too long.
func (c *conn) write(e wyoming.Event) error {
	if d, ok := c.stream.(interface{ SetWriteDeadline(time.Time) error }); ok {
		d.SetWriteDeadline(time.Now().Add(stuck))
	}
	return c.out.Write(e)
}

// settle waits until the engine has said all that it had to say.
func (c *conn) settle(ctx context.Context) bool {
	_, err := c.ask(ctx, patience, wyoming.New(wyoming.TypePing, nil, nil), wyoming.TypePong)
	return err == nil
}

// ask sends e and waits, up to limit, for an event of the type answer. An error that the engine
// reports is returned.
func (c *conn) ask(ctx context.Context, limit time.Duration, e wyoming.Event, answer string) (wyoming.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	got := make(chan wyoming.Event, 1)
	c.onEvent(func(e wyoming.Event) {
		if e.Type == answer || e.Type == wyoming.TypeError {
			select {
			case got <- e:
			default:
			}
		}
	})
	defer c.onEvent(nil)
	if err := c.write(e); err != nil {
		select {
		case <-c.gone: // which says more
		case <-ctx.Done():
			return wyoming.Event{}, err
		}
	}
	select {
	case e := <-got:
		return e, errorOf(e)
	case <-c.gone:
		select { // its last words
		case e := <-got:
			return e, errorOf(e)
		default:
			return wyoming.Event{}, c.err
		}
	case <-ctx.Done():
		return wyoming.Event{}, fmt.Errorf("no answer to %s: %w", e.Type, ctx.Err())
	}
}

// errorOf is the error that e reports, or nil.
func errorOf(e wyoming.Event) error {
	if e.Type != wyoming.TypeError {
		return nil
	}
	var data wyoming.Error
	if err := e.Decode(&data); err != nil {
		return err
	}
	return &engineError{data.Text, data.Code}
}

// engineError is an error that an engine reports.
type engineError struct{ text, code string }

func (e *engineError) Error() string { return e.text }
