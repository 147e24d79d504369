package coap

import "errors"

// Errors on which callers decide. What Do and Start return wraps one of these or
// the context's error.
var (
	// ErrNoReply says that a confirmable message was never acknowledged.
	ErrNoReply = errors.New("coap: peer does not answer")
	// ErrReset says that the peer rejected the message (RST).
	ErrReset = errors.New("coap: peer rejected the message")
	// ErrClosed says that the Endpoint was closed.
	ErrClosed = errors.New("coap: endpoint is closed")
	// ErrBusy says that too many requests or notifications wait for one peer
	// (Config.MaxQueue, Config.MaxNotifications).
	ErrBusy = errors.New("coap: too many requests wait for this peer")
	// ErrNotObserved says that an observation is over, or never began: the last
	// response ended it.
	ErrNotObserved = errors.New("coap: resource is not observed")
	// ErrTooLarge says that a body exceeds Config.MaxBody.
	ErrTooLarge = errors.New("coap: body is too large")
	// ErrBlock says that the blocks of a response do not fit together, for
	// instance since the resource changed on the way.
	ErrBlock = errors.New("coap: blocks of the response do not fit together")
)
