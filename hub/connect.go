package hub

import (
	"context"
	"errors"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/hub/api"
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
	// maxConnecting bounds the clients whose connect waits for the disk. After a restart
	// of the hub a whole house connects at once.
	maxConnecting = 1024
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
		req: clients.Request{
			ID: req.ID, Name: req.Name, Token: req.Token, From: peer.Addr(), Identity: peer.Identity(), Elsewhere: elsewhere,
		},
		reply: reply,
	}
	select {
	case h.connects <- c:
	default:
		reply(vap.Connected{}, errBusy)
	}
}

// runConnects decides until ctx ends: about all who came while the disk kept those before
// them, at once.
func (h *Hub) runConnects(ctx context.Context) {
	refusals := make(map[string]string) // what each client was told last
	for {
		select {
		case <-ctx.Done():
			return
		case first := <-h.connects:
			waiting := h.alsoConnecting(first)
			requests := make([]clients.Request, len(waiting))
			for i, c := range waiting {
				requests[i] = c.req
			}
			h.deciding.Lock()
			decisions := h.cfg.Registry.Connect(requests...)
			h.auditConnects(api.Client, requests, decisions)
			for i, d := range decisions {
				h.decided(waiting[i], d, refusals)
			}
			h.deciding.Unlock()
		}
	}
}

// alsoConnecting are first and all who wait besides.
func (h *Hub) alsoConnecting(first connecting) []connecting {
	waiting := []connecting{first}
	for len(waiting) < maxConnecting {
		select {
		case c := <-h.connects:
			waiting = append(waiting, c)
		default:
			return waiting
		}
	}
	return waiting
}

// decided answers a client.
func (h *Hub) decided(c connecting, d clients.Decision, refusals map[string]string) {
	if d.Err == nil {
		delete(refusals, c.req.ID)
		c.reply(vap.Connected{Locales: h.cfg.Locales, Token: d.Token, Capabilities: h.offers()}, nil)
		if d.Rekeyed {
			h.doors.revoke(c.req.ID, c.req.Identity)
		}
		return
	}
	if refusals[c.req.ID] != d.Err.Error() {
		h.refused(c.req, d.Err)
	}
	if len(refusals) >= maxRefusals {
		clear(refusals) // ids are made up by whoever asks
	}
	refusals[c.req.ID] = d.Err.Error()
	c.reply(vap.Connected{}, connectError(d.Err))
}

// refused tells the owner about a client that was not let in.
func (h *Hub) refused(r clients.Request, err error) {
	h.log.Info("client refused", "client", r.ID, "address", r.From, "error", err)
	h.auditRefused(api.Client, r, err)
	if errors.Is(err, clients.ErrPending) {
		h.watchers.tell(control.HubEvent{Kind: control.EventAsks, Client: r.ID, Name: r.Name, Address: r.From.String()})
	}
}

// connectError is the protocol's error for a refusal of the registry of clients. What has
// none stays as it is, and becomes 5.00.
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
	case errors.Is(err, clients.ErrPlain), errors.Is(err, clients.ErrIdentity):
		return &vap.Error{Code: codes.Unauthorized, Type: vap.TypePairingRequired}
	case errors.Is(err, clients.ErrID):
		return &vap.Error{Code: codes.BadRequest, Type: vap.TypeMalformed, Object: "id"}
	case errors.Is(err, clients.ErrUnkept):
		return &vap.Error{Code: codes.ServiceUnavailable, Type: vap.TypeBusy, RetryAfter: time.Minute}
	case errors.Is(err, clients.ErrFull):
		return &vap.Error{Code: codes.TooManyRequests, Type: vap.TypeTooManyClients, RetryAfter: time.Minute}
	}
	return err
}
