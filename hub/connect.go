package hub

import (
	"context"
	"errors"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/hub/clients"
	"vapd/protocol/coap"
	"vapd/protocol/control"
	"vapd/protocol/vap"
)

// connecting is a client that waits for the answer to its connect.
type connecting struct {
	req   clients.Request
	reply func(vap.Connected, error)
}

const (
	// maxConnecting bounds the clients whose connect waits for the disk.
	maxConnecting = 64
	// maxRefusals bounds the clients of whom the hub remembers what it told them, so that
	// its log does not repeat what a client that waits is told every ten seconds.
	maxRefusals = 100
	// askAgain is when a client that waits for approval may ask again.
	askAgain = 10 * time.Second
)

// errBusy is for a client that comes when too many others connect.
var errBusy = &vap.Error{Code: codes.ServiceUnavailable, Type: vap.TypeBusy, RetryAfter: 2 * time.Second}

// Connect queues the decision: it is on disk before it is answered, and a disk may be slow.
func (h *Hub) Connect(peer coap.Peer, req vap.Connect, elsewhere bool, reply func(vap.Connected, error)) {
	c := connecting{
		req:   clients.Request{ID: req.ID, Name: req.Name, Token: req.Token, From: peer.Addr(), Elsewhere: elsewhere},
		reply: reply,
	}
	select {
	case h.connects <- c:
	default:
		reply(vap.Connected{}, errBusy)
	}
}

// runConnects decides about one client after the other until ctx ends.
func (h *Hub) runConnects(ctx context.Context) {
	refusals := make(map[string]string) // what each client was told last
	for {
		select {
		case <-ctx.Done():
			return
		case c := <-h.connects:
			token, err := h.cfg.Registry.Connect(c.req)
			if err != nil {
				if refusals[c.req.ID] != err.Error() {
					h.refused(c.req, err)
				}
				if len(refusals) >= maxRefusals {
					clear(refusals) // ids are made up by whoever asks
				}
				refusals[c.req.ID] = err.Error()
				c.reply(vap.Connected{}, connectError(err))
				continue
			}
			delete(refusals, c.req.ID)
			c.reply(vap.Connected{Locales: h.cfg.Locales, Token: token, Capabilities: h.offers()}, nil)
		}
	}
}

// refused tells the owner about a client that was not let in.
func (h *Hub) refused(r clients.Request, err error) {
	h.log.Info("client refused", "client", r.ID, "address", r.From, "error", err)
	if errors.Is(err, clients.ErrPending) {
		h.watchers.tell(control.HubEvent{Kind: control.EventAsks, Client: r.ID, Name: r.Name, Address: r.From.String()})
	}
}

// connectError is the protocol's error for a refusal of the registry of clients. What
// has none (the disk is full) stays as it is, and becomes 5.00.
func connectError(err error) error {
	switch {
	case errors.Is(err, clients.ErrPending):
		return &vap.Error{Code: codes.Unauthorized, Type: vap.TypeApprovalPending, RetryAfter: askAgain}
	case errors.Is(err, clients.ErrDenied):
		return &vap.Error{Code: codes.Unauthorized, Type: vap.TypeConnectionDenied}
	case errors.Is(err, clients.ErrToken):
		return &vap.Error{Code: codes.Unauthorized, Type: vap.TypeToken}
	case errors.Is(err, clients.ErrTaken):
		return &vap.Error{Code: codes.BadRequest, Type: vap.TypeIDExists}
	case errors.Is(err, clients.ErrFull):
		return &vap.Error{Code: codes.TooManyRequests, Type: vap.TypeTooManyClients, RetryAfter: time.Minute}
	}
	return err
}
