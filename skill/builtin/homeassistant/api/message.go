package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Types of messages.
const (
	typeAuthRequired = "auth_required"
	typeAuth         = "auth"
	typeAuthOK       = "auth_ok"
	typeAuthInvalid  = "auth_invalid"
	typeResult       = "result"
	typeEvent        = "event"
	typePing         = "ping"
	typePong         = "pong"
)

// message is what Home Assistant sends.
type message struct {
	ID      int64           `json:"id"`
	Type    string          `json:"type"`
	Message string          `json:"message"` // of auth_invalid
	Success bool            `json:"success"`
	Result  json.RawMessage `json:"result"`
	Error   *Error          `json:"error"`
	Event   *Event          `json:"event"`
}

// Event is something that happened.
type Event struct {
	Type string          `json:"event_type"`
	Data json.RawMessage `json:"data"`
}

// Error is why Home Assistant does not do what it was asked.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (e *Error) Error() string { return fmt.Sprintf("home assistant: %s (%s)", e.Message, e.Code) }

// Codes of Error, as far as somebody decides by them.
const (
	CodeNotFound       = "not_found"
	CodeUnauthorized   = "unauthorized"
	CodeUnknownCommand = "unknown_command"
	CodeTimeout        = "timeout"
	CodeInvalid        = "service_validation_error"
)

// read reads a result into out, unless that is nil. The error may be an *Error.
func (m message) read(out any) error {
	switch {
	case m.Type == typePong:
		return nil
	case !m.Success && m.Error == nil:
		return &Error{Code: "unknown_error", Message: "no reason was given"}
	case !m.Success:
		return m.Error
	case out == nil:
		return nil
	}
	return json.Unmarshal(m.Result, out)
}

// decode reads what came in one frame: a message, or several in an array, as a server sends
// them that puts messages together.
func decode(frame []byte) ([]message, error) {
	frame = bytes.TrimSpace(frame)
	if len(frame) > 0 && frame[0] == '[' {
		var several []message
		if err := json.Unmarshal(frame, &several); err != nil {
			return nil, fmt.Errorf("api: what was received is no list of messages: %w", err)
		}
		return several, nil
	}
	var one message
	if err := json.Unmarshal(frame, &one); err != nil {
		return nil, fmt.Errorf("api: what was received is no message: %w", err)
	}
	if one.Type == "" {
		return nil, errors.New("api: a message was received that has no type")
	}
	return []message{one}, nil
}
