package clientregistry

import (
	"context"
	"errors"
	"log/slog"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// ClientConfig is what a Client needs.
type ClientConfig struct {
	Endpoint     *coap.Endpoint
	ID, Name     string
	Capabilities []vap.Offer
	// Notified takes what the hub says, except what belongs to a session (listen and
	// streamed sound), on the goroutine that reads the socket: it returns at once. A
	// capability that it does not know is answered 4.04.
	Notified func(c vap.Capability) (known bool)
	Logger   *slog.Logger
}

// Client is a satellite's side.
type Client struct{}

// NewClient makes a Client.
func NewClient(cfg ClientConfig) *Client { return &Client{} }

// Register serves vap/notification on the endpoint's mux.
func (c *Client) Register(mux *coap.Mux) {}

// Connect introduces the client to the hub at peer, with the token it got from it
// before, or "". A refusal is a *vap.Error.
func (c *Client) Connect(ctx context.Context, peer coap.Peer, token string) (vap.Connected, error) {
	return vap.Connected{}, errors.New("clientregistry: under construction")
}

// Notify reports capabilities (timers, volume, log) to the hub.
func (c *Client) Notify(ctx context.Context, capabilities ...vap.Capability) error { return nil }

// Close says goodbye (clientClose) and ends the running session.
func (c *Client) Close(ctx context.Context) error { return nil }

// Start begins a session and returns at once: audio may be sent before the hub has
// decided. A session that runs is ended.
func (c *Client) Start(start vap.SessionStart) *ClientSession { return &ClientSession{} }

// ClientSession is a session as the satellite sees it.
type ClientSession struct{}

// ID is the session's id.
func (s *ClientSession) ID() uint64 { return 0 }

// Decided is closed when the hub granted the session, or it ended before; Err tells.
func (s *ClientSession) Decided() <-chan struct{} { return nil }

// Err is why the session ended: a *vap.Error, coap.ErrNoReply or context.Canceled; nil
// while it goes on and after it ended well.
func (s *ClientSession) Err() error { return nil }

// Turn begins the next turn: turn 1 with the session, later ones when an answer left
// it open. number is the satellite's own count.
func (s *ClientSession) Turn(number uint32) *ClientTurn { return &ClientTurn{} }

// Cancel ends the session at once; nothing more of it is delivered.
func (s *ClientSession) Cancel() {}

// ClientTurn is one utterance on its way, and its answer.
type ClientTurn struct{}

// Send sends the next fragment; it does not wait. It fails when too much is
// unacknowledged (two seconds of audio), which ends the turn.
func (t *ClientTurn) Send(capabilities ...vap.Capability) error { return nil }

// Finish sends the last fragment, which may carry capabilities; more Sends are ignored.
func (t *ClientTurn) Finish(capabilities ...vap.Capability) {}

// Heard is closed when the hub has heard enough, or the turn ended: Finish now.
func (t *ClientTurn) Heard() <-chan struct{} { return nil }

// Answer waits for the answer to the last fragment.
func (t *ClientTurn) Answer(ctx context.Context) (ClientAnswer, error) {
	return ClientAnswer{}, errors.New("clientregistry: under construction")
}

// Stats are the turn's counts so far.
func (t *ClientTurn) Stats() TurnStats { return TurnStats{} }

// TurnStats counts the fragments of one turn.
type TurnStats struct {
	Sent, Acknowledged, Repeated int
	InFlight                     int
}

// ClientAnswer is what the hub answered.
type ClientAnswer struct {
	vap.Answer
	// Sound is the streamed audio; nil when the answer has none or carries it whole.
	Sound *IncomingStream
}

// IncomingStream delivers streamed audio in order.
type IncomingStream struct{}

// Codec and Rate are as announced.
func (i *IncomingStream) Codec() string { return "" }
func (i *IncomingStream) Rate() int     { return 0 }

// Read waits for the next piece. lost is how many before it never came. It returns
// io.EOF after the last piece.
func (i *IncomingStream) Read(ctx context.Context) (data []byte, lost int, err error) {
	return nil, 0, errors.New("clientregistry: under construction")
}

// Cancel refuses what is still to come.
func (i *IncomingStream) Cancel() {}
