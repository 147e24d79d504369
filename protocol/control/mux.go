package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// Mux has the methods of a daemon by name. Register all before it is served.
type Mux struct {
	methods map[string]method
}

// method carries out one request; reply is called for every event of a stream.
type method struct {
	call   func(ctx context.Context, params json.RawMessage) (result any, err error)
	stream func(ctx context.Context, params json.RawMessage, send func(any)) error
}

// NewMux returns a Mux without methods.
func NewMux() *Mux { return &Mux{methods: make(map[string]method)} }

// Methods are the names, sorted.
func (m *Mux) Methods() []string {
	names := make([]string, 0, len(m.methods))
	for name := range m.methods {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Call carries out a call in this process, as the request of a client would be.
func (m *Mux) Call(ctx context.Context, name string, params any) (result any, err error) {
	h, ok := m.methods[name]
	if !ok || h.call == nil {
		return nil, &Error{CodeUnknownMethod, "control: no call " + name + " in this daemon"}
	}
	raw, err := json.Marshal(params)
	if err != nil {
		return nil, fmt.Errorf("control: params of %s: %w", name, err)
	}
	return h.call(ctx, raw)
}

// Handle registers a call. Each request runs on a goroutine of its own; ctx ends
// when the client is gone or cancels. Params of a call that has none are struct{}.
// It panics on a name that is taken.
func Handle[P, R any](m *Mux, name string, handler func(ctx context.Context, params P) (R, error)) {
	m.add(name, method{call: func(ctx context.Context, raw json.RawMessage) (any, error) {
		var params P
		if err := decodeParams(name, raw, &params); err != nil {
			return nil, err
		}
		return handler(ctx, params)
	}})
}

// HandleStream registers a subscription. handler runs until it returns or ctx ends,
// since the client is gone or cancels. send never waits and may be called from any
// goroutine until handler has returned; what it was given must not be changed
// afterwards. It panics on a name that is taken.
func HandleStream[P, E any](m *Mux, name string, handler func(ctx context.Context, params P, send func(E)) error) {
	m.add(name, method{stream: func(ctx context.Context, raw json.RawMessage, send func(any)) error {
		var params P
		if err := decodeParams(name, raw, &params); err != nil {
			return err
		}
		return handler(ctx, params, func(e E) { send(e) })
	}})
}

func (m *Mux) add(name string, h method) {
	if _, taken := m.methods[name]; taken {
		panic("control: method " + name + " is registered twice")
	}
	m.methods[name] = h
}

func decodeParams(name string, raw json.RawMessage, params any) error {
	if len(raw) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(params); err != nil && err != io.EOF {
		return &Error{CodeMalformed, "control: params of " + name + ": " + err.Error()}
	}
	return nil
}
