package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"sync"
	"syscall"
)

// ErrNotRunning says that no daemon listens on the socket.
var ErrNotRunning = errors.New("control: no daemon is running")

// ErrClosed says that the connection to the daemon ended.
var ErrClosed = errors.New("control: the daemon is gone")

// clientQueue is how many events a Subscription may be behind.
const clientQueue = 256

// Client is a connection to a daemon. Its methods, Call and Subscribe may be used
// from any goroutine.
type Client struct {
	conn net.Conn
	wg   sync.WaitGroup

	writing sync.Mutex

	mu     sync.Mutex
	last   uint64
	open   map[uint64]*queue[response] // calls and subscriptions by id
	closed bool
}

// Dial connects to the daemon that listens at path. The error wraps ErrNotRunning
// when there is none.
func Dial(ctx context.Context, path string) (*Client, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, fmt.Errorf("%w: nothing listens on %s", ErrNotRunning, path)
	}
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("control: %s is another user's daemon: use sudo, or be that user: %w", path, fs.ErrPermission)
	}
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	return newClient(conn), nil
}

func newClient(conn net.Conn) *Client {
	c := &Client{conn: conn, open: make(map[uint64]*queue[response])}
	c.wg.Go(c.read)
	return c
}

// Close ends every call and subscription with ErrClosed.
func (c *Client) Close() error {
	err := c.conn.Close()
	c.wg.Wait()
	return err
}

// read hands the responses out until the connection ends.
func (c *Client) read() {
	lines := newScanner(c.conn, maxLine)
	for {
		line, err := readLine(lines)
		var r response
		if err == nil {
			err = json.Unmarshal(line, &r)
		}
		if err != nil {
			break
		}
		c.mu.Lock()
		q := c.open[r.ID]
		if r.Event == nil {
			delete(c.open, r.ID) // whatever it is, it is the last one
		}
		c.mu.Unlock()
		if q != nil {
			q.push(r)
		}
	}
	_ = c.conn.Close() // what came was no response; or the peer closed it
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, q := range c.open {
		q.close(ErrClosed)
	}
}

// start sends a request and returns the queue of its responses.
func (c *Client) start(method string, params any, size int) (id uint64, q *queue[response], err error) {
	raw, err := json.Marshal(params)
	if err != nil {
		return 0, nil, fmt.Errorf("control: params of %s: %w", method, err)
	}
	if params == nil {
		raw = nil
	}
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return 0, nil, ErrClosed
	}
	c.last++
	id, q = c.last, newQueue(size, eventsIn)
	c.open[id] = q
	c.mu.Unlock()
	if err := c.write(&request{ID: id, Method: method, Params: raw}); err != nil {
		c.forget(id)
		return 0, nil, err
	}
	return id, q, nil
}

// eventsIn is how many events are lost with r.
func eventsIn(r response) uint64 { return 1 + r.Gap }

func (c *Client) forget(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, id)
}

func (c *Client) write(r *request) error {
	line, err := encode(r, maxRequest)
	if err != nil {
		return err
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	if _, err := c.conn.Write(line); err != nil {
		return fmt.Errorf("%w: %w", ErrClosed, err)
	}
	return nil
}

// cancel tells the daemon that nobody waits for id any more.
func (c *Client) cancel(id uint64) {
	c.forget(id)
	_ = c.write(&request{ID: id, Cancel: true}) // a daemon that is gone has ended it
}

// Call asks the daemon and waits for its answer. The error is an *Error when the
// daemon refused, wraps ErrClosed when it is gone, or is ctx's.
func Call[R any](ctx context.Context, c *Client, method string, params any) (R, error) {
	var result R
	id, q, err := c.start(method, params, 1)
	if err != nil {
		return result, err
	}
	r, _, err := q.pop(ctx)
	if err != nil {
		if ctx.Err() != nil {
			c.cancel(id)
		}
		return result, err
	}
	if r.Error != nil {
		return result, r.Error
	}
	if r.Result == nil {
		c.cancel(id)
		return result, fmt.Errorf("control: %s is a subscription, not a call", method)
	}
	if err := json.Unmarshal(r.Result, &result); err != nil {
		return result, fmt.Errorf("control: result of %s: %w", method, err)
	}
	return result, nil
}

// Subscription is a stream of events.
type Subscription[E any] struct {
	c      *Client
	id     uint64
	method string
	q      *queue[response]
}

// Subscribe asks the daemon for a stream of events.
func Subscribe[E any](c *Client, method string, params any) (*Subscription[E], error) {
	id, q, err := c.start(method, params, clientQueue)
	if err != nil {
		return nil, err
	}
	return &Subscription[E]{c, id, method, q}, nil
}

// Next waits for the next event; gap says how many were lost before it, since
// somebody was too slow. The error is io.EOF at the end of the stream, an *Error
// when the daemon refused it, wraps ErrClosed when the daemon is gone, or is ctx's:
// after that one, Next may be called again. One goroutine at a time may call it.
func (s *Subscription[E]) Next(ctx context.Context) (event E, gap uint64, err error) {
	r, lost, err := s.q.pop(ctx)
	switch {
	case err != nil:
		return event, 0, err
	case r.Error != nil:
		s.q.close(r.Error)
		return event, 0, r.Error
	case r.Event == nil:
		s.q.close(io.EOF)
		return event, 0, io.EOF
	}
	if err := json.Unmarshal(r.Event, &event); err != nil {
		return event, 0, fmt.Errorf("control: event of %s: %w", s.method, err)
	}
	return event, r.Gap + lost, nil
}

// Close ends the stream. Next then returns io.EOF after what came before.
func (s *Subscription[E]) Close() {
	s.c.cancel(s.id)
	s.q.close(io.EOF)
}
