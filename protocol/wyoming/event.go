package wyoming

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Version is the version of the protocol that is announced.
const Version = "1.10.2"

// Limits on what a peer may send. The longest data in use is the list of voices of
// a speech server, some hundred kilobytes.
const (
	MaxHeader  = 1 << 16 // bytes of the header line
	MaxData    = 1 << 20 // bytes of the data block
	MaxPayload = 1 << 20 // bytes of the payload; half a minute at 16 kHz
)

// ErrTooLarge: an event exceeds MaxHeader, MaxData or MaxPayload. The stream can't
// be read any further.
var ErrTooLarge = errors.New("event too large")

// Event is one message.
type Event struct {
	Type    string
	Data    json.RawMessage // a JSON object, or nil
	Payload []byte          // raw bytes, such as PCM
}

// New makes an event of data, which is encoded as a JSON object, or nil. It panics
// when data can't be encoded, which depends on its type alone.
func New(eventType string, data any, payload []byte) Event {
	e := Event{Type: eventType, Payload: payload}
	if data == nil {
		return e
	}
	raw, err := json.Marshal(data)
	if err != nil {
		panic(fmt.Sprintf("wyoming: event %s: %v", eventType, err))
	}
	e.Data = raw
	return e
}

// Decode reads the event's data into v. An event without data leaves v as it is.
func (e Event) Decode(v any) error {
	if len(e.Data) == 0 {
		return nil
	}
	if err := json.Unmarshal(e.Data, v); err != nil {
		return fmt.Errorf("wyoming: data of event %q: %w", e.Type, err)
	}
	return nil
}

// header is the first line of an event.
type header struct {
	Type          string          `json:"type"`
	Version       string          `json:"version,omitempty"`
	Data          json.RawMessage `json:"data,omitempty"`
	DataLength    int64           `json:"data_length,omitempty"`
	PayloadLength int64           `json:"payload_length,omitempty"`
}

// Reader reads events from a stream. It is for one goroutine.
type Reader struct{ r *bufio.Reader }

// NewReader makes a Reader of r.
func NewReader(r io.Reader) *Reader { return &Reader{bufio.NewReaderSize(r, MaxHeader)} }

// Read returns the next event. It returns io.EOF when the stream ends between two
// events, io.ErrUnexpectedEOF when it ends inside one, and ErrTooLarge. After any
// error the stream can't be read any further.
func (r *Reader) Read() (Event, error) {
	h, err := r.readHeader()
	if err != nil {
		return Event{}, err
	}
	data, err := r.readBlock("data", h.DataLength, MaxData)
	if err != nil {
		return Event{}, err
	}
	e := Event{Type: h.Type}
	if e.Data, err = merge(h.Data, data); err != nil {
		return Event{}, fmt.Errorf("wyoming: read data of event %q: %w", h.Type, err)
	}
	e.Payload, err = r.readBlock("payload", h.PayloadLength, MaxPayload)
	return e, err
}

func (r *Reader) readHeader() (header, error) {
	line, err := r.r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return header{}, fmt.Errorf("wyoming: read header: %w: more than %d bytes", ErrTooLarge, MaxHeader)
	case errors.Is(err, io.EOF) && len(line) > 0:
		return header{}, fmt.Errorf("wyoming: read header: %w", io.ErrUnexpectedEOF)
	case errors.Is(err, io.EOF):
		return header{}, io.EOF
	case err != nil:
		return header{}, fmt.Errorf("wyoming: read header: %w", err)
	}
	var h header
	if err := json.Unmarshal(line, &h); err != nil {
		return header{}, fmt.Errorf("wyoming: read header: %w", err)
	}
	if h.Type == "" {
		return header{}, errors.New("wyoming: read header: the event has no type")
	}
	return h, nil
}

// readBlock reads n bytes. Memory grows with what arrives, not with what a header
// promises.
func (r *Reader) readBlock(what string, n, limit int64) ([]byte, error) {
	if n < 0 || n > limit {
		return nil, fmt.Errorf("wyoming: read %s: %w: %d bytes, at most %d", what, ErrTooLarge, n, limit)
	}
	if n == 0 {
		return nil, nil
	}
	var b bytes.Buffer
	if got, err := io.CopyN(&b, r.r, n); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("wyoming: read %s: got %d of %d bytes: %w", what, got, n, err)
	}
	return b.Bytes(), nil
}

// merge joins the data of the header and of the block, whose members win.
func merge(inline json.RawMessage, block []byte) (json.RawMessage, error) {
	members := map[string]json.RawMessage{}
	for _, part := range [][]byte{inline, block} {
		if len(part) == 0 {
			continue
		}
		if err := json.Unmarshal(part, &members); err != nil {
			return nil, err
		}
	}
	if len(members) == 0 {
		return nil, nil
	}
	return json.Marshal(members)
}

// Writer writes events to a stream, each with a single call of the stream's Write.
// It may be used by any number of goroutines.
type Writer struct {
	mu sync.Mutex
	w  io.Writer
}

// NewWriter makes a Writer of w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Write sends e.
func (w *Writer) Write(e Event) error {
	line, err := json.Marshal(header{
		Type: e.Type, Version: Version,
		DataLength: int64(len(e.Data)), PayloadLength: int64(len(e.Payload)),
	})
	if err != nil {
		return fmt.Errorf("wyoming: write event %q: %w", e.Type, err)
	}
	b := make([]byte, 0, len(line)+1+len(e.Data)+len(e.Payload))
	b = append(append(b, line...), '\n')
	b = append(append(b, e.Data...), e.Payload...)
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := w.w.Write(b); err != nil {
		return fmt.Errorf("wyoming: write event %q: %w", e.Type, err)
	}
	return nil
}
