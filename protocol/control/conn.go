package control

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"sync"
)

// serverConn is one client.
type serverConn struct {
	cfg  Config
	conn net.Conn
	wg   sync.WaitGroup

	writing sync.Mutex // held while a line is written

	mu    sync.Mutex
	calls map[uint64]context.CancelFunc // open calls and subscriptions by id
}

// read takes requests until the client is gone (nil) or sends what is none.
func (c *serverConn) read(ctx context.Context) error {
	lines := newScanner(c.conn, maxRequest)
	for {
		line, err := readLine(lines)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var req request
		if err := json.Unmarshal(line, &req); err != nil {
			c.write(&response{ID: req.ID, Error: &Error{CodeMalformed, "control: not a request: " + err.Error()}})
			return err
		}
		if req.Cancel {
			c.cancel(req.ID)
			continue
		}
		c.start(ctx, req)
	}
}

func (c *serverConn) cancel(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cancel := c.calls[id]; cancel != nil {
		cancel()
	}
}

// start carries req out on a goroutine of its own.
func (c *serverConn) start(ctx context.Context, req request) {
	h, ok := c.cfg.Mux.methods[req.Method]
	if !ok {
		c.write(&response{ID: req.ID, Error: &Error{CodeUnknownMethod, "control: no method " + req.Method + " in this daemon"}})
		return
	}
	call, cancel := context.WithCancel(ctx)
	if err := c.open(req.ID, cancel); err != nil {
		cancel()
		c.write(&response{ID: req.ID, Error: err})
		return
	}
	c.wg.Go(func() {
		last := c.run(call, req, h)
		cancel()
		// The id is free before the client knows of the end, so that it may use it again.
		c.mu.Lock()
		delete(c.calls, req.ID)
		c.mu.Unlock()
		if ctx.Err() == nil { // else the connection ends, and the client shall not take this for an answer
			c.write(last)
		}
	})
}

func (c *serverConn) open(id uint64, cancel context.CancelFunc) *Error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, taken := c.calls[id]; taken {
		return &Error{CodeMalformed, "control: the id of a request is in use"}
	}
	if len(c.calls) >= c.cfg.MaxCalls {
		return &Error{CodeBusy, "control: too many calls at once"}
	}
	c.calls[id] = cancel
	return nil
}

// run returns the last response to req.
func (c *serverConn) run(ctx context.Context, req request, h method) *response {
	if h.stream != nil {
		if err := c.stream(ctx, req, h); err != nil {
			return &response{ID: req.ID, Error: asError(err)}
		}
		return &response{ID: req.ID, End: true}
	}
	result, err := h.call(ctx, req.Params)
	if err != nil {
		return &response{ID: req.ID, Error: asError(err)}
	}
	raw, err := json.Marshal(result)
	if err != nil {
		return &response{ID: req.ID, Error: asError(err)}
	}
	return &response{ID: req.ID, Result: raw}
}

// stream runs the handler, with a queue between it and the socket.
func (c *serverConn) stream(ctx context.Context, req request, h method) error {
	events := newQueue(c.cfg.Queue, func(any) uint64 { return 1 })
	var pump sync.WaitGroup
	pump.Go(func() {
		for {
			e, gap, err := events.pop(context.Background()) // closed when the handler returns
			if err != nil {
				return
			}
			raw, err := json.Marshal(e)
			if err != nil {
				c.cfg.Logger.Error("control: event can't be encoded", "method", req.Method, "error", err)
				continue
			}
			if !c.write(&response{ID: req.ID, Event: raw, Gap: gap}) {
				return
			}
		}
	})
	err := h.stream(ctx, req.Params, events.push)
	events.close(io.EOF)
	pump.Wait()
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil // cancelled by the client, as it wished
	}
	return err
}

// write sends r and reports whether the client is still there. It waits as long as
// the client does not read.
func (c *serverConn) write(r *response) bool {
	line, err := encode(r, maxLine)
	if err != nil {
		// Too long for a line: the client gets that instead.
		line, err = encode(&response{ID: r.ID, Error: asError(err)}, maxLine)
	}
	if err != nil {
		c.cfg.Logger.Error("control: response can't be encoded", "error", err)
		return true
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	_, err = c.conn.Write(line)
	return err == nil
}
