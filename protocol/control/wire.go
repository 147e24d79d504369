package control

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
)

// Bounds of one message in bytes. The answer with all clients of a hub, 20,000, is the
// largest.
const (
	maxRequest = 1 << 20
	maxLine    = 16 << 20
)

// request is what a client sends.
type request struct {
	ID     uint64          `json:"id"`
	Method string          `json:"method,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`
	Cancel bool            `json:"cancel,omitempty"`
}

// response is what a server sends: exactly one of Result, Event, End and Error.
type response struct {
	ID     uint64          `json:"id"`
	Result json.RawMessage `json:"result,omitempty"`
	Event  json.RawMessage `json:"event,omitempty"`
	Gap    uint64          `json:"gap,omitempty"`
	End    bool            `json:"end,omitempty"`
	Error  *Error          `json:"error,omitempty"`
}

// Codes of an Error. A handler may use others.
const (
	CodeMalformed     = "malformed"      // not a request, or params of the wrong type
	CodeUnknownMethod = "unknown_method" // the daemon has no such method
	CodeBusy          = "busy"           // too many calls of one connection at once
	CodeFailed        = "failed"         // the handler returned an error
)

// Error is the other side's answer to what can't be done.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Error is the message for people.
func (e *Error) Error() string { return e.Message }

// asError is err as it goes over the wire.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{CodeFailed, err.Error()}
}

var errTooLong = errors.New("control: a message is too long")

// readLine returns the next line without its end. The bytes are valid until the
// next call.
func readLine(r *bufio.Scanner) ([]byte, error) {
	switch {
	case r.Scan():
		return r.Bytes(), nil
	case errors.Is(r.Err(), bufio.ErrTooLong):
		return nil, errTooLong
	case r.Err() != nil:
		return nil, r.Err()
	}
	return nil, io.EOF
}

func newScanner(r io.Reader, longest int) *bufio.Scanner {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 4096), longest)
	return s
}

// encode is v as one line of less than longest bytes.
func encode(v any, longest int) ([]byte, error) {
	line, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if len(line) >= longest {
		return nil, errTooLong
	}
	return append(line, '\n'), nil
}
