package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/coder/websocket"
)

const (
	// maxFrame bounds what is received at once, in bytes: the states of a house with ten
	// thousand entities are about 8 MB.
	maxFrame = 16 << 20
	// maxWaiting bounds the commands whose result is waited for.
	maxWaiting = 256
	// writeWait is how long a command may take to be sent, and pongWait how long a ping
	// waits for its answer.
	writeWait = 10 * time.Second
	pongWait  = 10 * time.Second
	pingEvery = 30 * time.Second
	authWait  = 10 * time.Second
)

// ErrDown is that there is no connection.
var ErrDown = errors.New("api: home assistant is not connected")

// ErrToken is that Home Assistant does not take the token.
var ErrToken = errors.New("api: home assistant refuses the token: make a new long-lived access token in your profile there, and write it into the token file")

// Conn is one connection. Its methods may be called from any goroutine.
type Conn struct {
	ws   *websocket.Conn
	send chan int64 // holds the last id while nobody sends: ids have to grow on the wire

	mu      sync.Mutex
	waiting map[int64]chan message
	events  map[int64]func(Event)
	closed  bool
}

func newConn(ws *websocket.Conn) *Conn {
	ws.SetReadLimit(maxFrame)
	c := newWaiting()
	c.ws = ws
	c.send <- 0
	return c
}

// newWaiting is a Conn without a connection.
func newWaiting() *Conn {
	return &Conn{send: make(chan int64, 1), waiting: make(map[int64]chan message), events: make(map[int64]func(Event))}
}

// auth is the first phase.
func (c *Conn) auth(ctx context.Context, token string) error {
	ctx, cancel := context.WithTimeout(ctx, authWait)
	defer cancel()
	if _, err := c.expect(ctx, typeAuthRequired); err != nil {
		return err
	}
	data, err := json.Marshal(map[string]string{"type": typeAuth, "access_token": token})
	if err != nil {
		return fmt.Errorf("api: %w", err)
	}
	if err := c.ws.Write(ctx, websocket.MessageText, data); err != nil {
		return fmt.Errorf("api: the token can't be sent: %w", err)
	}
	m, err := c.expect(ctx, typeAuthOK, typeAuthInvalid)
	if err == nil && m.Type == typeAuthInvalid {
		err = fmt.Errorf("%w: it says %q", ErrToken, m.Message)
	}
	return err
}

// expect reads a message of one of several types.
func (c *Conn) expect(ctx context.Context, types ...string) (message, error) {
	_, data, err := c.ws.Read(ctx)
	if err != nil {
		return message{}, fmt.Errorf("api: no %s: %w", types[0], err)
	}
	all, err := decode(data)
	if err != nil {
		return message{}, err
	}
	for _, t := range types {
		if len(all) == 1 && all[0].Type == t {
			return all[0], nil
		}
	}
	return message{}, fmt.Errorf("api: want %s: is home assistant at this url?", types[0])
}

// Command is what is asked of Home Assistant. It must not have the key "id".
type Command map[string]any

// Do sends a command, waits for its result and reads it into out, unless that is nil. The
// error is ErrDown, an *Error, or that of ctx.
func (c *Conn) Do(ctx context.Context, command Command, out any) error {
	id, answer, err := c.begin(ctx, command, nil)
	if err != nil {
		return err
	}
	defer c.forget(id)
	select {
	case <-ctx.Done():
		return fmt.Errorf("api: no answer to %v: %w", command["type"], ctx.Err())
	case m, ok := <-answer:
		if !ok {
			return ErrDown
		}
		if err := m.read(out); err != nil {
			return fmt.Errorf("api: %v: %w", command["type"], err)
		}
		return nil
	}
}

// Subscribe has f called with each event of a type, in their order, until the connection
// ends. f must not block: nothing is read meanwhile.
func (c *Conn) Subscribe(ctx context.Context, event string, f func(Event)) error {
	id, answer, err := c.begin(ctx, Command{"type": "subscribe_events", "event_type": event}, f)
	if err != nil {
		return err
	}
	defer c.forget(id)
	select {
	case <-ctx.Done():
		return fmt.Errorf("api: no answer to the subscription of %s: %w", event, ctx.Err())
	case m, ok := <-answer:
		if !ok {
			return ErrDown
		}
		if err := m.read(nil); err != nil {
			return fmt.Errorf("api: events %s: %w", event, err)
		}
		return nil
	}
}

// begin sends a command. Its answer comes through the channel, which is closed when the
// connection ends.
func (c *Conn) begin(ctx context.Context, command Command, f func(Event)) (id int64, answer chan message, err error) {
	select {
	case <-ctx.Done():
		return 0, nil, fmt.Errorf("api: %v is not sent: %w", command["type"], ctx.Err())
	case id = <-c.send:
	}
	id++
	defer func() { c.send <- id }()
	full := maps.Clone(command)
	full["id"] = id
	data, err := json.Marshal(full)
	if err != nil {
		return id, nil, fmt.Errorf("api: %v can't be written as JSON: %w", command["type"], err)
	}
	if answer, err = c.await(id, f); err != nil {
		return id, nil, err
	}
	// A context that ends while something is written would close the connection: ctx
	// must not.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeWait)
	defer cancel()
	if err = c.ws.Write(ctx, websocket.MessageText, data); err != nil {
		c.forget(id)
		return id, nil, errors.Join(ErrDown, err)
	}
	return id, answer, nil
}

func (c *Conn) await(id int64, f func(Event)) (chan message, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return nil, ErrDown
	case len(c.waiting) >= maxWaiting:
		return nil, fmt.Errorf("api: %d commands wait for home assistant already", maxWaiting)
	}
	answer := make(chan message, 1)
	c.waiting[id] = answer
	if f != nil {
		c.events[id] = f
	}
	return answer, nil
}

func (c *Conn) forget(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, id)
}

// read hands out what comes until the connection ends.
func (c *Conn) read(ctx context.Context) error {
	defer c.end()
	for {
		_, data, err := c.ws.Read(ctx)
		if err != nil {
			return fmt.Errorf("api: the connection ended: %w", err)
		}
		all, err := decode(data)
		if err != nil {
			return err
		}
		for _, m := range all {
			c.handle(m)
		}
	}
}

func (c *Conn) handle(m message) {
	c.mu.Lock()
	answer, f := c.waiting[m.ID], c.events[m.ID]
	if m.Type == typeResult || m.Type == typePong {
		delete(c.waiting, m.ID) // a second answer to it is none
	}
	c.mu.Unlock()
	switch {
	case (m.Type == typeResult || m.Type == typePong) && answer != nil:
		answer <- m
	case m.Type == typeEvent && f != nil && m.Event != nil:
		f(*m.Event)
	}
}

// end tells all who wait.
func (c *Conn) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for id, answer := range c.waiting {
		delete(c.waiting, id)
		close(answer)
	}
	clear(c.events)
}

// ping proves every now and then that the other side is there.
func (c *Conn) ping(ctx context.Context) error {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		wait, cancel := context.WithTimeout(ctx, pongWait)
		err := c.Do(wait, Command{"type": typePing}, nil)
		cancel()
		if err != nil {
			return fmt.Errorf("api: no pong: %w", err)
		}
	}
}
