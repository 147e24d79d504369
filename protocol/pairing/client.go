package pairing

import (
	"context"
	crand "crypto/rand"
	"errors"
	"io"
	"log/slog"

	"vapd/protocol/coap"
)

// Errors on which a satellite decides what it shows. All tell the remedy.
var (
	// ErrClosed: the hub has no window open, or closed it: nobody there opened it, the
	// owner refused, time ran out, or somebody else came first.
	ErrClosed = errors.New("pairing: the hub does not pair now: open it there with 'vapd hub pair', for a skill with 'vapd hub skills pair', and try again")
	// ErrWrongCode: the hub proved not to have the code that was typed.
	ErrWrongCode = errors.New("pairing: the code is wrong or used up, or this is another hub: look at what it says there and type it again")
	// ErrForged: what the hub sent does not fit what it sent before. Somebody sits in
	// between, or the hub is broken.
	ErrForged = errors.New("pairing: the hub's answers do not fit together: somebody may be changing them; try again, and if it stays use a code or a key file")
	// ErrOtherHub: the hub at that address is not the one of the invitation.
	ErrOtherHub = errors.New("pairing: another hub answers at this address: scan the code of the hub that you mean")
)

// ClientConfig is what a Client needs; the zero value will do.
type ClientConfig struct {
	Rand   io.Reader    // the source of all secrets; default crypto/rand
	Logger *slog.Logger // default: nothing is logged
}

// Client is the satellite's side. It has no state: its methods may be called again and
// from any goroutine. What they return is to be stored by the caller (Keyring.Offer);
// until then nothing has changed.
type Client struct{ cfg ClientConfig }

// NewClient makes a Client.
func NewClient(cfg ClientConfig) *Client {
	setDefaults(&cfg.Rand, &cfg.Logger)
	return &Client{cfg}
}

func setDefaults(rand *io.Reader, logger **slog.Logger) {
	if *rand == nil {
		*rand = crand.Reader
	}
	if *logger == nil {
		*logger = slog.New(slog.DiscardHandler)
	}
}

// Comparer shows the code of a push at the satellite and returns nil once a person there
// said, by a key, that the hub shows the same. Any error ends the pairing. It must return
// when ctx is done.
//
// The owner's approval at the hub does not stand for this: a rogue hub would approve by
// itself, and a satellite that asked nobody would be its own.
type Comparer func(ctx context.Context, code Code) error

// Push pairs with the hub at peer after a person held the satellite's key. It waits up to
// PushWindow for the owner to open a window, and again up to PushWindow for the person
// here (compare) and the owner there to compare the codes, at the same time. It returns a
// Pairing only when both agreed and the hub proved that it stored the key.
func (c *Client) Push(ctx context.Context, peer coap.Peer, me Satellite, compare Comparer) (Pairing, error) {
	return c.runPush(ctx, peer, me, compare)
}

// WithCode pairs with the hub at peer by the code that it made. hubID is the hub's of the
// invitation, or empty when only the digits are known: they prove the hub by themselves.
// A wrong code costs one of the hub's CodeTries.
func (c *Client) WithCode(ctx context.Context, peer coap.Peer, me Satellite, hubID string, code Passcode) (Pairing, error) {
	return c.runCode(ctx, peer, me, hubID, code)
}
